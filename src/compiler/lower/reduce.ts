/** ReduceSum, ReduceMean, ReduceMax, ReduceMin, ArgMax and ArgMin over any axes. */

import type { Stored } from '../build/linear.js';
import { affine, at, type Index, Nest } from '../build/nest.js';
import { WHOLE } from '../build/target.js';
import { memoryOrder, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

/** Loops over the axes that stay and the axes that are reduced, each in memory order. */
export function reductionNest(x: Tensor, axes: readonly number[]) {
  const order = memoryOrder(x);
  const kept = order.filter((axis) => !axes.includes(axis));
  const reduced = order.filter((axis) => axes.includes(axis));
  const nest = new Nest(
    kept.map((axis) => x.shape[axis]!),
    reduced.map((axis) => x.shape[axis]!),
  );
  const indices: Index[] = x.shape.map((_, axis) =>
    at(axes.includes(axis) ? nest.red(reduced.indexOf(axis)) : kept.indexOf(axis)),
  );
  return { nest, kept, indices };
}

/** The result of a reduction with the reduced axes kept as 1. */
export function keptTensor(stored: Stored, x: Tensor, axes: readonly number[], kept: readonly number[]): Tensor {
  const shape = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (const axis of [...kept].reverse()) {
    strides[axis] = stride;
    stride *= x.shape[axis]!;
  }
  const { slot, range, scale, integer } = stored;
  return { source: slot, shape, strides, offset: 0, scale, range, integer };
}

/** Without the reduced axes, where the node drops them. */
function drop(tensor: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  if (keepDims) return tensor;
  const stays = (_: number, axis: number): boolean => !axes.includes(axis);
  return { ...tensor, shape: tensor.shape.filter(stays), strides: tensor.strides.filter(stays) };
}

/** An attribute until opset 13 or 18, an input since; none means all axes, unless the node says that it means nothing. */
function reducedAxes(context: LoweringContext, node: PlanNode, rank: number): number[] {
  const given = context.numbers(node, 1) ?? node.attributes.ints('axes');
  if (given && given.length > 0) return [...given].map((axis) => (axis < 0 ? axis + rank : axis));
  return node.attributes.int('noop_with_empty_axes', 0) !== 0 ? [] : Array.from({ length: rank }, (_, i) => i);
}

const reduction = (kind: 'sum' | 'mean' | 'max' | 'min'): Lowering => ({
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = context.input(node, 0);
    const axes = reducedAxes(context, node, x.shape.length);
    const { nest, kept, indices } = reductionNest(x, axes);
    const a = nest.read(x, indices);
    const isSum = kind === 'sum' || kind === 'mean';
    const range = isSum
      ? { lo: Math.min(x.range.lo * nest.terms, x.range.lo), hi: Math.max(x.range.hi * nest.terms, x.range.hi) }
      : x.range;
    const scale = kind === 'mean' ? x.scale / nest.terms : x.scale;
    const target = context.target(node, isSum ? {} : { keep: x });
    const reduce = kind === 'max' || kind === 'min' ? kind : 'sum';
    const stored = context.linear(node, '', { nest, reduce, a, range, scale }, target);
    const keepDims = node.attributes.int('keepdims', 1) !== 0;
    context.define(output, drop(keptTensor(stored, x, axes, kept), axes, keepDims));
  },
  refuses: (context, node) =>
    context.has(node, 1) && !context.constant(node, 1)
      ? 'its axes depend on the input'
      : kind === 'mean' && context.isInteger(node.outputs[0]!)
        ? 'it averages whole numbers'
        : null,
  finishes: true,
});

export const reduceSum = reduction('sum');
export const reduceMean = reduction('mean');
export const reduceMax = reduction('max');
export const reduceMin = reduction('min');

/** Position of the extreme on one axis; the last one when the node asks for that. */
const position = (reduce: 'argMax' | 'argMin'): Lowering => ({
  lower: (context, node) => {
    const x = context.input(node, 0);
    const given = node.attributes.int('axis', 0);
    const axis = given < 0 ? given + x.shape.length : given;
    const length = x.shape[axis]!;
    const { nest, kept, indices } = reductionNest(x, [axis]);
    const isLast = node.attributes.int('select_last_index', 0) !== 0;
    const reversed = indices.map((index, i) => (i === axis ? affine(length - 1, [nest.red(0), -1]) : index));
    const a = nest.read(x, isLast ? reversed : indices);
    const direction = isLast ? { scale: -1, bias: length - 1 } : { scale: 1 };
    const stored = context.linear(node, '', { nest, reduce, a, range: { lo: 0, hi: length - 1 }, ...direction }, WHOLE);
    const keepDims = node.attributes.int('keepdims', 1) !== 0;
    context.define(node.outputs[0]!, drop(keptTensor(stored, x, [axis], kept), [axis], keepDims));
  },
  wantsWide: true,
});

export const argMax = position('argMax');
export const argMin = position('argMin');
