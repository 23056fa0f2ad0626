/** Col2Im: every position of the image is the sum of the block elements that lie over it. */
import { at, type Index, Nest } from '../build/nest.js';
import { reshape, slice, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { type Phase, phaseOf } from './phase.js';
import { reshaped } from './reshape.js';

interface ImageDim extends Phase {
  /** Blocks along the dimension. */
  readonly blocks: number;
}

function imageDims(context: LoweringContext, node: PlanNode): ImageDim[] {
  const image = [...context.numbers(node, 1)!];
  const block = [...context.numbers(node, 2)!];
  const strides = node.attributes.ints('strides') ?? block.map(() => 1);
  const dilations = node.attributes.ints('dilations') ?? block.map(() => 1);
  const pads = node.attributes.ints('pads') ?? block.flatMap(() => [0, 0]);
  return block.map((kernel, i) => {
    const before = pads[i]!;
    const [stride, dilation] = [strides[i]!, dilations[i]!];
    const room = image[i]! + before + pads[block.length + i]! - dilation * (kernel - 1) - 1;
    const phase = phaseOf({ kernel, stride, dilation, before, output: image[i]! });
    return { ...phase, blocks: Math.floor(room / stride) + 1 };
  });
}

export const col2Im: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const [batch, channels, ...image] = shape as [number, number, ...number[]];
    const dims = imageDims(context, node);
    const spatial = dims.length;
    // [batch, channels · block positions, blocks] with an axis for each dimension.
    const whole = [batch, channels, ...dims.map(({ kernel }) => kernel), ...dims.map(({ blocks }) => blocks)];
    const columns = reshaped(context, node, context.input(node, 0), whole);
    const nest = new Nest(
      [batch, channels, ...dims.flatMap(({ turns, stride }) => [turns, stride])],
      dims.map(({ taps }) => taps),
    );
    const indices: Index[] = [
      at(0),
      at(1),
      ...dims.map((dim, i) => dim.kernelIndex(3 + 2 * i, nest.red(i))),
      ...dims.map((dim, i) => dim.inputAt(2 + 2 * i, nest.red(i))),
    ];
    const range = {
      lo: Math.min(columns.range.lo, 0) * nest.terms,
      hi: Math.max(columns.range.hi, 0) * nest.terms,
    };
    const accumulation = { nest, reduce: 'sum' as const, a: nest.read(columns, indices), range, scale: columns.scale };
    const stored = context.linear(node, '', accumulation, context.target(node));
    const covered = [batch, channels, ...dims.map(({ turns, stride }) => turns * stride)];
    const order = Array.from({ length: spatial + 2 }, (_, i) => i);
    const result = dims.reduce<Tensor>(
      (view, { first }, i) => slice(view, 2 + i, first, 1, image[i]!),
      context.stored(stored, covered, order),
    );
    context.define(output, reshape(result, shape)!);
  },
  refuses: (context, node) => {
    if (!context.constant(node, 1) || !context.constant(node, 2)) return 'its image or its block depends on the input';
    return imageDims(context, node).some(({ isStretched }) => isStretched)
      ? 'its blocks are dilated and more than one element apart'
      : null;
  },
  finishes: true,
};
