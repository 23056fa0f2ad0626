/**
 * ConvTranspose of any rank, group, stride, dilation and padding, without inserting zeros: an output position t (counted from the
 * start of the padding) is q·stride + p, and each phase p sees its own elements of the kernel, p, p + stride, ... So it is a
 * convolution with one set of weights for each phase. The result lies channels-last in its slot.
 */
import { magnitude } from '../../program/range.js';
import type { Bias } from '../build/linear.js';
import { affine, at, type Index, Nest } from '../build/nest.js';
import { slice, type Tensor } from '../build/tensor.js';
import { toNumbers } from '../onnx/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { type Phase, phaseOf, stretchKernel } from './phase.js';

/** Padding before each spatial dimension: given, or what is left over by the output's size. */
function padsBefore(node: PlanNode, input: readonly number[], output: readonly number[], kernel: readonly number[]) {
  const { attributes } = node;
  const strides = attributes.ints('strides') ?? kernel.map(() => 1);
  const dilations = attributes.ints('dilations') ?? kernel.map(() => 1);
  const outputPadding = attributes.ints('output_padding') ?? kernel.map(() => 0);
  const autoPad = attributes.text('auto_pad', 'NOTSET');
  const isDerived = attributes.has('output_shape') || autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER';
  const pads = attributes.ints('pads') ?? [];
  const before = kernel.map((size, i) => {
    if (autoPad === 'VALID') return 0;
    if (!isDerived) return pads[i] ?? 0;
    const whole = strides[i]! * (input[i]! - 1) + outputPadding[i]! + (size - 1) * dilations[i]! + 1;
    const total = Math.max(whole - output[i]!, 0);
    return autoPad === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  return { strides, dilations, before };
}

/** Weights [group · in][out of a group][kernel...] as [phase...][group · out][positions of the phase...][in of a group]. */
function phaseWeights(
  weights: Float64Array,
  groups: number,
  [inChannels, perGroup]: readonly [number, number],
  kernel: readonly number[],
  phases: readonly Phase[],
): Float64Array {
  const inPerGroup = inChannels / groups;
  const outChannels = groups * perGroup;
  const kernelSize = kernel.reduce((n, dim) => n * dim, 1);
  const result = new Float64Array(
    phases.reduce((n, { stride, taps }) => n * stride * taps, 1) * outChannels * inPerGroup,
  );
  const loops = [...phases.map(({ stride }) => stride), outChannels, ...phases.map(({ taps }) => taps), inPerGroup];
  const index = loops.map(() => 0);
  const spatial = phases.length;
  for (let i = 0; i < result.length; i++) {
    let position = 0;
    let isInside = true;
    phases.forEach((phase, d) => {
      const k = phase.kernelAt(index[d]!, index[spatial + 1 + d]!);
      if (k >= kernel[d]!) isInside = false;
      position = position * kernel[d]! + k;
    });
    const out = index[spatial]!;
    const input = Math.floor(out / perGroup) * inPerGroup + index[loops.length - 1]!;
    if (isInside) result[i] = weights[(input * perGroup + (out % perGroup)) * kernelSize + position]!;
    for (let d = loops.length - 1; d >= 0; d--) {
      index[d] = index[d]! + 1;
      if (index[d]! < loops[d]!) break;
      index[d] = 0;
    }
  }
  return result;
}

function lower(context: LoweringContext, node: PlanNode): void {
  const x = context.input(node, 0);
  const inputDims = x.shape.slice(2);
  const [inChannels, perGroup, ...kernel] = context.shape(node.inputs[1]!) as [number, number, ...number[]];
  const shape = context.shape(node.outputs[0]!);
  const outputDims = shape.slice(2);
  const groups = node.attributes.int('group', 1);
  const spatial = kernel.length;
  const outChannels = groups * perGroup;
  const { strides, dilations, before } = padsBefore(node, inputDims, outputDims, kernel);
  const phases = kernel.map((size, i) =>
    phaseOf({
      kernel: size,
      stride: strides[i]!,
      dilation: dilations[i]!,
      before: before[i]!,
      output: outputDims[i]!,
    }),
  );

  // Loops: batch, turns and phases of each dimension, groups, channels of a group; then taps, input channels of a group.
  const nest = new Nest(
    [shape[0]!, ...phases.flatMap(({ turns, stride }) => [turns, stride]), groups, perGroup],
    [...phases.map(({ taps }) => taps), inChannels / groups],
  );
  const group = 1 + 2 * spatial;
  const channel = group + 1;
  const inChannel = nest.red(spatial);
  const phaseLoop = (i: number): number => 2 + 2 * i;
  const inChannelAt = affine(0, [group, inChannels / groups], [inChannel, 1]);
  const inputAt: Index[] = [at(0), inChannelAt, ...phases.map((phase, i) => phase.inputAt(1 + 2 * i, nest.red(i)))];
  const channelAt = affine(0, [group, perGroup], [channel, 1]);
  const bias = biasOf(context, node, outChannels, channelAt);
  const target = context.target(node);
  const stretched = phases.map(({ isStretched }, i) => (isStretched ? dilations[i]! : 1));
  const stretchedKernel = phases.map((phase) => phase.kernel);
  const constant = context.constant(node, 1);
  let stored: ReturnType<LoweringContext['dot']>;
  if (constant) {
    const { values } = stretchKernel(toNumbers(constant), [inChannels, perGroup, ...kernel], [1, 1, ...stretched]);
    stored = context.dot(
      node,
      {
        nest,
        input: x,
        inputAt,
        weights: phaseWeights(values, groups, [inChannels, perGroup], stretchedKernel, phases),
        rowDims: [...phases.map(({ stride }) => stride), outChannels],
        innerDims: [...phases.map(({ taps }) => taps), inChannels / groups],
        rowAt: [...phases.map((_, i) => at(phaseLoop(i))), channelAt],
        innerAt: [...phases.map((_, i) => at(nest.red(i))), at(inChannel)],
        ...bias,
      },
      target,
    );
  } else {
    let w = context.input(node, 1);
    if (stretched.some((n) => n > 1)) w = insertZeros(context, node, w, [1, 1, ...stretched]);
    const kernelAt = phases.map((phase, i) => phase.kernelIndex(phaseLoop(i), nest.red(i)));
    const largest = magnitude(x.range) * magnitude(w.range) * nest.terms;
    stored = context.linear(
      node,
      '',
      {
        nest,
        combine: 'product',
        reduce: 'sum',
        a: nest.read(x, inputAt),
        b: nest.read(w, [inChannelAt, at(channel), ...kernelAt]),
        range: { lo: -largest, hi: largest },
        scale: x.scale * w.scale,
        ...bias,
      },
      target,
    );
  }
  const wholeDims = phases.map(({ turns, stride }) => turns * stride);
  const order = Array.from({ length: spatial + 2 }, (_, i) => i);
  const lastAxes = context.stored(stored, [shape[0]!, ...wholeDims, outChannels], order);
  const last = spatial + 1;
  const whole: Tensor = {
    ...lastAxes,
    shape: [shape[0]!, outChannels, ...wholeDims],
    strides: [lastAxes.strides[0]!, lastAxes.strides[last]!, ...lastAxes.strides.slice(1, last)],
  };
  const result = phases.reduce((view, { first }, i) => slice(view, 2 + i, first, 1, outputDims[i]!), whole);
  context.define(node.outputs[0]!, result);
}

/** Zeros between the elements of computed weights: those at positions that no view can step over. */
function insertZeros(context: LoweringContext, node: PlanNode, w: Tensor, times: readonly number[]): Tensor {
  // Two loops for each axis: its elements, and what follows each of them.
  const nest = new Nest(w.shape.flatMap((dim, axis) => [dim, times[axis]!]));
  const rank = w.shape.length;
  // An axis of one element for each second loop: beyond it the view reads 0.
  const guarded: Tensor = {
    ...w,
    shape: [...w.shape, ...w.shape.map(() => 1)],
    strides: [...w.strides, ...w.strides.map(() => 0)],
  };
  const indices = guarded.shape.map((_, i) => at(i < rank ? 2 * i : 2 * (i - rank) + 1));
  const accumulation = { nest, a: nest.read(guarded, indices), range: w.range, scale: w.scale };
  const target = { ...w.range, lo: Math.min(w.range.lo, 0), hi: Math.max(w.range.hi, 0) };
  const stored = context.linear(
    node,
    'kernel',
    { ...accumulation, range: target },
    {
      alpha: 1,
      beta: 0,
      scale: w.scale,
      isFree: false,
      finish: (scale) => ({ clamp: target, table: null, scale, integer: w.integer }),
    },
  );
  const shape = w.shape.map((dim, axis) => dim * times[axis]!);
  return context.stored(
    stored,
    shape,
    shape.map((_, axis) => axis),
  );
}

function biasOf(context: LoweringContext, node: PlanNode, channels: number, channelAt: Index): { bias?: Bias } {
  if (!context.has(node, 2)) return {};
  const values = context.numbers(node, 2);
  if (values) return { bias: { values, shape: [channels], at: [channelAt] } };
  return { bias: { tensor: context.input(node, 2), at: [channelAt] } };
}

export const convTranspose: Lowering = { lower, finishes: true };
