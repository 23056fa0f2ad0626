/**
 * Dot products with constant weights: Conv, Gemm, MatMul.
 *
 * Every row of weights (what one output channel is computed with) has its own scale. It is chosen such that the row's integer
 * multiplier is exact: with a target scale s, an input scale x and a shift, one unit of `v` is s / 2^shift, so a row with the
 * multiplier m has the weight scale m · s / (2^shift · x). No rounding is left but that of the weights and of the result.
 */
import { add, magnitude, multiply, point, type Range } from '../../program/range.js';
import { EXACT_LIMIT, INT32_MAX, type Operand, type Origin, scalar } from '../../program/step.js';
import type { ProgramBuilder } from './builder.js';
import { type Bias, biasOperand, emitFinished, largestShift, type RealArray, type Stored } from './linear.js';
import type { Index, Nest } from './nest.js';
import { LARGEST_SHIFT, refuseReach } from './reach.js';
import type { Target } from './target.js';
import { contiguousStrides, type Tensor } from './tensor.js';

export interface DotProduct {
  readonly nest: Nest;
  readonly input: Tensor;
  readonly inputAt: readonly Index[];
  /** Row-major: row dimensions, then the dimensions of one row. */
  readonly weights: Float64Array;
  readonly rowDims: readonly number[];
  readonly innerDims: readonly number[];
  /** Where the loops read the rows, and within a row. */
  readonly rowAt: readonly Index[];
  readonly innerAt: readonly Index[];
  readonly bias?: Bias;
}

/** What is known of one row before its integers are chosen. */
interface Row {
  readonly largest: number;
  readonly norm: number;
  /** The number that all its weights are small multiples of, as those of quantised models are; null when there is none. */
  readonly quantum: number | null;
}

const LARGEST_MULTIPLE = 255;
/** float32 rounds a multiple of a float32 to within this part of it; twice, as scales may have been folded in. */
const MULTIPLE_TOLERANCE = 2 ** -22;

/** The largest number that every weight of a row is a whole multiple of, the largest weight being at most 255 of them. */
function quantumOf(weights: Float64Array, from: number, to: number, largest: number): number | null {
  if (largest === 0) return null;
  for (let n = 1; n <= LARGEST_MULTIPLE; n++) {
    const quantum = largest / n;
    let fits = true;
    for (let i = from; fits && i < to; i++) {
      const multiple = weights[i]! / quantum;
      const whole = Math.round(multiple);
      fits = Math.abs(multiple - whole) <= MULTIPLE_TOLERANCE * Math.max(Math.abs(whole), 1);
    }
    if (fits) return quantum;
  }
  return null;
}

function rowsOf(weights: Float64Array, count: number): Row[] {
  const length = weights.length / count;
  return Array.from({ length: count }, (_, r) => {
    let [largest, norm] = [0, 0];
    for (let i = r * length; i < (r + 1) * length; i++) {
      const size = Math.abs(weights[i]!);
      norm += size;
      if (size > largest) largest = size;
    }
    return { largest, norm, quantum: quantumOf(weights, r * length, (r + 1) * length, largest) };
  });
}

/** A multiplier of at least this is as exact as 16-bit weights are. */
const EXACT_MULTIPLIER = 2 ** 16;

/** Rows as long as this may be split: all that can be proven then is that any stretch is as large as the largest. */
const SPLIT_LENGTH = 2 ** 13;
const SPLIT_MARGIN = 2;

interface Quantised {
  readonly weights: Int32Array;
  readonly multipliers: Int32Array;
  /** v of every row, without the bias. */
  readonly scaled: Range;
  readonly worst: number;
}

