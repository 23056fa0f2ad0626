/**
 * Conv of any rank, group, stride, dilation and padding. The result lies channels-last in its slot, and the reduction runs over
 * the kernel first and the channels last, so that checking one element reads neighbouring leaves.
 */

import { magnitude } from '../../program/range.js';
import type { Bias, Stored } from '../build/linear.js';
import { affine, at, type Index, Nest } from '../build/nest.js';
import type { Tensor } from '../build/tensor.js';
import { toNumbers } from '../onnx/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { windowDims, windowIndex } from './window.js';

/** Weights [group · out][in][kernel...] as [group · out][kernel...][in]. */
export function channelsLast(weights: Float64Array, rows: number, channels: number, kernelSize: number): Float64Array {
  const result = new Float64Array(weights.length);
  for (let row = 0; row < rows; row++)
    for (let channel = 0; channel < channels; channel++)
      for (let k = 0; k < kernelSize; k++)
        result[(row * kernelSize + k) * channels + channel] = weights[(row * channels + channel) * kernelSize + k]!;
  return result;
}

/**
 * Loops of a convolution (batch, output positions, groups, channels of a group; then kernel positions, input channels of a
 * group), and where they read the input, the rows of the weights and within a row.
 *
 * @param shape of the result.
 */
export function convLoops(
  node: PlanNode,
  inputShape: readonly number[],
  weightShape: readonly number[],
  shape: readonly number[],
) {
  const [outChannels, groupChannels, ...kernel] = weightShape as [number, number, ...number[]];
  const outputDims = shape.slice(2);
  const groups = node.attributes.int('group', 1);
  const perGroup = outChannels / groups;
  const dims = windowDims(node, inputShape.slice(2), outputDims, kernel);
  const spatial = kernel.length;
  const nest = new Nest([shape[0]!, ...outputDims, groups, perGroup], [...kernel, groupChannels]);
  const group = 1 + spatial;
  const channel = group + 1;
  const inChannel = nest.red(spatial);
  const inputAt: Index[] = [
    at(0),
    affine(0, [group, groupChannels], [inChannel, 1]),
    ...dims.map((dim, i) => windowIndex(dim, 1 + i, nest.red(i))),
  ];
  const rowAt = [affine(0, [group, perGroup], [channel, 1])];
  const kernelAt = kernel.map((_, i) => at(nest.red(i)));
  return { nest, inputAt, rowAt, kernelAt, inChannel, outChannels, groupChannels, kernel };
}

/** The result of those loops with its channels second. */
export function channelsSecond(context: LoweringContext, stored: Stored, shape: readonly number[]): Tensor {
  const [batch, channels, ...spatial] = shape as [number, number, ...number[]];
  const result = context.stored(stored, [batch, ...spatial, channels], range(shape.length));
  const last = shape.length - 1;
  return { ...result, shape, strides: [result.strides[0]!, result.strides[last]!, ...result.strides.slice(1, last)] };
}

function lower(context: LoweringContext, node: PlanNode): void {
  const x = context.input(node, 0);
  const weightShape = context.shape(node.inputs[1]!);
  const shape = context.shape(node.outputs[0]!);
  const loops = convLoops(node, x.shape, weightShape, shape);
  const { nest, inputAt, rowAt, kernelAt, inChannel, outChannels, groupChannels, kernel } = loops;
  const bias = biasOf(context, node, outChannels, rowAt);
  const target = context.target(node);
  const constant = context.constant(node, 1);
  const stored = constant
    ? context.dot(
        node,
        {
          nest,
          input: x,
          inputAt,
          weights: channelsLast(
            toNumbers(constant),
            outChannels,
            groupChannels,
            kernel.reduce((product, dim) => product * dim, 1),
          ),
          rowDims: [outChannels],
          innerDims: [...kernel, groupChannels],
          rowAt,
          innerAt: [...kernelAt, at(inChannel)],
          ...bias,
        },
        target,
      )
    : convolveData(context, node, { nest, x, inputAt, rowAt, inChannel, bias });
  context.define(node.outputs[0]!, channelsSecond(context, stored, shape));
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

function biasOf(context: LoweringContext, node: PlanNode, channels: number, rowAt: readonly Index[]): { bias?: Bias } {
  if (!context.has(node, 2)) return {};
  const values = context.numbers(node, 2);
  if (values) return { bias: { values, shape: [channels], at: rowAt } };
  return { bias: { tensor: context.input(node, 2), at: rowAt } };
}

interface DataConvolution {
  readonly nest: Nest;
  readonly x: Tensor;
  readonly inputAt: readonly Index[];
  readonly rowAt: readonly Index[];
  readonly inChannel: number;
  readonly bias: { bias?: Bias };
}

/** Weights that are computed by the model have one scale for all. */
function convolveData(context: LoweringContext, node: PlanNode, parts: DataConvolution) {
  const { nest, x, inputAt, rowAt, inChannel, bias } = parts;
  const w = context.input(node, 1);
  const kernelAt = w.shape.slice(2).map((_, i) => at(nest.red(i)));
  const largest = magnitude(x.range) * magnitude(w.range) * nest.terms;
  const accumulation = {
    nest,
    combine: 'product' as const,
    reduce: 'sum' as const,
    a: nest.read(x, inputAt),
    b: nest.read(w, [...rowAt, at(inChannel), ...kernelAt]),
    range: { lo: -largest, hi: largest },
    scale: x.scale * w.scale,
    ...bias,
  };
  return context.linear(node, '', accumulation, context.target(node));
}

export const conv: Lowering = { lower, finishes: true };
