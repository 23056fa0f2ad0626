/** MaxPool, AveragePool and their global forms. */
import type { RealArray } from '../build/linear.js';
import { at, fixed, Nest } from '../build/nest.js';
import { memoryOrder, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { type WindowDim, windowDims, windowIndex } from './window.js';

/** Loops of a pool: the outputs in the memory order of the input, then the kernel. */
function poolNest(x: Tensor, shape: readonly number[], dims: readonly WindowDim[]) {
  const order = memoryOrder(x);
  const nest = new Nest(
    order.map((axis) => shape[axis]!),
    dims.map(({ kernel }) => kernel),
  );
  const loopOf = (axis: number): number => order.indexOf(axis);
  const inputAt = x.shape.map((_, axis) =>
    axis < 2 ? at(loopOf(axis)) : windowIndex(dims[axis - 2]!, loopOf(axis), nest.red(axis - 2)),
  );
  return { nest, order, loopOf, inputAt };
}

function lowerMax(context: LoweringContext, node: PlanNode, dims: readonly WindowDim[]): void {
  const x = context.input(node, 0);
  const shape = context.shape(node.outputs[0]!);
  const { nest, order, inputAt } = poolNest(x, shape, dims);
  // Padding reads the least value there is, so it never wins.
  const a = nest.read(x, inputAt, 1, x.range.lo);
  const target = context.target(node, { keep: x });
  const stored = context.linear(node, '', { nest, reduce: 'max', a, range: x.range, scale: x.scale }, target);
  context.define(node.outputs[0]!, context.stored(stored, shape, order));
}

/** How many elements the average at each output position is over, along one dimension. */
function counts(dim: WindowDim, includePadding: boolean): number[] {
  const [first, end] = includePadding ? [-dim.before, dim.input + dim.after] : [0, dim.input];
  return Array.from({ length: dim.output }, (_, o) => {
    let count = 0;
    for (let k = 0; k < dim.kernel; k++) {
      const position = o * dim.stride - dim.before + k * dim.dilation;
      if (position >= first && position < end) count++;
    }
    return Math.max(count, 1);
  });
}

function lowerAverage(
  context: LoweringContext,
  node: PlanNode,
  dims: readonly WindowDim[],
  includePadding: boolean,
): void {
  const x = context.input(node, 0);
  const shape = context.shape(node.outputs[0]!);
  const { nest, order, loopOf, inputAt } = poolNest(x, shape, dims);
  const perDim = dims.map((dim) => counts(dim, includePadding));
  const isEven = perDim.every((list) => list.every((count) => count === list[0]));
  let scale: number | RealArray = x.scale / perDim.reduce((n, list) => n * list[0]!, 1);
  if (!isEven) {
    let values = [x.scale];
    for (const list of perDim) values = values.flatMap((value) => list.map((count) => value / count));
    scale = {
      values: Float64Array.from(values),
      shape: dims.map(({ output }) => output),
      at: dims.map((dim, i) => (dim.output === 1 ? fixed(0) : at(loopOf(i + 2)))),
    };
  }
  const range = { lo: Math.min(x.range.lo, 0) * nest.terms, hi: Math.max(x.range.hi, 0) * nest.terms };
  const a = nest.read(x, inputAt);
  const stored = context.linear(node, '', { nest, reduce: 'sum', a, range, scale }, context.target(node));
  context.define(node.outputs[0]!, context.stored(stored, shape, order));
}

function attributeDims(context: LoweringContext, node: PlanNode): WindowDim[] {
  const input = context.shape(node.inputs[0]!).slice(2);
  return windowDims(node, input, context.shape(node.outputs[0]!).slice(2), node.attributes.ints('kernel_shape')!);
}

/** One window over everything. */
function globalDims(context: LoweringContext, node: PlanNode): WindowDim[] {
  const input = context.shape(node.inputs[0]!).slice(2);
  return input.map((size) => ({
    input: size,
    output: 1,
    kernel: size,
    stride: 1,
    dilation: 1,
    before: 0,
    after: 0,
  }));
}

const noIndices = (_: LoweringContext, node: PlanNode): string | null =>
  node.outputs[1] ? 'its second result, the indices, is used' : null;

export const maxPool: Lowering = {
  lower: (context, node) => lowerMax(context, node, attributeDims(context, node)),
  refuses: noIndices,
  finishes: true,
};

export const globalMaxPool: Lowering = {
  lower: (context, node) => lowerMax(context, node, globalDims(context, node)),
  finishes: true,
};

export const averagePool: Lowering = {
  lower: (context, node) => {
    const includePadding = node.attributes.int('count_include_pad', 0) !== 0;
    lowerAverage(context, node, attributeDims(context, node), includePadding);
  },
  finishes: true,
};

export const globalAveragePool: Lowering = {
  lower: (context, node) => lowerAverage(context, node, globalDims(context, node), false),
  finishes: true,
};
