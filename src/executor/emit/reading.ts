/** What an operand reads, apart from how it is combined: a tensor of the graph or a constant of the program, and a view. */
import { viewPosition } from '../../program/evaluate.js';
import type { Program } from '../../program/program.js';
import { magnitude, type Range, rangeOf } from '../../program/range.js';
import { elementCount, type Operand, type View } from '../../program/step.js';
import { type Access, accessOf, activeSize, advanceInOrder, isActive } from './access.js';
import type { Graph, Value } from './graph.js';
import { numberOfRank, scale } from './ops.js';
import { emitAccess } from './view.js';

/** A number, a tensor of the graph, or the data of a constant; always to be multiplied by `weight`. */
export interface Reading {
  readonly weight: number;
  readonly view: View;
  /** Most that is read, in magnitude and without the weight. */
  readonly magnitude: number;
  readonly value: Value | null;
  readonly constant: { readonly data: Int32Array; readonly key: string } | null;
  /** What a constant is multiplied by besides its weight: the step's own multiplier and a power of two. */
  readonly gain?: { readonly mult: Reading; readonly unit: number };
}

/** A constant is unfolded in the graph file to at most this many elements, or four times its own size. */
export const MAX_UNFOLDED = 2 ** 20;

export interface Slots {
  readonly program: Program;
  /** What every slot can hold. */
  readonly ranges: readonly Range[];
  value(slot: number): Value;
}

export function readingOf({ program, ranges, value }: Slots, { source, weight, view }: Operand): Reading {
  if (source.kind === 'none') return { weight, view, magnitude: 1, value: null, constant: null };
  const most = (range: Range): number => Math.max(magnitude(range), view.axes.length > 0 ? Math.abs(view.fill) : 0);
  if (source.kind === 'slot')
    return { weight, view, magnitude: most(ranges[source.index]!), value: value(source.index), constant: null };
  const { data } = program.constants[source.index]!;
  return {
    weight,
    view,
    magnitude: most(rangeOf(data)),
    value: null,
    constant: { data, key: `constant ${source.index}` },
  };
}

/** Elements of a constant as it would be unfolded, or 0 where that is at most four times the constant itself. */
export function constantSize({ constant, view }: Reading, loops: readonly number[], order: readonly number[]): number {
  const size = constant ? activeSize(accessOf(view, loops), order) : 0;
  return size > 4 * (constant?.data.length ?? 0) ? size : 0;
}

export const isNumber = (reading: Reading): boolean => !reading.value && !reading.constant;

/** The access of a reading; a number's is never active. */
export function accessIn(reading: Reading, loops: readonly number[]): Access {
  if (!isNumber(reading)) return accessOf(reading.view, loops);
  return accessOf({ offset: 0, coefs: loops.map(() => 0), axes: [], fill: 0 }, loops);
}

/**
 * Emits what the operand reads without its weight, one axis per loop of `order` (1 where the loop does not matter).
 *
 * @param loops extents of all loops.
 */
export function emitReading(g: Graph, reading: Reading, loops: readonly number[], order: readonly number[]): Value {
  if (isNumber(reading)) return numberOfRank(g, 1, order.length);
  const access = accessIn(reading, loops);
  if (reading.value) return emitAccess(g, reading.value, access, order);
  const { data, key } = reading.constant!;
  if (constantSize(reading, loops, order) > MAX_UNFOLDED) {
    return emitAccess(g, g.constant(Float64Array.from(data), [data.length], key), access, order);
  }
  const dims = order.map((loop) => (isActive(access, loop) ? (loops[loop] as number) : 1));
  const values = constantValues(reading, loops, order, dims);
  const { gain } = reading;
  if (gain) applyGain(values, gain, loops, order, dims);
  const multKey = gain ? [gain.mult.constant?.key, gain.mult.view, gain.mult.weight, gain.unit] : [];
  return g.constant(values, dims, `${key} ${JSON.stringify([reading.view, loops, order, ...multKey])}`);
}

/** As `emitReading`, multiplied by the weight. */
export function emitWeighted(g: Graph, reading: Reading, loops: readonly number[], order: readonly number[]): Value {
  return scale(g, emitReading(g, reading, loops, order), reading.weight);
}

/**
 * What a constant holds for the loops of `order`, without its weight; 1 for a number.
 *
 * @param dims extents of the loops of `order`, or 1 where a loop is not to be followed.
 */
export function constantValues(
  reading: Reading,
  loops: readonly number[],
  order: readonly number[],
  dims: readonly number[],
): Float64Array {
  const result = new Float64Array(elementCount(dims));
  if (!reading.constant) return result.fill(1);
  const { data } = reading.constant;
  const access = accessOf(reading.view, loops);
  const whole = access.ranges.every(({ count }, loop) => count === loops[loop]);
  if (access.guards.length === 0 && whole && !access.empty) {
    const strides = order.map((loop) => access.strides[loop] as number);
    forEachRun(dims, strides, (k, count, moved, stride) => {
      for (let j = 0, p = access.offset + moved; j < count; j++, p += stride) result[k + j] = data[p] as number;
    });
    return result;
  }
  const at = new Int32Array(loops.length);
  for (let k = 0; k < result.length; k++) {
    const position = viewPosition(reading.view, at);
    result[k] = position === null ? reading.view.fill : (data[position] as number);
    advanceInOrder(at, order, dims);
  }
  return result;
}

/** Multiplies values, laid out by `order` and `dims`, by the step's multiplier and a power of two. */
function applyGain(
  values: Float64Array,
  { mult, unit }: NonNullable<Reading['gain']>,
  loops: readonly number[],
  order: readonly number[],
  dims: readonly number[],
): void {
  const access = accessIn(mult, loops);
  const followed = order.map((loop, i) => (isActive(access, loop) ? (dims[i] as number) : 1));
  const mults = constantValues(mult, loops, order, followed).map((x) => x * mult.weight * unit);
  const strides = followed.map((dim, i) => (dim === 1 ? 0 : elementCount(followed.slice(i + 1))));
  forEachRun(dims, strides, (k, count, moved, stride) => {
    for (let j = 0; j < count; j++) values[k + j] = (values[k + j] as number) * (mults[moved + j * stride] as number);
  });
}

/** Visits a row-major array run by run of its last axis: first element, length, and where strides lead elsewhere. */
function forEachRun(
  dims: readonly number[],
  strides: readonly number[],
  visit: (first: number, count: number, moved: number, stride: number) => void,
): void {
  const last = dims.length - 1;
  const count = dims[last] ?? 1;
  const at = dims.map(() => 0);
  const total = elementCount(dims);
  for (let k = 0, moved = 0; k < total; k += count) {
    visit(k, count, moved, strides[last] ?? 0);
    for (let i = last - 1; i >= 0; i--) {
      at[i] = (at[i] as number) + 1;
      moved += strides[i] as number;
      if ((at[i] as number) < (dims[i] as number)) break;
      moved -= (strides[i] as number) * (dims[i] as number);
      at[i] = 0;
    }
  }
}

/** The view from loop index `start` on. */
export function shiftView(view: View, loop: number, start: number): View {
  if (start === 0 || view.coefs.length === 0) return view;
  return {
    ...view,
    offset: view.offset + (view.coefs[loop] as number) * start,
    axes: view.axes.map((axis) => ({ ...axis, base: axis.base + (axis.coefs[loop] as number) * start })),
  };
}
