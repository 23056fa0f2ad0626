/** `Unary`: a function of one tensor. A line without an offset is another scale of the same integers; anything else is one step. */
import { at } from '../build/nest.js';
import { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

export const unary: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const output = node.outputs[0]!;
    const fn = node.unary!;
    const integer = context.isInteger(output);
    const isRescaling =
      fn.affine !== null &&
      fn.affine.alpha > 0 &&
      fn.affine.beta === 0 &&
      fn.affine.lo === Number.NEGATIVE_INFINITY &&
      fn.affine.hi === Number.POSITIVE_INFINITY;
    if (isRescaling && !node.quantum && !(integer && fn.affine!.alpha * x.scale !== 1)) {
      context.define(output, { ...x, scale: x.scale * fn.affine!.alpha, integer });
      return;
    }
    const { nest, order, loopOf } = LoweringContext.elementwise(x);
    const a = nest.read(
      x,
      x.shape.map((_, axis) => at(loopOf(axis))),
    );
    const target = context.target({ ...node, applied: { fn, before: node.inputs[0]! } }, { keep: x });
    const stored = context.linear(node, '', { nest, a, range: x.range, scale: x.scale }, target);
    context.define(output, context.stored(stored, x.shape, order));
  },
};
