/** Where a step's result goes: the scale and clamp of its integers, and the table of the function it applies. */
import { clamp, type Range } from '../../program/range.js';
import { INT32_MAX, INT32_MIN, MAX_TABLE_LENGTH } from '../../program/step.js';
import { LARGEST_REAL, type RealRange } from '../measure.js';
import type { AffineClamp, UnaryFunction } from '../unary-function.js';

/** Precision of tensors that only the model's output or a normalisation reads: as fine as is useful, with room for outliers. */
const WIDE_RESOLUTION = 2 ** 23;

/** Where a wide result is this part of its largest, its argument is still told apart: a sigmoid's small probabilities. */
const WIDE_TOLERANCE = 2 ** -23;

/** What the integers before the lookup become. */
export interface Finish {
  /** Clamp of the integers before the lookup. */
  readonly clamp: Range;
  readonly table: { readonly base: number; readonly data: Int32Array } | null;
  readonly scale: number;
  readonly integer: boolean;
}

export interface Target {
  /** A line that real results go through first. */
  readonly alpha: number;
  readonly beta: number;
  /** Wanted scale of the integers before the lookup. */
  readonly scale: number;
  /** The scale may become a little larger where that makes a multiplier exact. */
  readonly isFree: boolean;
  /** @param scale the one that was chosen. */
  finish(scale: number): Finish;
}

export interface Precision {
  /** Largest integer of an ordinary tensor: 32,767 for 16 bits. */
  readonly limit: number;
  /** Stored with more precision than the limit. */
  readonly wide: boolean;
  /** Holds numbers that stand for infinity: they are kept far outside the range of the others. */
  readonly infinite?: boolean;
  /** A square root is taken of it: as finely as 32 bits can, as the root of a small number is much larger. */
  readonly radicand?: boolean;
  /** Only decision trees read it: as finely as 32 bits can, with room for numbers of this magnitude, their thresholds. */
  readonly thresholds?: number | undefined;
}

const magnitudeOf = ([lo, hi]: RealRange): number => Math.max(Math.abs(lo), Math.abs(hi));

/** Scale and clamp of a floating tensor with this measured range. */
export function floatStorage(
  range: RealRange,
  { limit, wide, infinite, radicand, thresholds }: Precision,
): { scale: number; clamp: Range } {
  const magnitude = magnitudeOf(range) || 1;
  if (thresholds !== undefined) {
    // What lies beyond every threshold may saturate.
    const scale = 2 ** Math.ceil(Math.log2((thresholds || magnitude) / (INT32_MAX - 1)));
    return { scale, clamp: { lo: -INT32_MAX, hi: INT32_MAX } };
  }
  if (radicand) return { scale: magnitude / (INT32_MAX - 1), clamp: { lo: -INT32_MAX, hi: INT32_MAX } };
  // A power of two: numbers with few binary digits, as whole ones and halves, are exact.
  if (wide)
    return { scale: 2 ** Math.floor(Math.log2(magnitude / WIDE_RESOLUTION)), clamp: { lo: -INT32_MAX, hi: INT32_MAX } };
  const farthest = infinite ? INT32_MAX : limit;
  return { scale: magnitude / limit, clamp: { lo: -farthest, hi: farthest } };
}

/** The identity: results are stored with the given scale and clamp. */
export function storedTarget(scale: number, bounds: Range, options: { isFree: boolean; integer: boolean }): Target {
  return {
    alpha: 1,
    beta: 0,
    scale,
    isFree: options.isFree,
    finish: (chosen) => ({ clamp: bounds, table: null, scale: chosen, integer: options.integer }),
  };
}

export const INT32: Range = { lo: INT32_MIN, hi: INT32_MAX };

/** Whole numbers, exactly. */
export const WHOLE: Target = storedTarget(1, INT32, { isFree: false, integer: true });

const round = (x: number): number => Math.floor(x + 0.5);

/** A clamped line: the line goes into the multiplier and the addend, the clamp into the clamp. */
export function lineTarget(line: AffineClamp, storage: { scale: number; clamp: Range }, integer: boolean): Target {
  const limit = (real: number, scale: number): number => clamp(round(real / scale), storage.clamp.lo, storage.clamp.hi);
  return {
    alpha: line.alpha,
    beta: line.beta,
    scale: storage.scale,
    isFree: !integer,
    finish: (scale) => ({
      clamp: { lo: limit(line.lo, scale), hi: limit(line.hi, scale) },
      table: null,
      scale,
      integer,
    }),
  };
}

/** A clamped line whose results are rounded to a given scale. */
export function quantumTarget(line: AffineClamp, scale: number, bounds: Range): Target {
  const limit = (real: number): number => clamp(round(real / scale), bounds.lo, bounds.hi);
  const limits = { lo: limit(line.lo), hi: limit(line.hi) };
  const finish = { clamp: limits, table: null, scale, integer: false };
  return { alpha: line.alpha, beta: line.beta, scale, isFree: false, finish: () => finish };
}

/** Points at which a function is looked at to find where it is flat. */
const TRIM_POINTS = 2_048;

/**
 * The part of a range outside which the function is constant within `tolerance`: the ends of a sigmoid, the negative half of a
 * Relu. The resolution of a table is not spent on them.
 */
