/** Binary Merkle trees of fixed depth in which only the nodes above existing leaves are stored. */
import type { ElementWidth } from '../program/step.js';
import { type Hash, toHex } from './hash.js';
import { HASH_BYTES, hashChunks, hasherFor, keccak256 } from './keccak.js';
import { LEAF_BYTES, leafCount, requireFit } from './tensor.js';

/** Hashes of the subtrees in which nothing exists, by height. Grows as asked. */
export class ZeroHashes {
  private readonly byHeight: Uint8Array[];

  constructor(missingLeaf: Uint8Array) {
    this.byHeight = [missingLeaf];
  }

  at(height: number): Uint8Array {
    while (this.byHeight.length <= height) {
      const below = this.byHeight.at(-1) as Uint8Array;
      this.byHeight.push(keccak256(Buffer.concat([below, below])));
    }
    return this.byHeight[height] as Uint8Array;
  }
}

/** Subtrees of missing leaves: 256 zero bytes each. */
export const ZERO_LEAVES = new ZeroHashes(keccak256(new Uint8Array(LEAF_BYTES)));

/** `zero[d]` of docs/protocol.md. */
export function zeroHash(height: number): Hash {
  return toHex(ZERO_LEAVES.at(height));
}

/** What hashes the leaves and the nodes of a tree: here and now, or somebody with more hands. */
export interface Hashing {
  /**
   * Hashes the leaves of a tensor.
   *
   * @returns 32 bytes a leaf; null where an element does not fit the width.
   */
  leaves(data: Int32Array, width: ElementWidth): Uint8Array | null;
  /** Hashes pairs of neighbours. @param level an even number of nodes, 32 bytes each. */
  nodes(level: Uint8Array): Uint8Array;
}

export const HASHING: Hashing = {
  leaves(data, width) {
    const hashes = new Uint8Array(leafCount(data.length, width) * HASH_BYTES);
    return hasherFor(LEAF_BYTES).hashElements(data, width, hashes) ? hashes : null;
  },
  nodes: (level) => hashChunks(level, 2 * HASH_BYTES),
};

export class MerkleTree {
  /** By height: the existing nodes, one after the other, with a zero subtree after them where their number is odd. */
  private readonly levels: Uint8Array[];

  /**
   * @param leaves leaf hashes, 32 bytes each; at most 2^depth of them.
   * @param zeros hashes of what does not exist, from the leaves' height up.
   */
  constructor(
    leaves: Uint8Array,
    readonly depth: number,
    private readonly zeros: ZeroHashes,
    private readonly zerosFrom = 0,
    hashing = HASHING,
  ) {
    if (leaves.length / HASH_BYTES > 2 ** depth)
      throw new RangeError(`${leaves.length / HASH_BYTES} leaves do not fit a tree of depth ${depth}.`);
    let level = leaves;
    this.levels = [level];
    for (let height = 0; height < depth && level.length > 0; height++) {
      if (level.length % (2 * HASH_BYTES) !== 0) {
        level = Buffer.concat([level, this.zero(height)]);
        this.levels[height] = level;
      }
      level = hashing.nodes(level);
      this.levels.push(level);
    }
  }

  /** The node `height` levels above the leaves, `position` from the left. */
  node(height: number, position: number): Uint8Array {
    if (height < 0 || height > this.depth || position < 0 || position >= 2 ** (this.depth - height))
      throw new RangeError(`A tree of depth ${this.depth} has no node ${position} at height ${height}.`);
    const at = position * HASH_BYTES;
    const level = this.levels[height];
    return level && at < level.length ? level.subarray(at, at + HASH_BYTES) : this.zero(height);
  }

  get root(): Uint8Array {
    return this.node(this.depth, 0);
  }

  /** Siblings of the node at (height, position), from its own up to those below the root. */
  proof(position: number, height = 0): Uint8Array[] {
    const siblings: Uint8Array[] = [];
    for (let at = position; height < this.depth; height++, at = Math.floor(at / 2))
      siblings.push(this.node(height, siblingOf(at)));
    return siblings;
  }

  private zero(height: number): Uint8Array {
    return this.zeros.at(this.zerosFrom + height);
  }
}

/** Position of the node that is hashed together with this one. */
export function siblingOf(position: number): number {
  return position % 2 === 0 ? position + 1 : position - 1;
}

/**
 * The tree over one tensor's leaves, padded with zero subtrees to `depth`.
 *
 * @throws RangeError when an element does not fit the width.
 */
export function tensorTree(data: Int32Array, width: ElementWidth, depth: number, hashing = HASHING): MerkleTree {
  const hashes = hashing.leaves(data, width);
  if (!hashes) {
    requireFit(data, width);
    throw new RangeError(`An element of a tensor did not fit ${width} bytes while it was hashed.`);
  }
  return new MerkleTree(hashes, depth, ZERO_LEAVES, 0, hashing);
}
