/** ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceL1, ReduceL2, ReduceSumSquare, ArgMax and ArgMin over any axes. */
import { magnitude, type Range, symmetric } from '../../program/range.js';
import { type Operand, type Step, scalar, widthFor } from '../../program/step.js';

import type { Stored } from '../build/linear.js';
import { affine, at, type Index, Nest } from '../build/nest.js';
import { INT32, storedTarget, WHOLE } from '../build/target.js';
import { memoryOrder, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { quotient } from './whole.js';

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

const variableAxes = (context: LoweringContext, node: PlanNode): boolean =>
  context.has(node, 1) && !context.constant(node, 1);

const VARIABLE_AXES = 'its axes depend on the input';

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
    const isWholeMean = kind === 'mean' && context.isInteger(output);
    const scale = kind === 'mean' && !isWholeMean ? x.scale / nest.terms : x.scale;
    const target = context.target(node, isSum ? {} : { keep: x });
    const reduce = kind === 'max' || kind === 'min' ? kind : 'sum';
    const stored = context.linear(node, isWholeMean ? 'sum' : '', { nest, reduce, a, range, scale }, target);
    const keepDims = node.attributes.int('keepdims', 1) !== 0;
    const result = drop(keptTensor(stored, x, axes, kept), axes, keepDims);
    if (!isWholeMean) return context.define(output, result);
    // Whole numbers are divided towards zero.
    const count = context.quantiseConstant(`${output}:count`, Float64Array.of(nest.terms), [], true);
    context.define(output, quotient(context, node, result, count, result.shape, true));
  },
  refuses: (context, node) => (variableAxes(context, node) ? VARIABLE_AXES : null),
  finishes: kind === 'mean' ? 'reals' : true,
  selects: kind === 'max' || kind === 'min',
});

export const reduceSum = reduction('sum');
export const reduceMean = reduction('mean');
export const reduceMax = reduction('max');
export const reduceMin = reduction('min');

/** Sizes or squares of the elements, added up. */
interface Norm {
  readonly combine: Step['combine'];
  readonly b: Operand;
  readonly range: Range;
  readonly scale: number;
}

const LARGEST_ROOT = 46_341;

/** A sum of |x| or x². */
const norm = (kind: 'sizes' | 'squares'): Lowering => ({
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const given = context.input(node, 0);
    // The square of a larger whole number is no int32 number.
    const isTooLarge = given.integer && kind === 'squares' && magnitude(given.range) > LARGEST_ROOT;
    const x = isTooLarge ? narrower(context, node, given, 1, LARGEST_ROOT) : given;
    const axes = reducedAxes(context, node, x.shape.length);
    const { nest, kept, indices } = reductionNest(x, axes);
    const a = nest.read(x, indices);
    const largest = magnitude(x.range);
    // What is proven of a step does not see that its factors are the same.
    const terms: Norm =
      kind === 'sizes'
        ? { combine: 'max', b: { ...a, weight: -1 }, range: symmetric(largest * nest.terms), scale: x.scale }
        : { combine: 'product', b: a, range: symmetric(largest ** 2 * nest.terms), scale: x.scale ** 2 };
    const stored = context.linear(node, '', { nest, reduce: 'sum', a, ...terms }, context.target(node));
    const keepDims = node.attributes.int('keepdims', 1) !== 0;
    context.define(output, drop(keptTensor(stored, x, axes, kept), axes, keepDims));
  },
  refuses: (context, node) => (variableAxes(context, node) ? VARIABLE_AXES : null),
  finishes: true,
});

export const reduceL1 = norm('sizes');
export const reduceSumSquare = norm('squares');

/** Squares of integers with so many bits can be added up and their root be taken. */
const RADICAND_BITS = 51;

/** √Σx², the root taken of whole numbers as large as can be. */
export const reduceL2: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const axes = reducedAxes(context, node, context.shape(node.inputs[0]!).length);
    const given = context.input(node, 0);
    const terms = axes.reduce((n, axis) => n * given.shape[axis]!, 1);
    const bits = Math.floor((RADICAND_BITS - Math.log2(terms)) / 2);
    const limit = 2 ** bits - 1;
    // Wide numbers are rounded first where the sum of their squares would be too large; whole ones saturate.
    const measured = Math.max(...context.range(node.inputs[0]!).map(Math.abs)) / given.scale;
    const excess = given.integer ? 1 : Math.max(1, Math.min(magnitude(given.range), Math.ceil(measured)) / limit);
    const fits = magnitude(given.range) <= limit;
    const x = fits ? given : narrower(context, node, given, given.scale * excess, limit);
    const { nest, kept, indices } = reductionNest(x, axes);
    const a = nest.read(x, indices);
    const room = RADICAND_BITS - Math.log2(terms * magnitude(x.range) ** 2 || 1);
    const integer = context.isInteger(output);
    const exponent = integer ? 0 : Math.max(0, 2 * Math.floor(Math.min(room, 44) / 2));
    const hi = Math.min(Math.ceil(Math.sqrt(terms * 2 ** exponent) * magnitude(x.range)), INT32.hi);
    const source = context.builder.step(context.stepName(node), context.origin(node), {
      nest,
      combine: 'product',
      reduce: 'sum',
      a,
      b: a,
      mult: scalar(2 ** exponent),
      post: 'sqrt',
      lo: 0,
      hi,
      width: widthFor(0, hi),
    });
    const stored = { slot: source, range: { lo: 0, hi }, scale: x.scale / 2 ** (exponent / 2), integer };
    const keepDims = node.attributes.int('keepdims', 1) !== 0;
    context.define(output, drop(keptTensor(stored, x, axes, kept), axes, keepDims));
  },
  refuses: (context, node) => (variableAxes(context, node) ? VARIABLE_AXES : null),
};

/** The tensor at a coarser scale. */
function narrower(context: LoweringContext, node: PlanNode, x: Tensor, scale: number, limit: number): Tensor {
  const { nest, kept, indices } = reductionNest(x, []);
  const target = storedTarget(scale, { lo: -limit, hi: limit }, { isFree: false, integer: x.integer });
  const accumulation = { nest, a: nest.read(x, indices), range: x.range, scale: x.scale };
  return keptTensor(context.linear(node, 'narrowed', accumulation, target), x, [], kept);
}

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
