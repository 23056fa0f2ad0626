/**
 * Short dot products with constant weights, every tap (reduction index) written out, for blocks of neighbouring outputs.
 *
 * In float64 where nothing more is known: `check.ts` has proven that every partial sum, in any order, is an integer below 2^53.
 *
 * In 16-bit integer instructions where they are exact, four outputs a vector: `i32x4.dot_i16x8_s` multiplies two taps at once. Why that is exact: the source's elements, its fill included, are int16. A weight is cut into limbs, low = w - 256·high with low in [-128, 127]
 * and high in [-128, 128] for an int16 w; a weight is not cut where one limb is enough. For each limb the sum over all taps of
 * max|x|·|limb| is computed from the weights themselves and must stay below 2^31, so neither a product pair nor any partial sum
 * leaves int32. `256·high sum + low sum` is then formed in float64, below 2^53.
 */
import { viewPosition } from '../../program/evaluate.js';
import type { Program } from '../../program/program.js';
import { magnitude, type Range } from '../../program/range.js';
import { elementCount, type Operand, type Step } from '../../program/step.js';

/** Outputs of one group: one vector of int32, two of float64. */
export const LANES = 4;
/** Every tap is written out. */
const MOST_TAPS = 49;
const LIMB = 256;

export interface Dots {
  /** The operand that is not constant. */
  readonly source: 'a' | 'b';
  /** Elements of the source from one output's to its neighbour's; 0 where all read the same. */
  readonly by: number;
  /** Reduction indices of the taps. */
  readonly taps: readonly (readonly number[])[];
  /** Limbs of 16-bit weights; null where the sums are float64. */
  readonly limbs: 1 | 2 | null;
  /**
   * With limbs `[lane group][pair of taps][limb][lane]`, two int16 each, an odd last tap paired with a weight of 0; without
   * `[lane group][tap][lane]`, float64 each.
   */
  readonly weights: Int32Array | Float64Array;
}

const INT16 = { lo: -32_768, hi: 32_767 };

function indicesOf(dims: readonly number[]): number[][] {
  return dims.reduce<number[][]>(
    (all, dim) => all.flatMap((indices) => Array.from({ length: dim }, (_, i) => [...indices, i])),
    [[]],
  );
}

/** @param step without loops of one index. @returns null where it is not such a dot product. */
export function dotsOf(program: Program, ranges: readonly Range[], step: Step): Dots | null {
  const { outDims, redDims } = step;
  if (step.combine !== 'product' || step.reduce !== 'sum' || outDims.length < 2) return null;
  const source = step.b.source.kind === 'constant' ? 'a' : 'b';
  const [read, weighing] = source === 'a' ? [step.a, step.b] : [step.b, step.a];
  if (read.source.kind !== 'slot' || weighing.source.kind !== 'constant') return null;
  const taps = elementCount(redDims);
  const last = outDims.length - 1;
  const width = outDims[last] as number;
  if (taps > MOST_TAPS || width < LANES || movesWithOuter(weighing, last)) return null;
  const by = strideOf(read, last);
  if (read.view.axes.some((axis) => axis.coefs[last] !== 0)) return null;
  const range = ranges[read.source.index] as Range;
  const reach = { lo: Math.min(range.lo, read.view.fill), hi: Math.max(range.hi, read.view.fill) };
  const { data } = program.constants[weighing.source.index]!;
  const indices = indicesOf(redDims);
  const groups = Math.floor(width / LANES);
  const values = new Int32Array(groups * LANES * taps);
  const loops = new Int32Array(outDims.length + redDims.length);
  for (let lane = 0; lane < groups * LANES; lane++)
    indices.forEach((index, tap) => {
      loops[last] = lane;
      index.forEach((i, k) => {
        loops[outDims.length + k] = i;
      });
      const position = viewPosition(weighing.view, loops);
      values[lane * taps + tap] = position === null ? weighing.view.fill : (data[position] as number);
    });
  const fits = (by === 0 || by === 1) && reach.lo >= INT16.lo && reach.hi <= INT16.hi;
  const limbs = fits ? limbsFor(values, taps, magnitude(reach)) : null;
  const weights = limbs === null ? unpaired(values, taps) : packed(values, taps, limbs);
  return { source, by, taps: indices, limbs, weights };
}

function strideOf({ view }: Operand, loop: number): number {
  return view.axes.reduce((sum, axis) => sum + axis.stride * (axis.coefs[loop] ?? 0), view.coefs[loop] ?? 0);
}

function movesWithOuter({ view }: Operand, last: number): boolean {
  return [view.coefs, ...view.axes.map((axis) => axis.coefs)].some((coefs) =>
    coefs.slice(0, last).some((coef) => coef !== 0),
  );
}

const lowOf = (weight: number): number => ((weight + 128) & (LIMB - 1)) - 128;
const highOf = (weight: number): number => (weight - lowOf(weight)) / LIMB;

/** The fewest limbs with which no sum leaves int32; null for none. */
function limbsFor(values: Int32Array, taps: number, most: number): 1 | 2 | null {
  let [whole, low, high] = [0, 0, 0];
  for (let from = 0; from < values.length; from += taps) {
    const row = values.subarray(from, from + taps);
    const sum = (limb: (weight: number) => number): number => row.reduce((n, w) => n + Math.abs(limb(w)), 0) * most;
    whole = Math.max(
      whole,
      sum((w) => w),
    );
    low = Math.max(low, sum(lowOf));
    high = Math.max(high, sum(highOf));
  }
  if (values.some((w) => w < INT16.lo || w > INT16.hi)) return null;
  if (whole < 2 ** 31) return 1;
  return low < 2 ** 31 && high < 2 ** 31 ? 2 : null;
}

function packed(values: Int32Array, taps: number, limbs: 1 | 2): Int32Array {
  const pairs = Math.ceil(taps / 2);
  const result = new Int32Array((values.length / taps) * pairs * limbs);
  const cut = limbs === 1 ? [(w: number) => w] : [highOf, lowOf];
  let at = 0;
  for (let group = 0; group < values.length / (taps * LANES); group++)
    for (let pair = 0; pair < pairs; pair++)
      for (const limb of cut)
        for (let lane = 0; lane < LANES; lane++) {
          const row = (group * LANES + lane) * taps;
          const weight = (tap: number): number => (tap < taps ? limb(values[row + tap] as number) : 0);
          result[at++] = (weight(2 * pair) & 0xffff) | (weight(2 * pair + 1) << 16);
        }
  return result;
}

function unpaired(values: Int32Array, taps: number): Float64Array {
  return Float64Array.from(values, (_, at) => {
    const lane = at % LANES;
    const tap = Math.floor(at / LANES) % taps;
    const group = Math.floor(at / (LANES * taps));
    return values[(group * LANES + lane) * taps + tap] as number;
  });
}
