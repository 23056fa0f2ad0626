/** Compress by a constant condition, ReverseSequence by constant lengths, CenterCropPad: elements at known places. */
import { at, fixed, Nest } from '../build/nest.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { pick, window } from './pick.js';
import { reshaped } from './reshape.js';

const normal = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

export const compress: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const positions = [...context.numbers(node, 1)!].flatMap((taken, i) => (taken ? [i] : []));
    const isFlat = !node.attributes.has('axis');
    const source = isFlat ? reshaped(context, node, x, [x.shape.reduce((n, dim) => n * dim, 1)]) : x;
    const axis = isFlat ? 0 : normal(node.attributes.int('axis', 0), x.shape.length);
    context.define(node.outputs[0]!, pick(context, node, '', source, axis, positions));
  },
  refuses: (context, node) => (context.constant(node, 1) ? null : 'how much it gives depends on the input'),
  isView: true,
};

export const reverseSequence: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = context.input(node, 0);
    const batch = node.attributes.int('batch_axis', 1);
    const time = node.attributes.int('time_axis', 0);
    const lengths = context.numbers(node, 1)!;
    const steps = x.shape[time]!;
    const positions = Float64Array.from({ length: steps * lengths.length }, (_, i) => {
      const t = i % steps;
      const length = lengths[Math.floor(i / steps)]!;
      return t < length ? length - 1 - t : t;
    });
    const dims = [lengths.length, steps];
    const table = context.quantiseConstant(context.stepName(node, 'positions'), positions, dims, true);
    const nest = new Nest(x.shape);
    const accumulation = {
      nest,
      combine: 'indexed' as const,
      a: nest.read(
        x,
        x.shape.map((_, i) => (i === time ? fixed(0) : at(i))),
      ),
      b: nest.read(table, [at(batch), at(time)]),
      index: { stride: x.strides[time]!, extent: steps },
      range: x.range,
      scale: x.scale,
    };
    const stored = context.linear(node, '', accumulation, context.target(node, { keep: x }));
    const order = x.shape.map((_, i) => i);
    context.define(output, context.stored(stored, x.shape, order));
  },
  refuses: (context, node) => (context.constant(node, 1) ? null : 'its lengths depend on the input'),
  finishes: true,
  isView: true,
};

/** Where the result begins in each axis: half of what is cut off, or less half of what is added, both rounded down. */
function centreStarts(context: LoweringContext, node: PlanNode): number[] {
  const from = context.shape(node.inputs[0]!);
  const to = context.shape(node.outputs[0]!);
  return from.map((dim, axis) => {
    const less = dim - to[axis]!;
    return less >= 0 ? Math.floor(less / 2) : -Math.floor(-less / 2);
  });
}

export const centreCropPad: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const shape = context.shape(node.outputs[0]!);
    const result = window(context, node, '', x, centreStarts(context, node), shape);
    context.define(node.outputs[0]!, result);
  },
  refuses: (context, node) => (context.constant(node, 1) ? null : 'its shape depends on the input'),
  isView: true,
};
