/** BatchNormalization with constant statistics that could not be folded into the node before it. */
import { at } from '../build/nest.js';
import { channelAffine } from '../passes/channel-affine.js';
import { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

export const batchNormalization: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const { mul, add } = channelAffine(context.plan, node, 1)!;
    const { nest, order, loopOf } = LoweringContext.elementwise(x);
    const indices = x.shape.map((_, axis) => at(loopOf(axis)));
    const channels = { shape: [mul.length], at: [indices[1]!] };
    const accumulation = {
      nest,
      a: nest.read(x, indices),
      range: x.range,
      scale: { values: mul.map((m) => m * x.scale), ...channels },
      bias: { values: add, ...channels },
    };
    const stored = context.linear(node, '', accumulation, context.target(node));
    context.define(node.outputs[0]!, context.stored(stored, x.shape, order));
  },
  refuses: (context, node) =>
    channelAffine(context.plan, node, 1) ? null : 'its statistics are not constant, or it is in training mode',
  finishes: true,
};
