/** `Quantise`: a real tensor rounded to quanta, where the node before it could not do so in its own step. */
import type { Lowering } from './lowering.js';
import { roundedToQuanta } from './quantize.js';

export const quantise: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const { scale, lo, hi } = node.quantum!;
    const isOnGrid = x.scale === scale && !x.integer && x.range.lo >= lo && x.range.hi <= hi;
    context.define(node.outputs[0]!, isOnGrid ? x : roundedToQuanta(context, node, x, node.quantum!));
  },
  wantsWide: true,
};
