/** Integer intervals. Number arithmetic is safe for proofs: it is exact below 2^53 and monotone above, so a bound that is broken shows. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

export const point = (value: number): Range => ({ lo: value, hi: value });

/** Everything up to this magnitude. */
export const symmetric = (limit: number): Range => ({ lo: -limit, hi: limit });

/** The largest magnitude in the range. */
export const magnitude = (range: Range): number => Math.max(Math.abs(range.lo), Math.abs(range.hi));

export const hull = (x: Range, y: Range): Range => ({ lo: Math.min(x.lo, y.lo), hi: Math.max(x.hi, y.hi) });

export const add = (x: Range, y: Range): Range => ({ lo: x.lo + y.lo, hi: x.hi + y.hi });

export function multiply(x: Range, y: Range): Range {
  const products = [x.lo * y.lo, x.lo * y.hi, x.hi * y.lo, x.hi * y.hi];
  return { lo: Math.min(...products), hi: Math.max(...products) };
}

/** The image of the range under a function that never decreases. */
export const map = (x: Range, f: (value: number) => number): Range => ({ lo: f(x.lo), hi: f(x.hi) });

export const clamp = (value: number, lo: number, hi: number): number => Math.min(Math.max(value, lo), hi);

/** Smallest and largest element of data[from, to). */
export function rangeOf(data: Int32Array, from = 0, to = data.length): Range {
  let lo = data[from] as number;
  let hi = lo;
  for (let i = from + 1; i < to; i++) {
    const x = data[i] as number;
    if (x < lo) lo = x;
    else if (x > hi) hi = x;
  }
  return { lo, hi };
}

/** Everything an element of this many bytes can be. */
export function widthRange(width: 1 | 2 | 4): Range {
  const half = 2 ** (8 * width - 1);
  return { lo: -half, hi: half - 1 };
}
