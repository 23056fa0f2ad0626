/**
 * The line of a step's finish, `(acc · mult + add + rounding) · unit`, and when it may be taken into the weights of a dot product:
 * where they are constant and every partial sum stays exact with it.
 */
import { EXACT_LIMIT, elementCount } from '../../program/step.js';
import { isActive } from './access.js';
import type { Graph, Value } from './graph.js';
import { loopsOf, type Nest, outLoops } from './nest.js';
import { add, multiply, number, shiftBy } from './ops.js';
import { accessIn, constantSize, constantValues, emitReading, MAX_UNFOLDED, type Reading } from './reading.js';

export interface Affine {
  readonly mult: Reading;
  readonly add: Reading;
  /** 2^-shift: scaling by a power of two changes no digits, so the shift is no operation of its own. */
  readonly unit: number;
  /** 2^(shift-1), for rounding, and what a lookup takes off afterwards. An integer. */
  readonly rounding: number;
}

/** A line taken into the weights. */
export interface Fold {
  /** The constant operand of the product. */
  readonly side: 'a' | 'b';
  /** Weights are multiplied by this reading and by `unit`. */
  readonly mult: Reading;
  readonly unit: number;
}

/** Values of a constant or a number, times `by`, with an axis per loop of `order`. */
export function emitScaled(
  g: Graph,
  reading: Reading,
  loops: readonly number[],
  order: readonly number[],
  by: number,
): Value {
  const factor = reading.weight * by;
  if (reading.value) return multiply(g, emitReading(g, reading, loops, order), number(g, factor));
  const access = accessIn(reading, loops);
  const dims = order.map((loop) => (isActive(access, loop) ? (loops[loop] as number) : 1));
  const key = `${reading.constant?.key} times ${JSON.stringify([reading.view, loops, order, factor])}`;
  const values = constantValues(reading, loops, order, dims);
  return g.constant(
    values.map((x) => x * factor),
    dims,
    key,
  );
}

/** `value + (add + rounding) · unit`, in one addition where `add + rounding` is itself exact. */
export function emitAddend(
  g: Graph,
  value: Value,
  { add: reading, rounding, unit }: Affine,
  loops: readonly number[],
): Value {
  const order = value.dims.map((_, i) => i);
  const whole = constantAddend(g, { add: reading, rounding, unit }, loops, order);
  if (whole) return add(g, value, whole);
  return shiftBy(g, add(g, value, emitScaled(g, reading, loops, order, unit)), rounding * unit);
}

/** `(add + rounding) · unit` as a constant, or null where it is none or not exact. */
export function constantAddend(
  g: Graph,
  { add: reading, rounding, unit }: Pick<Affine, 'add' | 'rounding' | 'unit'>,
  loops: readonly number[],
  order: readonly number[],
): Value | null {
  if (reading.value) return null;
  const access = accessIn(reading, loops);
  const dims = order.map((loop) => (isActive(access, loop) ? (loops[loop] as number) : 1));
  const sums = constantValues(reading, loops, order, dims).map((x) => x * reading.weight + rounding);
  if (sums.some((x) => Math.abs(x) >= EXACT_LIMIT)) return null;
  const key = `${reading.constant?.key} plus ${JSON.stringify([reading.view, loops, order, reading.weight, rounding, unit])}`;
  return g.constant(
    sums.map((x) => x * unit),
    dims,
    key,
  );
}

/** Whether the line can be taken into a sum of products. */
export function foldOf(nest: Nest, affine: Affine): Fold | null {
  if (nest.combine !== 'product' || nest.reduce !== 'sum') return null;
  const side = nest.b.constant ? 'b' : nest.a.constant ? 'a' : null;
  if (!side || affine.mult.value || affine.add.value) return null;
  const [weights, other] = side === 'b' ? [nest.b, nest.a] : [nest.a, nest.b];
  const loops = loopsOf(nest);
  const [access, multAccess] = [accessIn(weights, loops), accessIn(affine.mult, loops)];
  const rows = outLoops(nest).filter((loop) => isActive(access, loop));
  if (outLoops(nest).some((loop) => isActive(multAccess, loop) && !isActive(access, loop))) return null;
  if (constantSize(weights, loops, [...loops.keys()]) > MAX_UNFOLDED) return null;
  // Σ |weight · mult| of the worst row, times all that each weight may meet.
  const inner = [...loops.keys()].slice(nest.outDims.length).filter((loop) => isActive(access, loop));
  const extents = (some: readonly number[]): number[] => some.map((loop) => loops[loop] as number);
  const values = constantValues(weights, loops, [...rows, ...inner], extents([...rows, ...inner]));
  const mults = constantValues(affine.mult, loops, rows, extents(rows));
  const length = values.length / mults.length;
  let worst = 0;
  for (let row = 0; row < mults.length; row++) {
    let sum = 0;
    for (let i = row * length; i < (row + 1) * length; i++) sum += Math.abs(values[i] as number);
    worst = Math.max(worst, sum * Math.abs(mults[row] as number));
  }
  const repeats = elementCount(nest.redDims) / elementCount(extents(inner));
  const factor = Math.abs(weights.weight * other.weight * affine.mult.weight);
  const reach = worst * factor * Math.max(1, other.magnitude) * repeats;
  const addends = affine.add.magnitude * Math.abs(affine.add.weight) + Math.abs(affine.rounding);
  return reach + addends < EXACT_LIMIT ? { side, mult: affine.mult, unit: affine.unit } : null;
}

/** Multiplies the constant operand: its values are no longer integers, but integers times `unit`. */
export function folded(nest: Nest, { side, mult, unit }: Fold): Nest {
  const reading = nest[side];
  return { ...nest, [side]: { ...reading, gain: { mult, unit } } };
}
