/** Functions of one real number, as elementwise nodes with constant other operands are. They become clamps or tables. */

/** `min(max(alpha·x + beta, lo), hi)`. */
export interface AffineClamp {
  readonly alpha: number;
  readonly beta: number;
  readonly lo: number;
  readonly hi: number;
}

export interface UnaryFunction {
  /** For step names: the operators it is made of. */
  readonly label: string;
  evaluate(x: number): number;
  /** The same function as a clamped straight line, when it is one: it needs no table then. */
  readonly affine: AffineClamp | null;
}

export const IDENTITY: UnaryFunction = {
  label: '',
  evaluate: (x) => x,
  affine: { alpha: 1, beta: 0, lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY },
};

const clamp = (x: number, lo: number, hi: number): number => Math.min(Math.max(x, lo), hi);

/** `outer(inner(x))` of two clamped lines, or null where that is no clamped line. */
export function composeAffine(outer: AffineClamp, inner: AffineClamp): AffineClamp | null {
  if (outer.alpha === 0) return null;
  const line = (x: number): number => outer.alpha * x + outer.beta;
  const ends = [line(inner.lo), line(inner.hi)].sort((x, y) => x - y) as [number, number];
  return {
    alpha: outer.alpha * inner.alpha,
    beta: outer.alpha * inner.beta + outer.beta,
    lo: clamp(ends[0], outer.lo, outer.hi),
    hi: clamp(ends[1], outer.lo, outer.hi),
  };
}

const UNBOUNDED = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };

export const line = (alpha: number, beta: number): AffineClamp => ({ alpha, beta, ...UNBOUNDED });

export const clampTo = (lo: number, hi: number): AffineClamp => ({ alpha: 1, beta: 0, lo, hi: Math.max(lo, hi) });
