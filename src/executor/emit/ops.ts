/** ONNX operators as functions. What changes nothing is not emitted: adding 0, reshaping to the same shape, slicing all of it. */
import { elementCount } from '../../program/step.js';
import { type Graph, sizeOf, type Value } from './graph.js';

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

/** The shape that ONNX gives an elementwise operator on these two. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    return x === 1 ? y : x;
  });
}

const integers = (g: Graph, values: readonly number[]): Value =>
  g.constant(BigInt64Array.from(values, BigInt), [values.length]);

export const number = (g: Graph, value: number): Value => g.constant(Float64Array.of(value), []);

/** A constant with one element, of this rank. */
export const numberOfRank = (g: Graph, value: number, rank: number): Value =>
  g.constant(Float64Array.of(value), Array(rank).fill(1));

// ---- shape

export function reshape(g: Graph, value: Value, dims: readonly number[]): Value {
  if (same(value.dims, dims)) return value;
  if (value.uniform !== undefined && elementCount(dims) === 1) return g.constant(Float64Array.of(value.uniform), dims);
  return g.node('Reshape', [value, integers(g, dims)], dims, value.type);
}

/** perm[i] is the axis of the input that becomes axis i. */
export function transpose(g: Graph, value: Value, perm: readonly number[]): Value {
  const dims = perm.map((axis) => value.dims[axis] as number);
  const moving = perm.filter((axis) => value.dims[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > (moving[i - 1] as number))) return reshape(g, value, dims);
  return g.node('Transpose', [value], dims, value.type, { perm });
}

