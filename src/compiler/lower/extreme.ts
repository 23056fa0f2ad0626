/** Max and Min of tensors that broadcast against each other. (With a scalar constant they are `Unary`.) */
import { multiply as multiplyRanges, point, type Range } from '../../program/range.js';
import { storedTarget, type Target } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { broadcastNest, broadcastShapes, commonScale } from './broadcast.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

/** Max or Min of two tensors. */
export function extremeOfTwo(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  combine: 'max' | 'min',
  inputs: readonly [Tensor, Tensor],
  shape: readonly number[],
  target: Target | null,
): Tensor {
  const { nest, order, operands, indices } = broadcastNest(inputs, shape);
  const { weights, scale } = commonScale(operands);
  const [a, b] = operands.map((operand, i) => nest.read(operand, indices, weights[i]!));
  const [x, y] = operands.map((operand, i) => multiplyRanges(operand.range, point(weights[i]!))) as [Range, Range];
  const pick = combine === 'max' ? Math.max : Math.min;
  const range = { lo: pick(x.lo, y.lo), hi: pick(x.hi, y.hi) };
  const coarsest = Math.max(...inputs.map((input) => input.scale));
  const bounds = {
    lo: Math.min(...inputs.map((input) => input.range.lo)),
    hi: Math.max(...inputs.map((input) => input.range.hi)),
  };
  const integer = inputs.every((input) => input.integer);
  const stored = context.linear(
    node,
    part,
    { nest, combine, a: a!, b: b!, range, scale },
    target ?? storedTarget(coarsest, bounds, { isFree: false, integer }),
  );
  return context.stored(stored, shape, order);
}

/** Any number of operands: pairs, from the left. */
const extremeOf = (combine: 'max' | 'min'): Lowering => ({
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const inputs = node.inputs.map((_, i) => context.input(node, i));
    let result = inputs[0]!;
    if (inputs.length === 1) return context.define(output, result);
    inputs.slice(1).forEach((input, i) => {
      const isLast = i === inputs.length - 2;
      const shape = broadcastShapes(result.shape, input.shape);
      const target = isLast ? context.target(node) : null;
      result = extremeOfTwo(context, node, isLast ? '' : `pair${i}`, combine, [result, input], shape, target);
    });
    context.define(output, result);
  },
  finishes: true,
});

export const maximum = extremeOf('max');
export const minimum = extremeOf('min');
