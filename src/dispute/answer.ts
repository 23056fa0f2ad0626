/** Hash trees over what the sides of a match have opened, and the first difference between two of them. */
import { fromHex, type Hash, toHex } from '../commit/hash.js';
import { HASH_BYTES, hashChunks } from '../commit/keccak.js';
import type { Answer } from './actions.js';
import { type Both, otherSide, SIDES, type Side } from './game.js';

/** Root over a whole level of 2^k hashes. */
export function rootOf(hashes: readonly Hash[]): Hash {
  return levelsOver(hashes).at(-1)?.[0] as Hash;
}

/**
 * What `side` answers: the first of its nodes that differs from the other side's, and what proves that nothing before it does.
 *
 * @param opened both sides' nodes of one level, 2^k each, below the nodes that the match stands at.
 * @returns null when they are all the same.
 */
export function answerTo(opened: Both<readonly Hash[]>, side: Side): Answer | null {
  const index = opened[0].findIndex((node, i) => node !== opened[1][i]);
  if (index < 0) return null;
  const trees = [levelsOver(opened[0]), levelsOver(opened[1])] as const;
  const siblings: Hash[] = [];
  for (let level = 0, at = index; level < trees[0].length - 1; level++, at >>= 1) {
    const of = (each: Side): Hash => trees[each][level]?.[at ^ 1] as Hash;
    siblings.push(...(at % 2 === 1 ? [of(0)] : SIDES.map(of)));
  }
  return { index, otherNode: opened[otherSide(side)][index] as Hash, siblings };
}

/** The nodes `levels` above both sides' nodes at an answer (Merkle.climbBoth); null when there are too few or too many siblings. */
export function climbBoth(nodes: Both<Hash>, { index, siblings }: Answer, levels: number): Both<Hash> | null {
  const isRight = Array.from({ length: levels }, (_, level) => (index >> level) % 2 === 1);
  if (siblings.length !== isRight.reduce((count, right) => count + (right ? 1 : 2), 0)) return null;
  const left = [...siblings];
  return isRight.reduce<Both<Hash>>(([node0, node1], right) => {
    const [sibling0, sibling1] = left.splice(0, right ? 1 : 2) as [Hash, Hash];
    return right
      ? [rootOf([sibling0, node0]), rootOf([sibling0, node1])]
      : [rootOf([node0, sibling0]), rootOf([node1, sibling1])];
  }, nodes);
}

/** All levels of the tree over a whole level of hashes, from the bottom up. */
function levelsOver(hashes: readonly Hash[]): Hash[][] {
  const levels = [[...hashes]];
  for (let level = levels[0] as Hash[]; level.length > 1; levels.push(level)) {
    const bytes = Uint8Array.from(level.flatMap((hash) => [...fromHex(hash)]));
    const above = new Uint8Array(hashChunks(bytes, 2 * HASH_BYTES));
    level = Array.from({ length: above.length / HASH_BYTES }, (_, i) =>
      toHex(above.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)),
    );
  }
  return levels;
}
