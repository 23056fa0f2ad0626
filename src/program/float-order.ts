/**
 * float32 numbers as integers in the same order: the bits of a positive number read as an integer, and their negative for a
 * negative number. Comparing two numbers and comparing their integers is the same, whatever their sizes.
 */
const real = new Float32Array(1);
const bits = new Int32Array(real.buffer);
const MAGNITUDE = 0x7fffffff;

/** The place of a number, rounded to float32; both zeros have the place 0. */
export function orderOf(value: number): number {
  real[0] = value;
  const all = bits[0]!;
  return all < 0 ? -(all & MAGNITUDE) + 0 : all;
}

/** The float32 number at a place. */
export function numberAt(order: number): number {
  bits[0] = Math.abs(order);
  return order < 0 ? -real[0]! : real[0]!;
}
