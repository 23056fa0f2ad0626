/**
 * The finish of a step in exact integers: which multiplier, shift and addend turn an accumulator into the target's integers, as
 * finely as 2^53 allows.
 */
import { add, clamp, magnitude, map, multiply, point, type Range, rangeOf } from '../../program/range.js';
import { EXACT_LIMIT, INT32_MAX, type Operand, type Origin, type Step, scalar, widthFor } from '../../program/step.js';
import type { ProgramBuilder } from './builder.js';
import type { Index, Nest } from './nest.js';
import { LARGEST_SHIFT, refuseReach } from './reach.js';
import type { Target } from './target.js';
import { contiguousStrides, type Tensor } from './tensor.js';

/** Real numbers that differ by output index: a row-major array and where the loops read it. */
export interface RealArray {
  readonly values: Float64Array;
  readonly shape: readonly number[];
  readonly at: readonly Index[];
}

/** A tensor that is added to the result. */
export interface AddedTensor {
  readonly tensor: Tensor;
  readonly at: readonly Index[];
}

export type Bias = number | RealArray | AddedTensor;

export interface Accumulation {
  readonly nest: Nest;
  readonly combine?: Step['combine'];
  readonly reduce?: Step['reduce'];
  readonly a: Operand;
  readonly b?: Operand;
  readonly c?: Operand;
  readonly index?: Step['index'];
  /** What the accumulator can be. */
  readonly range: Range;
  /** Real value of one unit of the accumulator. */
  readonly scale: number | RealArray;
  /** Real number added to it. */
  readonly bias?: Bias;
}

/** Where a finished step's integers are, before a lowering gives them a shape. */
export interface Stored {
  readonly slot: Tensor['source'];
  readonly range: Range;
  readonly scale: number;
  readonly integer: boolean;
}

/** What a value may reach at most, so that the rounding of the finish fits below 2^53 beside it. */
const BUDGET = EXACT_LIMIT * 0.99;
const SMALLEST_SHIFT = -40;
/** More bits than these in a multiplier change no result. */
const LARGEST_MULTIPLIER = 2 ** 40;

const round = (x: number): number => Math.floor(x + 0.5) + 0;

export const largestMagnitude = (values: Float64Array): number => {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
};

/** The largest shift whose cost is within the budget. */
export function largestShift(cost: (power: number) => number): number {
  for (let shift = LARGEST_SHIFT; shift > SMALLEST_SHIFT; shift--) if (cost(2 ** shift) <= BUDGET) return shift;
  return SMALLEST_SHIFT;
}

/** Integers `weight · int32` that stand for these real numbers, already divided by the unit they are counted in. */
export function constantOperand(
  builder: ProgramBuilder,
  name: string,
  nest: Nest,
  array: RealArray,
  unit: number,
): { operand: Operand; range: Range } {
  const { values, shape, at } = array;
  const first = round(values[0]! / unit);
  if (values.every((value) => round(value / unit) === first)) return { operand: scalar(first), range: point(first) };
  const largest = largestMagnitude(values) / unit;
  const weight = 2 ** Math.max(0, Math.ceil(Math.log2(largest / (INT32_MAX - 1))));
  const data = Int32Array.from(values, (value) => clamp(round(value / unit / weight), -INT32_MAX, INT32_MAX));
  const source = builder.constant(name, data);
  const range = multiply(rangeOf(data), point(weight));
  const tensor: Tensor = {
    source,
    shape,
    strides: contiguousStrides(shape),
    offset: 0,
    scale: unit * weight,
    range,
    integer: false,
  };
  return { operand: nest.read(tensor, at, weight), range };
}

function biasMagnitude(bias: Bias | undefined): number {
  if (bias === undefined) return 0;
  if (typeof bias === 'number') return Math.abs(bias);
  return 'values' in bias ? largestMagnitude(bias.values) : magnitude(bias.tensor.range) * bias.tensor.scale;
}

/** The addend of a finish whose result counts in `unit`. `line` is what real results go through. */
export function biasOperand(
  builder: ProgramBuilder,
  name: string,
  nest: Nest,
  bias: Bias | undefined,
  unit: number,
  line: { alpha: number; beta: number },
): { operand: Operand; range: Range } {
  if (bias === undefined || typeof bias === 'number') {
    const value = round(((bias ?? 0) * line.alpha + line.beta) / unit);
    return { operand: scalar(value), range: point(value) };
  }
  if ('values' in bias) {
    const values = bias.values.map((value) => value * line.alpha + line.beta);
    return constantOperand(builder, `${name}/bias`, nest, { ...bias, values }, unit);
  }
  if (line.beta !== 0) throw new Error(`${name}: a tensor and a number are added in one finish`);
  const weight = round((bias.tensor.scale * line.alpha) / unit);
  return { operand: nest.read(bias.tensor, bias.at, weight), range: multiply(bias.tensor.range, point(weight)) };
}

/** The arithmetic of a finish. */
export interface Finished {
  readonly mult: Operand;
  readonly add: Operand;
  readonly shift: number;
  readonly scaled: Range;
  readonly scale: number;
}

