/** GatherElements and GatherND: one indexed read for each element of the result. */
import { at, fixed, type Index, Nest } from '../build/nest.js';
import { storedTarget } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import { fromStart } from './gather.js';
import type { Lowering } from './lowering.js';

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Indices from the start of an axis, constant or computed. */
export function indicesOf(context: LoweringContext, node: PlanNode, input: number, dim: number): Tensor {
  const constant = context.numbers(node, input);
  if (!constant) return fromStart(context, node, context.input(node, input), dim);
  const positions = constant.map((index) => (index < 0 ? index + dim : index));
  return context.quantiseConstant(
    context.stepName(node, 'indices'),
    positions,
    context.shape(node.inputs[input]!),
    true,
  );
}

export const gatherElements: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = context.input(node, 0);
    const given = node.attributes.int('axis', 0);
    const axis = given < 0 ? given + x.shape.length : given;
    const shape = context.shape(output);
    const indices = indicesOf(context, node, 1, x.shape[axis]!);
    const nest = new Nest(shape);
    const loops = shape.map((_, i) => at(i));
    const accumulation = {
      nest,
      combine: 'indexed' as const,
      a: nest.read(
        x,
        loops.map((loop, i) => (i === axis ? fixed(0) : loop)),
      ),
      b: nest.read(indices, loops),
      index: { stride: x.strides[axis]!, extent: x.shape[axis]! },
      range: x.range,
      scale: x.scale,
    };
    const stored = context.linear(node, '', accumulation, context.target(node, { keep: x }));
    context.define(output, context.stored(stored, shape, range(shape.length)));
  },
  finishes: true,
  isView: true,
};

/** Flat positions [batch..., more...] of index tuples [batch..., more..., tuple] over axes with these sizes and strides. */
function flatPositions(
  context: LoweringContext,
  node: PlanNode,
  dims: readonly number[],
  strides: readonly number[],
): Tensor {
  const tupleShape = context.shape(node.inputs[1]!);
  const shape = tupleShape.slice(0, -1);
  const length = dims.length;
  const constant = context.numbers(node, 1);
  if (constant) {
    const positions = Float64Array.from({ length: constant.length / length }, (_, i) =>
      dims.reduce((sum, dim, k) => {
        const index = constant[i * length + k]!;
        return sum + (index < 0 ? index + dim : index) * strides[k]!;
      }, 0),
    );
    return context.quantiseConstant(context.stepName(node, 'positions'), positions, shape, true);
  }
  const indices = context.input(node, 1);
  const most = dims.reduce((sum, dim, k) => sum + (dim - 1) * strides[k]!, 0);
  const target = storedTarget(1, { lo: 0, hi: most }, { isFree: false, integer: true });
  // One component of the tuples after the other: a negative one counts from the end.
  let sum: Tensor | null = null;
  dims.forEach((dim, k) => {
    const component: Tensor = {
      ...indices,
      shape,
      strides: indices.strides.slice(0, -1),
      offset: indices.offset + k * indices.strides.at(-1)!,
    };
    const index = fromStart(context, node, component, dim);
    const nest = new Nest(shape);
    const loops = shape.map((_, i) => at(i));
    const clamped = context.linear(
      node,
      `index${k}`,
      { nest, a: nest.read(index, loops), range: index.range, scale: 1 },
      storedTarget(1, { lo: 0, hi: dim - 1 }, { isFree: false, integer: true }),
    );
    const inside = context.stored(clamped, shape, range(shape.length));
    const bias = sum ? { bias: { tensor: sum, at: loops } } : {};
    const stored = context.linear(
      node,
      `position${k}`,
      { nest, a: nest.read(inside, loops), range: { lo: 0, hi: dim - 1 }, scale: strides[k]!, ...bias },
      target,
    );
    sum = context.stored(stored, shape, range(shape.length));
  });
  return sum!;
}

export const gatherNd: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const batch = node.attributes.int('batch_dims', 0);
    const tupleShape = context.shape(node.inputs[1]!);
    const length = tupleShape.at(-1)!;
    const input = context.input(node, 0);
    const isForward = input.strides.every((stride) => stride >= 0);
    const x = isForward ? input : context.contiguous(node, input);
    const indexed = range(length).map((k) => batch + k);
    const dims = indexed.map((axis) => x.shape[axis]!);
    const strides = indexed.map((axis) => x.strides[axis]!);
    const positions = flatPositions(context, node, dims, strides);
    const shape = context.shape(output);
    const nest = new Nest(shape);
    const firstInner = tupleShape.length - 1;
    const dataAt: Index[] = x.shape.map((_, axis) => {
      if (axis < batch) return at(axis);
      return axis < batch + length ? fixed(0) : at(firstInner + axis - batch - length);
    });
    const accumulation = {
      nest,
      combine: 'indexed' as const,
      a: nest.read(x, dataAt),
      b: nest.read(
        positions,
        range(firstInner).map((i) => at(i)),
      ),
      index: { stride: 1, extent: 1 + dims.reduce((sum, dim, k) => sum + (dim - 1) * strides[k]!, 0) },
      range: x.range,
      scale: x.scale,
    };
    const stored = context.linear(node, '', accumulation, context.target(node, { keep: x }));
    context.define(output, context.stored(stored, shape, range(shape.length)));
  },
  finishes: true,
  isView: true,
};