/** @param unit real weight of one unit of weight · multiplier. */
function quantise(weights: Float64Array, rows: readonly Row[], unit: number, limit: number, input: Range): Quantised {
  const length = weights.length / rows.length;
  const integers = new Int32Array(weights.length);
  const multipliers = new Int32Array(rows.length);
  let scaled: Range = { lo: 0, hi: 0 };
  let [worst, largestSum, largestMultiplier] = [0, 0, 0];
  rows.forEach(({ largest, quantum }, r) => {
    // Multiples of a quantum stay what they are: one unit of weight is the quantum, or half of it, a quarter, ...
    let part = quantum ?? 0;
    while (part / unit > INT32_MAX) part /= 2;
    const isExact = part / unit >= EXACT_MULTIPLIER;
    const multiplier = isExact ? Math.round(part / unit) : Math.max(1, Math.ceil(largest / (unit * limit)));
    const step = isExact ? part : unit * multiplier;
    multipliers[r] = multiplier;
    let [positive, negative] = [0, 0];
    for (let i = r * length; i < (r + 1) * length; i++) {
      const weight = Math.round(weights[i]! / step);
      integers[i] = weight;
      if (weight > 0) positive += weight;
      else negative -= weight;
    }
    const lo = multiplier * (positive * input.lo - negative * input.hi);
    const hi = multiplier * (positive * input.hi - negative * input.lo);
    scaled = { lo: Math.min(scaled.lo, lo), hi: Math.max(scaled.hi, hi) };
    const sum = (positive + negative) * magnitude(input);
    worst = Math.max(worst, multiplier * sum);
    largestSum = Math.max(largestSum, sum);
    largestMultiplier = Math.max(largestMultiplier, multiplier);
  });
  if (length >= SPLIT_LENGTH) worst = largestMultiplier * largestSum * SPLIT_MARGIN;
  return { weights: integers, multipliers, scaled, worst };
}

function biasSize(bias: Bias | undefined, row: number, rows: number): number {
  if (bias === undefined) return 0;
  if (typeof bias === 'number') return Math.abs(bias);
  if (!('values' in bias)) return magnitude(bias.tensor.range) * bias.tensor.scale;
  if (bias.values.length === rows) return Math.abs(bias.values[row]!);
  return bias.values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

const integerTensor = (source: Tensor['source'], shape: readonly number[]): Tensor => ({
  source,
  shape,
  strides: contiguousStrides(shape),
  offset: 0,
  scale: 1,
  range: { lo: 0, hi: 0 },
  integer: false,
});

/** @param limit the largest weight: 32,767 for 16 bits. */
export function emitDot(
  builder: ProgramBuilder,
  name: string,
  origin: Origin,
  dot: DotProduct,
  target: Target,
  limit: number,
): Stored {
  const { nest, input, weights, rowDims, innerDims, rowAt, innerAt, bias } = dot;
  const count = rowDims.reduce((product, dim) => product * dim, 1);
  const rows = rowsOf(weights, count);
  const { alpha, beta, scale } = target;
  const line = Math.abs(alpha);
  const reach = magnitude(input.range) * input.scale * line;
  const needs = rows.map(({ norm, largest }, r) => ({
    sum: (norm * reach + biasSize(bias, r, count) * line + Math.abs(beta)) / scale,
    multiplier: (largest * input.scale * line) / (scale * limit),
  }));
  let shift = largestShift((power) => {
    let worst = 0;
    for (const { sum, multiplier } of needs) {
      if (multiplier * power > INT32_MAX) return Number.POSITIVE_INFINITY;
      worst = Math.max(worst, sum * power);
    }
    return worst + power;
  });
  for (;;) {
    const unit = scale / 2 ** shift;
    const quantised = quantise(weights, rows, unit / (input.scale * line), limit, input.range);
    const addend = biasOperand(builder, name, nest, bias, unit, target);
    const half = shift > 0 ? 2 ** (shift - 1) : 0;
    if (quantised.worst + magnitude(addend.range) + half >= EXACT_LIMIT * 0.995) {
      if (shift < -LARGEST_SHIFT) refuseReach(origin, `a shift of ${shift} bits`);
      shift--;
      continue;
    }
    const sign = Math.sign(alpha);
    const mult = multiplierOperand(builder, name, nest, quantised.multipliers, sign, { shape: rowDims, at: rowAt });
    const source = builder.constant(`${name}/weights`, quantised.weights);
    const scaled = add(multiply(quantised.scaled, point(sign)), addend.range);
    const weightTensor = integerTensor(source, [...rowDims, ...innerDims]);
    const accumulation = {
      nest,
      combine: 'product' as const,
      reduce: 'sum' as const,
      a: nest.read(input, dot.inputAt),
      b: nest.read(weightTensor, [...rowAt, ...innerAt]),
      range: scaled,
      scale: 1,
    };
    const finished = { mult, add: addend.operand, shift, scaled, scale };
    return emitFinished(builder, name, origin, accumulation, finished, target);
  }
}

function multiplierOperand(
  builder: ProgramBuilder,
  name: string,
  nest: Nest,
  multipliers: Int32Array,
  sign: number,
  { shape, at }: Pick<RealArray, 'shape' | 'at'>,
): Operand {
  if (multipliers.every((multiplier) => multiplier === multipliers[0])) return scalar(sign * multipliers[0]!);
  return nest.read(integerTensor(builder.constant(`${name}/scale`, multipliers), shape), at, sign);
}
