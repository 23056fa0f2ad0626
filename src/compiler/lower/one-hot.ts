/** OneHot: each index compared with every class. */
import { at, Nest } from '../build/nest.js';
import { WHOLE } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { LoweringContext } from './context.js';
import { fromStart } from './gather.js';
import type { Lowering } from './lowering.js';

/** Indices may be real numbers that are whole. */
function wholeIndices(context: LoweringContext, node: PlanNode): Tensor {
  const x = context.input(node, 0);
  if (x.integer) return x;
  const { nest, order, loopOf } = LoweringContext.elementwise(x);
  const a = nest.read(
    x,
    x.shape.map((_, axis) => at(loopOf(axis))),
  );
  const stored = context.linear(node, 'whole', { nest, a, range: x.range, scale: x.scale }, WHOLE);
  return context.stored(stored, x.shape, order);
}

export const oneHot: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const given = node.attributes.int('axis', -1);
    const axis = given < 0 ? given + shape.length : given;
    const depth = shape[axis]!;
    const [off, on] = context.numbers(node, 2) as unknown as [number, number];
    const indices = fromStart(context, node, wholeIndices(context, node), depth);
    const numbers = Float64Array.from({ length: depth }, (_, i) => i);
    const classes = context.quantiseConstant(context.stepName(node, 'classes'), numbers, [depth], true);
    const nest = new Nest(shape);
    const accumulation = {
      nest,
      combine: 'equal' as const,
      a: nest.read(
        indices,
        indices.shape.map((_, i) => at(i < axis ? i : i + 1)),
      ),
      b: nest.read(classes, [at(axis)]),
      range: { lo: 0, hi: 1 },
      scale: on - off,
      bias: off,
    };
    const stored = context.linear(node, '', accumulation, context.target(node));
    context.define(
      output,
      context.stored(
        stored,
        shape,
        shape.map((_, i) => i),
      ),
    );
  },
  refuses: (context, node) =>
    context.constant(node, 1) && context.constant(node, 2) ? null : 'its depth or its values depend on the input',
  finishes: true,
};
