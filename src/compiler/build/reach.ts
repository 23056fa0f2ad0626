/** Numbers that are too far apart for one step: an infinite weight, a scale of 1e-38 beside one of 1e30. */
import { UserError } from '../../errors.js';
import { INT32_MAX, INT32_MIN, type Origin, type Step } from '../../program/step.js';

export const LARGEST_SHIFT = 52;

/** @param what the number that does not fit, as a clause. */
export function refuseReach({ operator, node }: Origin, what: string): never {
  throw new UserError(
    'OG_TOO_FAR_APART',
    `${operator} node "${node}" cannot be compiled: its numbers are too far apart for exact integers (${what}).`,
    'Look for infinite weights and for scales of absurd size in the model, or calibrate with samples that it is meant for.',
  );
}

const isWithin = (x: number, lo: number, hi: number): boolean => Number.isSafeInteger(x) && x >= lo && x <= hi;

/** Refuses a step whose own numbers are beyond what a step can hold. */
export function checkReach({ origin, shift, lo, hi, a, b, c, mult, add }: Step): void {
  if (!isWithin(shift, -LARGEST_SHIFT, LARGEST_SHIFT)) refuseReach(origin, `a shift of ${shift} bits`);
  if (!isWithin(lo, INT32_MIN, INT32_MAX) || !isWithin(hi, lo, INT32_MAX))
    refuseReach(origin, `results from ${lo} to ${hi}`);
  for (const { weight } of [a, b, c, mult, add])
    if (!Number.isSafeInteger(weight)) refuseReach(origin, `a factor of ${weight}`);
}
