/** MaxPool, AveragePool and their global forms. */
import { INT32_MIN } from '../../program/step.js';
import type { RealArray } from '../build/linear.js';
import { at, fixed, Nest } from '../build/nest.js';
import { type Target, WHOLE } from '../build/target.js';
import { memoryOrder, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { weightedSum } from './weighted-sum.js';
import { type WindowDim, windowDims, windowIndex } from './window.js';

/** Loops of a pool: the outputs in the memory order of the input, then the kernel. */
export function poolNest(x: Tensor, shape: readonly number[], dims: readonly WindowDim[]) {
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

export function attributeDims(context: LoweringContext, node: PlanNode): WindowDim[] {
  const input = context.shape(node.inputs[0]!).slice(2);
  const output = node.outputs.find((name) => name !== '')!;
  return windowDims(node, input, context.shape(output).slice(2), node.attributes.ints('kernel_shape')!);
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

/**
 * Where the largest element of each window is in the input: its position in the window by argMax, what that is in elements of the
 * input by a table, and the place of the window added.
 */
function lowerIndices(context: LoweringContext, node: PlanNode, dims: readonly WindowDim[]): void {
  const output = node.outputs[1]!;
  const x = context.input(node, 0);
  const shape = context.shape(output);
  const { nest, order, inputAt } = poolNest(x, shape, dims);
  // Row-major over the input, or column-major over its spatial dimensions.
  const isColumnMajor = node.attributes.int('storage_order', 0) !== 0;
  const plane = dims.reduce((n, { input }) => n * input, 1);
  const strides = dims.map((_, i) =>
    (isColumnMajor ? dims.slice(0, i) : dims.slice(i + 1)).reduce((n, { input }) => n * input, 1),
  );
  const positions = Array.from({ length: nest.terms }, (_, flat) => {
    let [rest, position] = [flat, 0];
    for (let i = dims.length - 1; i >= 0; i--) {
      const { kernel, dilation } = dims[i]!;
      position += (rest % kernel) * dilation * strides[i]!;
      rest = Math.floor(rest / kernel);
    }
    return position;
  });
  const table: Target = {
    alpha: 1,
    beta: 0,
    scale: 1,
    isFree: false,
    finish: () => ({
      clamp: { lo: 0, hi: nest.terms - 1 },
      table: { base: 0, data: Int32Array.from(positions) },
      scale: 1,
      integer: true,
    }),
  };
  // Padding is less than everything.
  const a = nest.read(x, inputAt, 1, Math.max(x.range.lo - 1, INT32_MIN));
  const range = { lo: 0, hi: nest.terms - 1 };
  const inWindow = context.linear(node, 'window', { nest, reduce: 'argMax', a, range, scale: 1 }, table);

  const starts = new Float64Array(shape.reduce((n, dim) => n * dim, 1));
  starts.forEach((_, flat) => {
    let [rest, start] = [flat, 0];
    for (let i = dims.length - 1; i >= 0; i--) {
      const { output: size, stride, before } = dims[i]!;
      start += ((rest % size) * stride - before) * strides[i]!;
      rest = Math.floor(rest / size);
    }
    starts[flat] = start + rest * plane;
  });
  const window = context.stored(inWindow, shape, order);
  const place = context.quantiseConstant(`${output}:windows`, starts, shape, true);
  context.define(output, weightedSum(context, node, 'indices', [window, place], [1, 1], shape, WHOLE));
}

export const maxPool: Lowering = {
  lower: (context, node) => {
    const dims = attributeDims(context, node);
    if (node.outputs[1]) lowerIndices(context, node, dims);
    if (node.outputs[0]) lowerMax(context, node, dims);
  },
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