export interface Cut {
  /** First coordinate, number of coordinates, and step from one to the next (not 0, may be negative). */
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/** Takes the given coordinates of every axis. */
export function slice(g: Graph, value: Value, cuts: readonly Cut[]): Value {
  const axes = cuts.flatMap(({ start, count, step }, axis) =>
    start === 0 && count === value.dims[axis] && step === 1 ? [] : [axis],
  );
  if (axes.length === 0) return value;
  const of = (pick: (cut: Cut) => number): Value =>
    integers(
      g,
      axes.map((axis) => pick(cuts[axis] as Cut)),
    );
  const end = ({ start, count, step }: Cut): number => {
    const last = start + step * (count - 1);
    return step > 0 ? last + 1 : last === 0 ? -(2 ** 31) : last - 1;
  };
  const step = ({ step, count }: Cut): number => (count === 1 ? Math.sign(step) : step);
  const dims = cuts.map((cut) => cut.count);
  const inputs = [
    value,
    of((cut) => cut.start),
    of((cut) => end({ ...cut, step: step(cut) })),
    integers(g, axes),
    of(step),
  ];
  return g.node('Slice', inputs, dims, value.type);
}

export function pad(g: Graph, value: Value, before: readonly number[], after: readonly number[], fill: number): Value {
  if ([...before, ...after].every((count) => count === 0)) return value;
  const dims = value.dims.map((dim, axis) => dim + (before[axis] as number) + (after[axis] as number));
  return g.node('Pad', [value, integers(g, [...before, ...after]), number(g, fill)], dims, value.type);
}

export function expand(g: Graph, value: Value, dims: readonly number[]): Value {
  if (same(value.dims, dims)) return value;
  return g.node('Expand', [value, integers(g, dims)], dims, value.type);
}

export function concat(g: Graph, values: readonly Value[], axis: number): Value {
  const first = values[0] as Value;
  if (values.length === 1) return first;
  const dims = first.dims.map((dim, i) => (i === axis ? values.reduce((n, v) => n + (v.dims[i] as number), 0) : dim));
  return g.node('Concat', values, dims, first.type, { axis });
}

/** Replaces the axis by the axes of `indices` (int32). */
export function gather(g: Graph, value: Value, indices: Value, axis: number): Value {
  const dims = [...value.dims.slice(0, axis), ...indices.dims, ...value.dims.slice(axis + 1)];
  const [length, count] = [value.dims[axis] as number, sizeOf(indices)];
  // Single elements: GatherElements has a loop of its own for them and is several times as fast.
  if (sizeOf(value) === length) {
    const inputs = [reshape(g, value, [length]), reshape(g, indices, [count])];
    return reshape(g, g.node('GatherElements', inputs, [count], value.type, { axis: 0 }), dims);
  }
  return g.node('Gather', [value, indices], dims, value.type, { axis });
}

const ONNX_TYPES = { double: 11, int64: 7, int32: 6, bool: 9 } as const;

export function cast(g: Graph, value: Value, type: Value['type']): Value {
  if (value.type === type) return value;
  return g.node('Cast', [value], value.dims, type, { to: ONNX_TYPES[type] });
}

// ---- arithmetic in double; operands broadcast

const binary =
  (op: string) =>
  (g: Graph, a: Value, b: Value): Value =>
    g.node(op, [a, b], broadcast(a.dims, b.dims), 'double');

/** Folds an operation on constants of one element. */
function uniform(g: Graph, a: Value, b: Value, f: (x: number, y: number) => number): Value | null {
  if (a.uniform === undefined || b.uniform === undefined) return null;
  return g.constant(Float64Array.of(f(a.uniform, b.uniform)), broadcast(a.dims, b.dims));
}

/** True when `b` leaves the shape of `a` as it is. */
const within = (b: Value, a: Value): boolean => same(broadcast(a.dims, b.dims), a.dims);

export function add(g: Graph, a: Value, b: Value): Value {
  if (b.uniform === 0 && within(b, a)) return a;
  if (a.uniform === 0 && within(a, b)) return b;
  return uniform(g, a, b, (x, y) => x + y) ?? binary('Add')(g, a, b);
}

export function multiply(g: Graph, a: Value, b: Value): Value {
  if (b.uniform === 1 && within(b, a)) return a;
  if (a.uniform === 1 && within(a, b)) return b;
  return uniform(g, a, b, (x, y) => x * y) ?? binary('Mul')(g, a, b);
}

export const subtract = binary('Sub');
export const divide = binary('Div');
export const maximum = binary('Max');
export const minimum = binary('Min');

export function scale(g: Graph, value: Value, factor: number): Value {
  return factor === 1 ? value : multiply(g, value, number(g, factor));
}

export function shiftBy(g: Graph, value: Value, addend: number): Value {
  return addend === 0 ? value : add(g, value, number(g, addend));
}

export const floor = (g: Graph, value: Value): Value => g.node('Floor', [value], value.dims, 'double');
export const squareRoot = (g: Graph, value: Value): Value => g.node('Sqrt', [value], value.dims, 'double');

/** min(max(value, lo), hi); an infinite end is no end. */
export function clip(g: Graph, value: Value, lo: number, hi: number): Value {
  if (lo === Number.NEGATIVE_INFINITY && hi === Number.POSITIVE_INFINITY) return value;
  if (hi === Number.POSITIVE_INFINITY) return maximum(g, value, number(g, lo));
  if (lo === Number.NEGATIVE_INFINITY) return minimum(g, value, number(g, hi));
  return g.node('Clip', [value, number(g, lo), number(g, hi)], value.dims, 'double');
}

export function compare(g: Graph, op: 'Less' | 'LessOrEqual' | 'Equal', a: Value, b: Value): Value {
  return g.node(op, [a, b], broadcast(a.dims, b.dims), 'bool');
}

export function where(g: Graph, condition: Value, then: Value, otherwise: Value): Value {
  const dims = broadcast(condition.dims, broadcast(then.dims, otherwise.dims));
  return g.node('Where', [condition, then, otherwise], dims, then.type);
}

/** Reduces the given axes away. */
export function reduce(
  g: Graph,
  op: 'ReduceSum' | 'ReduceMax' | 'ReduceMin',
  value: Value,
  axes: readonly number[],
): Value {
  const kept = value.dims.filter((_, axis) => !axes.includes(axis));
  const moving = axes.filter((axis) => value.dims[axis] !== 1);
  if (moving.length === 0) return reshape(g, value, kept);
  const dims = value.dims.filter((_, axis) => !moving.includes(axis));
  const reduced = g.node(op, [value, integers(g, moving)], dims, 'double', { keepdims: 0 });
  return reshape(g, reduced, kept);
}

/** Position of the first extreme along the last axis, as double. */
export function argument(g: Graph, op: 'ArgMax' | 'ArgMin', value: Value): Value {
  const dims = value.dims.slice(0, -1);
  const attributes = { axis: dims.length, keepdims: 0, select_last_index: 0 };
  return cast(g, g.node(op, [value], dims, 'int64', attributes), 'double');
}

/** Matrices in the last two axes, one product for each of the leading ones, which both have alike. */
export function matMul(g: Graph, a: Value, b: Value): Value {
  return g.node('MatMul', [a, b], [...a.dims.slice(0, -1), b.dims.at(-1) as number], 'double');
}

/** op(a)·op(b) (+ c, broadcast) for matrices. */
export function gemm(g: Graph, a: Value, b: Value, transA: boolean, transB: boolean, c: Value | null): Value {
  const dims = [a.dims[transA ? 1 : 0] as number, b.dims[transB ? 0 : 1] as number];
  return g.node('Gemm', c ? [a, b, c] : [a, b], dims, 'double', { transA: Number(transA), transB: Number(transB) });
}

export const flatten = (g: Graph, value: Value): Value => reshape(g, value, [sizeOf(value)]);
