/** One uniform Merkle tree over many tensors of different sizes: the trace, and the constants. */
import { type Hash, type Hex, toHex } from './hash.js';
import { HASH_BYTES } from './keccak.js';
import { MerkleTree, siblingOf, tensorTree, ZERO_LEAVES } from './merkle.js';
import { LEAF_BYTES, leafElements, type Tensor, tensorBytes } from './tensor.js';

/** `Opening` of IStepVerifier.sol: leaves of one tree with one proof for all of them. */
export interface OpeningData {
  readonly runs: Hex;
  readonly leaves: Hex;
  readonly siblings: readonly Hash[];
}

/** The opening of no leaves, for a step that reads nothing of a tree. */
export const NO_OPENING: OpeningData = { runs: '0x', leaves: '0x', siblings: [] };

const MAX_RUN = 0xffff;

/**
 * Leaf `i` of tensor `k` has position `k * 2^tensorDepth + i`. Tensors and leaves that do not exist are zero subtrees.
 * The tensors are kept (not copied) and must not change; hashes are computed once.
 */
export class Forest {
  readonly depth: number;
  private readonly trees: readonly MerkleTree[];
  private readonly top: MerkleTree;

  constructor(
    private readonly tensors: readonly Tensor[],
    readonly slotDepth: number,
    readonly tensorDepth: number,
    trees?: readonly MerkleTree[],
  ) {
    this.depth = slotDepth + tensorDepth;
    this.trees = trees ?? tensors.map(({ data, width }) => tensorTree(data, width, tensorDepth));
    const roots = new Uint8Array(tensors.length * HASH_BYTES);
    this.trees.forEach((tree, slot) => {
      roots.set(tree.root, slot * HASH_BYTES);
    });
    this.top = new MerkleTree(roots, slotDepth, ZERO_LEAVES, tensorDepth);
  }

  /** The forest with another tensor in one slot; the trees of all others are shared. */
  with(slot: number, tensor: Tensor): Forest {
    const tree = tensorTree(tensor.data, tensor.width, this.tensorDepth);
    return new Forest(this.tensors.with(slot, tensor), this.slotDepth, this.tensorDepth, this.trees.with(slot, tree));
  }

  get root(): Hash {
    return toHex(this.top.root);
  }

  /** The node `height` levels above the leaves, `position` from the left; zero subtrees are nodes like any other. */
  node(height: number, position: number): Hash {
    return toHex(this.nodeBytes(height, position));
  }

  /** The 2^levels nodes `levels` below (height, position), left to right. */
  descendants(height: number, position: number, levels: number): Hash[] {
    const first = position * 2 ** levels;
    return Array.from({ length: 2 ** levels }, (_, i) => this.node(height - levels, first + i));
  }

  slotRoot(slot: number): Hash {
    return this.node(this.tensorDepth, slot);
  }

  /** `slotDepth` siblings, from the slot's root up to the root. */
  slotProof(slot: number): Hash[] {
    return this.top.proof(slot).map(toHex);
  }

  /** The slot that a leaf lies in; it may be one that does not exist. */
  slotOf(position: number): number {
    return Math.floor(position / 2 ** this.tensorDepth);
  }

  /** The leaf's 256 bytes; all zero where nothing exists. */
  leaf(position: number): Uint8Array {
    this.requireNode(0, position);
    const tensor = this.tensors[this.slotOf(position)];
    if (!tensor) return new Uint8Array(LEAF_BYTES);
    const elements = leafElements(tensor.width);
    const from = (position % 2 ** this.tensorDepth) * elements;
    if (from >= tensor.data.length) return new Uint8Array(LEAF_BYTES);
    return tensorBytes(tensor.data.subarray(from, from + elements), tensor.width);
  }

  /** Siblings of a leaf, from its own up to the child level of `upTo` (the whole depth; `tensorDepth` for a slot's root). */
  leafProof(position: number, upTo: number = this.depth): Hash[] {
    const siblings: Hash[] = [];
    for (let height = 0, at = position; height < upTo; height++, at = Math.floor(at / 2))
      siblings.push(this.node(height, siblingOf(at)));
    return siblings;
  }

  /** One multiproof for all these leaves (docs/protocol.md, section 2.5); no leaves give the empty opening. */
  open(positions: Iterable<number>): OpeningData {
    const sorted = [...new Set(positions)].sort((x, y) => x - y);
    if (sorted.length === 0) return NO_OPENING;
    return {
      runs: packRuns(sorted),
      leaves: toHex(Buffer.concat(sorted.map((position) => this.leaf(position)))),
      siblings: this.siblingsOf(sorted),
    };
  }

  private siblingsOf(sorted: readonly number[]): Hash[] {
    const siblings: Hash[] = [];
    let level = sorted;
    for (let height = 0; height < this.depth; height++) {
      const above: number[] = [];
      for (let i = 0; i < level.length; i++) {
        const at = level[i] as number;
        if (at % 2 === 0 && level[i + 1] === at + 1) i++;
        else siblings.push(this.node(height, siblingOf(at)));
        above.push(Math.floor(at / 2));
      }
      level = above;
    }
    return siblings;
  }

  private nodeBytes(height: number, position: number): Uint8Array {
    this.requireNode(height, position);
    if (height > this.tensorDepth) return this.top.node(height - this.tensorDepth, position);
    const perSlot = 2 ** (this.tensorDepth - height);
    const tree = this.trees[Math.floor(position / perSlot)];
    return tree ? tree.node(height, position % perSlot) : ZERO_LEAVES.at(height);
  }

  private requireNode(height: number, position: number): void {
    const exists = height >= 0 && height <= this.depth && position >= 0 && position < 2 ** (this.depth - height);
    if (!exists || !Number.isSafeInteger(position))
      throw new RangeError(`A tree of depth ${this.depth} has no node ${position} at height ${height}.`);
  }
}

/** Runs of neighbouring leaves, 7 bytes each: first position (uint40), count (uint16). */
function packRuns(sorted: readonly number[]): Hex {
  const runs: { first: number; count: number }[] = [];
  for (const position of sorted) {
    const last = runs.at(-1);
    if (last && last.first + last.count === position && last.count < MAX_RUN) last.count++;
    else runs.push({ first: position, count: 1 });
  }
  const packed = Buffer.alloc(7 * runs.length);
  runs.forEach(({ first, count }, i) => {
    packed.writeUIntBE(first, 7 * i, 5);
    packed.writeUInt16BE(count, 7 * i + 5);
  });
  return toHex(packed);
}
