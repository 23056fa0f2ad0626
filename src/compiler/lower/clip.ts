/** Clip by bounds that the model computes. (By constant ones it is `Unary`.) */
import { extremeOfTwo } from './extreme.js';
import type { Lowering } from './lowering.js';

export const clip: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const [hasMin, hasMax] = [context.has(node, 1), context.has(node, 2)];
    let result = context.input(node, 0);
    if (hasMin) {
      const target = hasMax ? null : context.target(node);
      result = extremeOfTwo(context, node, hasMax ? 'min' : '', 'max', [result, context.input(node, 1)], shape, target);
    }
    if (hasMax) {
      const target = context.target(node);
      result = extremeOfTwo(context, node, '', 'min', [result, context.input(node, 2)], shape, target);
    }
    context.define(output, result);
  },
  finishes: true,
};
