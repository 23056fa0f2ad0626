/**
 * Checks proofs the way the contract does, written from docs/protocol.md with ethers' keccak and sharing nothing with
 * src/commit.
 */
import { concat, dataSlice, keccak256, ZeroHash } from 'ethers';

/** The root that a proof leads to: siblings from the node's own level up. */
export function rootFromProof(node: string, position: number, siblings: readonly string[]): string {
  let hash = node;
  let at = position;
  for (const sibling of siblings) {
    hash = keccak256(at % 2 === 0 ? concat([hash, sibling]) : concat([sibling, hash]));
    at = Math.floor(at / 2);
  }
  return hash;
}

interface Opening {
  readonly runs: string;
  readonly leaves: string;
  readonly siblings: readonly string[];
}

/** The leaves of an opening by position, or null when it does not lead to `root`. */
export function readOpening(opening: Opening, root: string, depth: number): Map<number, string> | null {
  const positions = positionsOf(opening.runs);
  if (!positions || opening.leaves.length !== 2 + 512 * positions.length) return null;
  const leaves = new Map(positions.map((at, i) => [at, dataSlice(opening.leaves, 256 * i, 256 * (i + 1))]));
  if (positions.some((at) => at >= 2 ** depth)) return null;

  const siblings = [...opening.siblings];
  let level = [...leaves].map(([at, leaf]) => ({ at, hash: keccak256(leaf) }));
  for (let d = 0; d < depth; d++) {
    const above: typeof level = [];
    while (level.length > 0) {
      const { at, hash } = level.shift() as { at: number; hash: string };
      const isLeft = at % 2 === 0;
      const paired = isLeft && level[0]?.at === at + 1;
      const other = paired ? level.shift()?.hash : siblings.shift();
      if (!other) return null;
      above.push({ at: Math.floor(at / 2), hash: keccak256(concat(isLeft ? [hash, other] : [other, hash])) });
    }
    level = above;
  }
  return siblings.length === 0 && level.length === 1 && level[0]?.hash === root ? leaves : null;
}

function positionsOf(runs: string): number[] | null {
  const positions: number[] = [];
  const bytes = (runs.length - 2) / 2;
  if (bytes % 7 !== 0) return null;
  for (let at = 0; at < bytes; at += 7) {
    const first = Number(dataSlice(runs, at, at + 5));
    const count = Number(dataSlice(runs, at + 5, at + 7));
    if (count === 0 || first <= (positions.at(-1) ?? -1)) return null;
    for (let i = 0; i < count; i++) positions.push(first + i);
  }
  return positions;
}

/** The root over all 2^depth leaf hashes, by the book. */
export function naiveRoot(hashes: readonly string[], depth: number, missing: string = ZeroHash): string {
  let level = Array.from({ length: 2 ** depth }, (_, i) => hashes[i] ?? missing);
  while (level.length > 1)
    level = level.filter((_, i) => i % 2 === 0).map((left, i) => keccak256(concat([left, level[2 * i + 1] as string])));
  return level[0] as string;
}