/** Emits the step: everything after the accumulator is the target's. */
export function emitFinished(
  builder: ProgramBuilder,
  name: string,
  origin: Origin,
  accumulation: Accumulation,
  finished: Finished,
  target: Target,
): Stored {
  const { nest, combine, reduce, a, b, c, index } = accumulation;
  const { mult, add: addend, shift, scaled, scale } = finished;
  const finish = target.finish(scale);
  const half = shift > 0 ? 2 ** (shift - 1) : 0;
  const largest = magnitude(scaled) * 2 ** Math.max(-shift, 0) + half;
  if (!(largest < EXACT_LIMIT)) refuseReach(origin, `values up to ${largest}`);
  const rescaled = map(scaled, (v) => (shift > 0 ? Math.floor((v + half) / 2 ** shift) : v * 2 ** -shift));
  const clamped = map(rescaled, (r) => clamp(r, finish.clamp.lo, finish.clamp.hi));
  let range = clamped;
  let lookup: Step['lookup'] = null;
  if (finish.table) {
    const { base, data } = finish.table;
    const table = builder.constant(`${name}/table`, data);
    lookup = { constant: (table as { index: number }).index, base, length: data.length };
    range = rangeOf(data, clamped.lo - base, clamped.hi - base + 1);
  }
  const slot = builder.step(name, origin, {
    nest,
    ...(combine ? { combine } : {}),
    ...(reduce ? { reduce } : {}),
    a,
    ...(b ? { b } : {}),
    ...(c ? { c } : {}),
    ...(index ? { index } : {}),
    mult,
    add: addend,
    shift,
    lo: finish.clamp.lo,
    hi: finish.clamp.hi,
    lookup,
    width: widthFor(range.lo, range.hi),
  });
  return { slot, range, scale: finish.scale, integer: finish.integer };
}

/** Removes factors of two that a multiplier and a shift have in common. */
function simplify(mult: number, shift: number): { mult: number; shift: number } {
  let [m, s] = [mult, shift];
  while (s > 0 && m % 2 === 0 && m !== 0) [m, s] = [m / 2, s - 1];
  return { mult: m, shift: s };
}

/**
 * A target that results up to `reach`, a real number, can be counted in. What was measured may be so much smaller than what is
 * possible (a mask that was all ones in every sample) that its scale would be too fine: it is coarser then.
 */
export function reachable(target: Target, reach: number): Target {
  const finest = reach / (BUDGET / 2);
  return target.isFree && finest > target.scale ? { ...target, scale: finest } : target;
}

/**
 * Emits a step that brings an accumulator to a target by one multiplication and one shift. Where the target's scale is free it
 * is made such that the multiplier is exact.
 */
export function emitLinear(
  builder: ProgramBuilder,
  name: string,
  origin: Origin,
  accumulation: Accumulation,
  wanted: Target,
): Stored {
  const { nest, scale, bias, range } = accumulation;
  const { alpha, beta } = wanted;
  const largestScale = (typeof scale === 'number' ? Math.abs(scale) : largestMagnitude(scale.values)) * Math.abs(alpha);
  const largestBias = biasMagnitude(bias) * Math.abs(alpha) + Math.abs(beta);
  const target = reachable(wanted, magnitude(range) * largestScale + largestBias);
  const multiplierLimit = typeof scale === 'number' ? LARGEST_MULTIPLIER : INT32_MAX;
  const shift = largestShift((power) => {
    const multiplier = (largestScale * power) / target.scale + 1;
    if (multiplier > multiplierLimit) return Number.POSITIVE_INFINITY;
    return magnitude(range) * multiplier + (largestBias * power) / target.scale + power / 2 + 1;
  });
  if (typeof scale !== 'number') {
    const unit = target.scale / 2 ** shift;
    const values = scale.values.map((value) => value * alpha);
    const mult = constantOperand(builder, `${name}/scale`, nest, { ...scale, values }, unit);
    const addend = biasOperand(builder, name, nest, bias, unit, target);
    const scaled = add(multiply(range, mult.range), addend.range);
    const finished = { mult: mult.operand, add: addend.operand, shift, scaled, scale: target.scale };
    return emitFinished(builder, name, origin, accumulation, finished, target);
  }
  const ratio = (scale * alpha) / target.scale;
  // Whole numbers stay whole: no shift, no rounding.
  if (!target.isFree && Number.isInteger(ratio))
    return emitScaled(builder, name, origin, accumulation, target, ratio, 0);
  const exact = ratio * 2 ** shift;
  const multiplier = target.isFree ? Math.sign(exact) * Math.max(1, Math.floor(Math.abs(exact))) : round(exact);
  return emitScaled(builder, name, origin, accumulation, target, multiplier, shift);
}

function emitScaled(
  builder: ProgramBuilder,
  name: string,
  origin: Origin,
  accumulation: Accumulation,
  target: Target,
  rounded: number,
  shift: number,
): Stored {
  const { nest, bias, range } = accumulation;
  const scale = accumulation.scale as number;
  const chosen =
    target.isFree && rounded !== 0 ? Math.abs((scale * target.alpha * 2 ** shift) / rounded) : target.scale;
  const unit = chosen / 2 ** shift;
  const addend = biasOperand(builder, name, nest, bias, unit, target);
  const hasAddend = addend.operand.source.kind !== 'none' || addend.operand.weight !== 0;
  const exact = hasAddend ? { mult: rounded, shift } : simplify(rounded, shift);
  const scaled = add(multiply(range, point(exact.mult)), addend.range);
  const finished = { mult: scalar(exact.mult), add: addend.operand, shift: exact.shift, scaled, scale: chosen };
  return emitFinished(builder, name, origin, accumulation, finished, target);
}
