/** Abs of whole numbers too wide for a table. (Of all others it is `Unary`.) */
import type { Lowering } from './lowering.js';
import { absolute, wholeInput, wrapTensor } from './whole.js';

export const absoluteValue: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const size = absolute(context, node, '', wholeInput(context, node, 0));
    context.define(output, wrapTensor(context, node, 'wrapped', size, context.type(output)));
  },
};