export function trimFlatEnds(fn: UnaryFunction, [lo, hi]: RealRange, tolerance: number): RealRange {
  const step = (hi - lo) / TRIM_POINTS;
  if (!(step > 0)) return [lo, hi];
  const values = Array.from({ length: TRIM_POINTS + 1 }, (_, i) => fn.evaluate(lo + i * step));
  const isFlat = (i: number, end: number): boolean => Math.abs(values[i]! - values[end]!) <= tolerance;
  let [first, last] = [0, TRIM_POINTS];
  while (first < TRIM_POINTS && isFlat(first + 1, 0)) first++;
  while (last > 0 && isFlat(last - 1, TRIM_POINTS)) last--;
  return first < last ? [lo + first * step, lo + last * step] : [lo, hi];
}

/** As good as infinity for an argument. */
const FAR = 2 ** 20;

/** A function that comes to a standstill on both sides (a sigmoid) is tabulated on both sides, whatever the samples showed. */
function bothSides(fn: UnaryFunction, [lo, hi]: RealRange, tolerance: number): RealRange {
  const standsStill = (x: number): boolean => Math.abs(fn.evaluate(x) - fn.evaluate(2 * x)) <= tolerance;
  if (!standsStill(-FAR) || !standsStill(FAR)) return [lo, hi];
  const reach = Math.max(-lo, hi);
  return [-reach, reach];
}

/** Integers for the values of a function at base·scale, (base + 1)·scale, ... */
function tabulate(fn: UnaryFunction, base: number, length: number, scale: number): Float64Array {
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = fn.evaluate((base + i) * scale);
  return values;
}

/** The range, or one around it when it is a single point. */
function widest([lo, hi]: RealRange): RealRange {
  if (lo < hi) return [lo, hi];
  const margin = Math.abs(lo) || 1;
  return [lo - margin, hi + margin];
}

/** Numbers of one sign reach to zero where the function does: a variance below all that were measured is no rarity. */
function toZero(fn: UnaryFunction, [lo, hi]: RealRange, largest: number): RealRange {
  return Math.abs(fn.evaluate(0)) <= largest ? [Math.min(lo, 0), Math.max(hi, 0)] : [lo, hi];
}

export interface TableOptions {
  readonly fn: UnaryFunction;
  /** Integers that already are what the table is to be read at; null when the step may choose. */
  readonly given: { readonly scale: number; readonly range: Range } | null;
  /** Measured range of the function's argument. */
  readonly argument: RealRange;
  /** Measured range of its result. */
  readonly result: RealRange;
  readonly precision: Precision;
  /** The argument is a whole number. */
  readonly integerArgument: boolean;
  readonly integer: boolean;
  /** How results are stored, when it is given. */
  readonly storage?: { readonly scale: number; readonly clamp: Range };
}

/** Scale and integers of the table's results. The measured range limits it: entries beyond it saturate. */
function store(
  values: Float64Array,
  { result, precision, integer, storage }: TableOptions,
): { scale: number; data: Int32Array } {
  let largest = 0;
  for (const value of values) if (Math.abs(value) <= LARGEST_REAL) largest = Math.max(largest, Math.abs(value));
  const measured = magnitudeOf(result);
  const magnitude = measured > 0 ? Math.min(largest || measured, measured) : largest;
  const { scale, clamp: bounds } =
    storage ?? (integer ? { scale: 1, clamp: INT32 } : floatStorage([0, magnitude], precision));
  const data = Int32Array.from(values, (value) => {
    if (Number.isNaN(value)) return 0;
    // What stands for infinity stays far from everything else.
    const { lo, hi } = Math.abs(value) > LARGEST_REAL ? INT32 : bounds;
    return clamp(round(value / scale), lo, hi);
  });
  return { scale, data };
}

/** Any function: a table over at most 2^16 integers of the argument. */
export function tableTarget(options: TableOptions): Target {
  const { fn, given, argument, result, precision, integer, integerArgument: whole } = options;
  const entries = whole ? MAX_TABLE_LENGTH : Math.min(2 * precision.limit + 2, MAX_TABLE_LENGTH);
  const fits = given !== null && given.range.hi - given.range.lo < MAX_TABLE_LENGTH;
  const tolerance = magnitudeOf(result) * Math.max(WIDE_TOLERANCE, precision.wide ? 0 : 1 / (4 * precision.limit));
  const reals = (): RealRange => bothSides(fn, toZero(fn, widest(argument), magnitudeOf(result)), tolerance);
  const [lo, hi] = whole ? widest(argument) : trimFlatEnds(fn, reals(), tolerance);
  const finest = (hi - lo) / (entries - 2);
  const scale = fits ? given.scale : whole ? Math.max(1, Math.ceil(finest)) : finest;
  return {
    alpha: 1,
    beta: 0,
    scale,
    isFree: !fits && !whole,
    finish: (chosen) => {
      const base = fits ? given.range.lo : Math.floor(lo / chosen);
      const length = fits ? given.range.hi - given.range.lo + 1 : entries;
      const { scale: resultScale, data } = store(tabulate(fn, base, length, chosen), options);
      return {
        clamp: { lo: base, hi: base + length - 1 },
        table: { base, data },
        scale: resultScale,
        integer,
      };
    },
  };
}
