/**
 * Functions that end in a straight line (HardSwish, GELU, Softplus): `slope · max(x, 0)` and a rest that is flat on both sides. A
 * table holds 2^16 arguments; spread over the short stretch where the rest is not flat they lie far closer than over the whole range,
 * and the line needs no table.
 */
import type { RealRange } from '../measure.js';
import type { UnaryFunction } from '../unary-function.js';
import { trimFlatEnds } from './target.js';

export interface Tail {
  readonly slope: number;
  readonly rest: UnaryFunction;
  /** Largest magnitude of the rest within the range. */
  readonly largest: number;
}

/** The slope is taken between the end of the range and this part of it. */
const NEAR_END = 1 - 1 / 64;
const POINTS = 2_048;
/** What is flatter than this part of the rest's largest is its end. */
const FLATNESS = 2 ** -17;
/** A shorter table is worth two more steps when it is at most this part of the whole one. */
const WORTH = 0.5;

const width = ([lo, hi]: RealRange): number => hi - lo;

/** @param range of the function's argument. @returns null when the function has no such line, or nothing is gained. */
export function linearTail(fn: UnaryFunction, range: RealRange): Tail | null {
  const [lo, hi] = range;
  if (fn.affine || !(hi > 0) || !(lo < hi)) return null;
  const slope = (fn.evaluate(hi) - fn.evaluate(hi * NEAR_END)) / (hi * (1 - NEAR_END));
  if (!Number.isFinite(slope) || slope <= 0) return null;
  const rest: UnaryFunction = {
    label: fn.label,
    evaluate: (x) => fn.evaluate(x) - slope * Math.max(x, 0),
    affine: null,
  };
  let largest = 0;
  for (let i = 0; i <= POINTS; i++) {
    const size = Math.abs(rest.evaluate(lo + (width(range) * i) / POINTS));
    if (!Number.isFinite(size)) return null;
    largest = Math.max(largest, size);
  }
  const whole = trimFlatEnds(fn, range, largest * FLATNESS);
  const short = trimFlatEnds(rest, range, largest * FLATNESS);
  return width(short) <= WORTH * width(whole) ? { slope, rest, largest } : null;
}
