/**
 * The step: the only kind of computation that og knows, in TypeScript and in Solidity alike.
 *
 *     for each output index o:
 *         acc  = reduce over r of combine( a(o, r), b(o, r), c(o, r) )
 *         v    = acc * mult(o) + add(o)
 *         r    = floor((v + 2^(shift-1)) / 2^shift)          rounds half up; shift may be negative
 *         t    = r | floor(r / max(c(o), 1)) | isqrt(max(r, 0))
 *         y[o] = clamp(t, lo, hi), or table[clamp(clamp(t, lo, hi) - base, 0, length - 1)]
 *
 * The normative text, with the byte encoding, is docs/protocol.md; the definition of every value is `evaluate.ts`.
 */

/** Bytes of one stored element; elements are two's complement, big-endian in commitments. */
export type ElementWidth = 1 | 2 | 4;

/** How the operands of one (output, reduction) index become one number. The position is the encoded value. */
export const COMBINES = [
  'first', // a
  'product', // a * b
  'sum', // a + b (a difference is a sum with a negative weight)
  'max', // max(a, b)
  'min', // min(a, b)
  'less', // a < b ? 1 : 0
  'lessOrEqual', // a <= b ? 1 : 0
  'equal', // a == b ? 1 : 0
  'select', // a != 0 ? b : c
  'indexed', // a, read `index.stride * clamp(b, 0, index.extent - 1)` elements further on
] as const;
export type Combine = (typeof COMBINES)[number];

/** How the numbers of all reduction indices become one. argMax and argMin give the flat position of the first extreme. */
export const REDUCES = ['none', 'sum', 'max', 'min', 'argMax', 'argMin'] as const;
export type Reduce = (typeof REDUCES)[number];

/** What happens to the rescaled number before it is clamped. */
export const POSTS = ['none', 'divide', 'sqrt'] as const;
export type Post = (typeof POSTS)[number];

/** Where an operand's elements come from. A `none` operand is the constant 1 (times its weight). */
export type Source =
  | { readonly kind: 'none' }
  | { readonly kind: 'slot'; readonly index: number }
  | { readonly kind: 'constant'; readonly index: number };

/**
 * A coordinate that can leave its range: `c = base + Σ coefs[i]·loop[i]`. In range (`0 <= c < extent`) it adds `stride·c`
 * to the flat position; out of range the whole view reads its fill value.
 */
export interface Axis {
  readonly stride: number;
  readonly extent: number;
  readonly base: number;
  readonly coefs: readonly number[];
}

/** An affine map from loop indices (output dims, then reduction dims) to a flat position in a source tensor. */
export interface View {
  readonly offset: number;
  /** One per loop dimension: flat elements per unit of that loop index. */
  readonly coefs: readonly number[];
  readonly axes: readonly Axis[];
  readonly fill: number;
}

/** A weighted operand: its value is `weight · element`, and `weight` alone when the source is `none`. */
export interface Operand {
  readonly source: Source;
  /** An integer of magnitude below 2^53. */
  readonly weight: number;
  readonly view: View;
}

export interface Lookup {
  /** Index of the constant that holds the table. */
  readonly constant: number;
  /** The value that reads entry 0. */
  readonly base: number;
  /** Number of entries, 1 to 65,536. */
  readonly length: number;
}

/** Where a step came from, for people; takes no part in any check. */
export interface Origin {
  readonly node: string;
  readonly operator: string;
}

export interface Step {
  readonly name: string;
  readonly origin: Origin;
  readonly outDims: readonly number[];
  readonly redDims: readonly number[];
  readonly combine: Combine;
  readonly reduce: Reduce;
  readonly a: Operand;
  readonly b: Operand;
  /** The third operand of `select`, or the divisor of `divide`; a divisor's view does not move with reduction indices. */
  readonly c: Operand;
  /** Multiplier and addend of the finish; their views do not move with reduction indices. */
  readonly mult: Operand;
  readonly add: Operand;
  /** Only read when `combine` is `indexed`. */
  readonly index: { readonly stride: number; readonly extent: number };
  readonly shift: number;
  readonly post: Post;
  readonly lo: number;
  readonly hi: number;
  readonly lookup: Lookup | null;
  /** Stored width of the output tensor. */
  readonly width: ElementWidth;
}

export const OPERAND_NAMES = ['a', 'b', 'c', 'mult', 'add'] as const;
export type OperandName = (typeof OPERAND_NAMES)[number];

/** Most loop dimensions (output plus reduction) and most axes of one view. */
export const MAX_LOOPS = 16;
export const MAX_AXES = 8;
export const MAX_TABLE_LENGTH = 65_536;

export const INT32_MIN = -(2 ** 31);
export const INT32_MAX = 2 ** 31 - 1;
/** Every intermediate value is smaller than this in magnitude, so that float64 is exact. */
export const EXACT_LIMIT = 2 ** 53;
/** A radicand is smaller than this, so that `floor(sqrt(x))` of IEEE float64 is the integer square root. */
export const SQRT_LIMIT = 2 ** 52;

/** Number of elements of a tensor or loop nest with these dimensions (1 for no dimensions). */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The smallest width that holds every integer of [lo, hi]. */
export function widthFor(lo: number, hi: number): ElementWidth {
  if (lo >= -128 && hi <= 127) return 1;
  if (lo >= -32_768 && hi <= 32_767) return 2;
  return 4;
}

export const NO_VIEW: View = { offset: 0, coefs: [], axes: [], fill: 0 };

/** An operand without a source: the number `weight`. */
export function scalar(weight: number): Operand {
  return { source: { kind: 'none' }, weight, view: NO_VIEW };
}
