/** ConvInteger and QLinearConv: sums of products of whole numbers, exactly. */
import { magnitude, type Range } from '../../program/range.js';
import type { Bias, RealArray } from '../build/linear.js';
import { at } from '../build/nest.js';
import { storedTarget, type Target, WHOLE } from '../build/target.js';
import { contiguousStrides, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { narrowRange } from '../whole-types.js';
import type { LoweringContext } from './context.js';
import { channelsLast, channelsSecond, convLoops } from './conv.js';
import type { Lowering } from './lowering.js';
import { centred } from './quantisation.js';
import { wholeInput } from './whole.js';

/** Positions of the operands. */
interface Operands {
  readonly x: number;
  readonly w: number;
  readonly xZero: number;
  readonly wZero: number;
}

const INTEGER: Operands = { x: 0, w: 1, xZero: 2, wZero: 3 };
const LINEAR: Operands = { x: 0, xZero: 2, w: 3, wZero: 5 };

interface Weights {
  /** Without their zero points, [out][kernel...][in]. */
  readonly tensor: Tensor;
  /** Sum of each row; of constant weights only. */
  readonly sums: Float64Array | null;
  readonly reach: number;
}

function weightsOf(context: LoweringContext, node: PlanNode, { w, wZero }: Operands): Weights {
  const shape = context.shape(node.inputs[w]!);
  const [rows, channels, ...kernel] = shape as [number, number, ...number[]];
  const size = kernel.reduce((n, dim) => n * dim, 1);
  const values = context.numbers(node, w);
  const zeros = context.has(node, wZero) ? context.numbers(node, wZero) : Float64Array.of(0);
  if (!values || !zeros) {
    const zeroTensor = (): Tensor => {
      const zero = wholeInput(context, node, wZero);
      const length = zero.shape.reduce((n, dim) => n * dim, 1);
      const dims = length === 1 ? [] : [length, ...shape.slice(1).map(() => 1)];
      return { ...zero, shape: dims, strides: contiguousStrides(dims) };
    };
    const perRow = zeros && zeros.length > 1 ? [rows, ...shape.slice(1).map(() => 1)] : [];
    const zeroPoint = zeros ? { values: zeros, shape: perRow } : { tensor: zeroTensor(), shape: [] };
    const exact = centred(context, node, 'weights', wholeInput(context, node, w), zeroPoint);
    const { shape: dims, strides } = exact;
    const order = [0, ...kernel.map((_, i) => i + 2), 1];
    const tensor = { ...exact, shape: order.map((d) => dims[d]!), strides: order.map((d) => strides[d]!) };
    return { tensor, sums: null, reach: magnitude(exact.range) * channels * size };
  }
  const length = channels * size;
  const whole = values.map((value, i) => value - zeros[zeros.length === 1 ? 0 : Math.floor(i / length)]!);
  const sums = new Float64Array(rows);
  const norms = new Float64Array(rows);
  whole.forEach((value, i) => {
    sums[Math.floor(i / length)]! += value;
    norms[Math.floor(i / length)]! += Math.abs(value);
  });
  const layout = channelsLast(whole, rows, channels, size);
  const dims = [rows, ...kernel, channels];
  const tensor = context.quantiseConstant(`${node.name}/weights`, layout, dims, true);
  return { tensor, sums, reach: Math.max(...norms) };
}

/**
 * @param finish scale and bias of each output channel's sum, given what the zero point of the input adds to it.
 */
function convolve(
  context: LoweringContext,
  node: PlanNode,
  operands: Operands,
  target: Target,
  finish: (offsets: Float64Array) => { scale: Float64Array; bias: Float64Array },
): void {
  const output = node.outputs[0]!;
  const shape = context.shape(output);
  const weights = weightsOf(context, node, operands);
  const zeros = context.has(node, operands.xZero) ? context.numbers(node, operands.xZero) : Float64Array.of(0);
  const given = wholeInput(context, node, operands.x);
  // A constant zero point is what padding reads, and is taken away from the sum; a computed one from the input.
  const isFolded = zeros !== undefined && weights.sums !== null;
  const zeroTensor = (): Tensor => ({ ...wholeInput(context, node, operands.xZero), shape: [], strides: [] });
  const x = isFolded
    ? given
    : centred(
        context,
        node,
        'input',
        given,
        zeros ? { values: zeros, shape: [] } : { tensor: zeroTensor(), shape: [] },
      );
  const zero = isFolded ? zeros[0]! : 0;
  const loops = convLoops(node, x.shape, context.shape(node.inputs[operands.w]!), shape);
  const { nest, inputAt, rowAt, kernelAt, inChannel, outChannels } = loops;
  const largest = weights.reach * Math.max(magnitude(x.range), Math.abs(zero));
  const range: Range = { lo: -largest, hi: largest };
  const offsets = Float64Array.from({ length: outChannels }, (_, c) => -zero * (weights.sums?.[c] ?? 0));
  const { scale, bias } = finish(offsets);
  const perChannel = (values: Float64Array): RealArray => ({ values, shape: [values.length], at: rowAt });
  const one = (values: Float64Array): number | RealArray =>
    values.every((value) => value === values[0]) ? values[0]! : perChannel(values);
  const accumulation = {
    nest,
    combine: 'product' as const,
    reduce: 'sum' as const,
    a: nest.read(x, inputAt, 1, zero),
    b: nest.read(weights.tensor, [...rowAt, ...kernelAt, at(inChannel)]),
    range,
    scale: one(scale),
    bias: one(bias) as Bias,
  };
  context.define(output, channelsSecond(context, context.linear(node, '', accumulation, target), shape));
}

export const convInteger: Lowering = {
  lower: (context, node) => convolve(context, node, INTEGER, WHOLE, (bias) => ({ scale: bias.map(() => 1), bias })),
};

export const qLinearConv: Lowering = {
  lower: (context, node) => {
    const scaleOf = (input: number, i = 0): number => {
      const values = context.numbers(node, input)!;
      return values[values.length === 1 ? 0 : i]!;
    };
    const target = storedTarget(1, narrowRange(context.type(node.outputs[0]!))!, { isFree: false, integer: true });
    const added = context.numbers(node, 8);
    const zero = context.numbers(node, 7)?.[0] ?? 0;
    convolve(context, node, LINEAR, target, (offsets) => {
      const scale = offsets.map((_, c) => (scaleOf(1) * scaleOf(4, c)) / scaleOf(6));
      return { scale, bias: offsets.map((offset, c) => (offset + (added?.[c] ?? 0)) * scale[c]! + zero) };
    });
  },
  refuses: (context, node) =>
    [1, 4, 6, 7, 8].some((i) => context.has(node, i) && !context.constant(node, i))
      ? 'its scales, its bias or the zero point of its result are not constant'
      : null,
};
