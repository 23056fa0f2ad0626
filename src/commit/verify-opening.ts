/** Checks proofs the way the contract does (docs/protocol.md, section 2.5): from what is shown and a root, without the tree. */
import type { OpeningData } from './forest.js';
import { fromHex, type Hash, toHex } from './hash.js';
import { keccak256 } from './keccak.js';
import { LEAF_BYTES } from './tensor.js';

/** Bytes of one run: first position (uint40), count (uint16). */
const RUN_BYTES = 7;

/** The root that a proof leads to. @param siblings from the node's own level up. */
export function rootFromProof(node: Hash, position: number, siblings: readonly Hash[]): Hash {
  let hash = fromHex(node);
  let at = position;
  for (const sibling of siblings) {
    hash = parentOf(at, hash, fromHex(sibling));
    at = Math.floor(at / 2);
  }
  return toHex(hash);
}

/**
 * The leaves that an opening proves, by position.
 *
 * @param depth levels of the tree.
 * @returns null when the opening is malformed or does not lead to `root`. One of no leaves is empty and needs no root.
 */
export function readOpening(opening: OpeningData, root: Hash, depth: number): Map<number, Uint8Array> | null {
  const positions = positionsOf(fromHex(opening.runs));
  const bytes = fromHex(opening.leaves);
  if (!positions || bytes.length !== LEAF_BYTES * positions.length) return null;
  if (positions.some((at) => at >= 2 ** depth)) return null;
  const leaves = new Map(positions.map((at, i) => [at, bytes.subarray(LEAF_BYTES * i, LEAF_BYTES * (i + 1))]));
  if (leaves.size === 0) return opening.siblings.length === 0 ? leaves : null;
  return rootFromLeaves(leaves, opening.siblings, depth) === root ? leaves : null;
}

/** Null when there are not exactly as many siblings as the root needs. */
function rootFromLeaves(
  leaves: ReadonlyMap<number, Uint8Array>,
  siblings: readonly Hash[],
  depth: number,
): Hash | null {
  let level = [...leaves].map(([at, leaf]) => ({ at, hash: keccak256(leaf) }));
  let used = 0;
  for (let height = 0; height < depth; height++) {
    const above: typeof level = [];
    for (let i = 0; i < level.length; i++) {
      const { at, hash } = level[i] as { at: number; hash: Uint8Array };
      const neighbour = level[i + 1];
      const paired = at % 2 === 0 && neighbour?.at === at + 1;
      if (paired) i++;
      const other = paired ? neighbour.hash : siblings[used++];
      if (other === undefined) return null;
      above.push({
        at: Math.floor(at / 2),
        hash: parentOf(at, hash, typeof other === 'string' ? fromHex(other) : other),
      });
    }
    level = above;
  }
  return used === siblings.length && level[0] ? toHex(level[0].hash) : null;
}

/** Null when the runs are cut off, empty, or not ascending. */
function positionsOf(runs: Uint8Array): number[] | null {
  if (runs.length % RUN_BYTES !== 0) return null;
  const packed = Buffer.from(runs.buffer, runs.byteOffset, runs.byteLength);
  const positions: number[] = [];
  for (let at = 0; at < packed.length; at += RUN_BYTES) {
    const first = packed.readUIntBE(at, 5);
    const count = packed.readUInt16BE(at + 5);
    if (count === 0 || first <= (positions.at(-1) ?? -1)) return null;
    for (let i = 0; i < count; i++) positions.push(first + i);
  }
  return positions;
}

/** The node above one at `position` and its sibling. */
const parentOf = (position: number, hash: Uint8Array, sibling: Uint8Array): Uint8Array =>
  keccak256(Buffer.concat(position % 2 === 0 ? [hash, sibling] : [sibling, hash]));
