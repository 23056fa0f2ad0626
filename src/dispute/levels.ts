import { LEVELS_PER_ROUND } from '../program/price.js';

/** Levels that the round at this height opens: the first round takes the remainder, every later one four. */
export function levelsBelow(height: number): number {
  return height % LEVELS_PER_ROUND || LEVELS_PER_ROUND;
}

/** Rounds of a descent through a tree of this depth. */
export function roundsOf(depth: number): number {
  return Math.ceil(depth / LEVELS_PER_ROUND);
}
