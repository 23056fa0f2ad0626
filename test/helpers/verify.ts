/**
 * Roots of proofs and of trees, written from docs/protocol.md with ethers' keccak and sharing nothing with
 * src/commit.
 */
import { concat, keccak256, ZeroHash } from 'ethers';

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

/** The root over all 2^depth leaf hashes, by the book. */
export function naiveRoot(hashes: readonly string[], depth: number, missing: string = ZeroHash): string {
  let level = Array.from({ length: 2 ** depth }, (_, i) => hashes[i] ?? missing);
  while (level.length > 1)
    level = level.filter((_, i) => i % 2 === 0).map((left, i) => keccak256(concat([left, level[2 * i + 1] as string])));
  return level[0] as string;
}
