/** Comparisons, logic, and Where. Truth values are the whole numbers 0 and 1. */
import { hull, multiply as multiplyRanges, point } from '../../program/range.js';
import { scalar } from '../../program/step.js';
import { INT32, storedTarget, WHOLE } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { broadcastNest, commonScale } from './broadcast.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

/** @param swapped compares the second operand with the first. */
const comparison = (combine: 'less' | 'lessOrEqual' | 'equal', swapped: boolean): Lowering => ({
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const inputs = [context.input(node, swapped ? 1 : 0), context.input(node, swapped ? 0 : 1)];
    const { nest, order, operands, indices } = broadcastNest(inputs, shape);
    const { weights } = commonScale(operands);
    const [a, b] = operands.map((operand, i) => nest.read(operand, indices, weights[i]!));
    const accumulation = { nest, combine, a: a!, b: b!, range: { lo: 0, hi: 1 }, scale: 1 };
    context.define(output, context.stored(context.linear(node, '', accumulation, WHOLE), shape, order));
  },
});

export const less = comparison('less', false);
export const lessOrEqual = comparison('lessOrEqual', false);
export const greater = comparison('less', true);
export const greaterOrEqual = comparison('lessOrEqual', true);
export const equal = comparison('equal', false);

/** And, Or, Xor as the least, the greatest, and the inequality of 0 and 1. */
const logic = (combine: 'min' | 'max' | 'equal'): Lowering => ({
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const inputs = [context.input(node, 0), context.input(node, 1)];
    const { nest, order, operands, indices } = broadcastNest(inputs, shape);
    const [a, b] = operands.map((operand) => nest.read(operand, indices));
    const negation = combine === 'equal' ? { scale: -1, bias: 1 } : { scale: 1 };
    const range = combine === 'equal' ? { lo: 0, hi: 1 } : hull(operands[0]!.range, operands[1]!.range);
    const accumulation = { nest, combine, a: a!, b: b!, range, ...negation };
    context.define(output, context.stored(context.linear(node, '', accumulation, WHOLE), shape, order));
  },
});

export const and = logic('min');
export const or = logic('max');
export const xor = logic('equal');

export const where: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const inputs = [0, 1, 2].map((i) => context.input(node, i));
    const { nest, order, operands, indices } = broadcastNest(inputs, shape);
    const integer = context.isInteger(output);
    const [condition, x, y] = operands as [(typeof operands)[0], (typeof operands)[0], (typeof operands)[0]];
    const { weights, scale } = commonScale([x, y]);
    const range = hull(multiplyRanges(x.range, point(weights[0]!)), multiplyRanges(y.range, point(weights[1]!)));
    const isSame = weights.every((weight) => weight === 1);
    const kept = storedTarget(scale, integer ? INT32 : range, { isFree: false, integer });
    const accumulation = {
      nest,
      combine: 'select' as const,
      a: nest.read(condition, indices),
      b: nest.read(x, indices, weights[0]!),
      c: nest.read(y, indices, weights[1]!),
      range,
      scale,
    };
    const target = node.applied || !(isSame || integer) ? context.target(node) : kept;
    context.define(output, context.stored(context.linear(node, '', accumulation, target), shape, order));
  },
  finishes: true,
};

/** PRelu: max(x, 0) + slope · min(x, 0). */
export const parametricRelu: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const x = context.input(node, 0);
    const negative = broadcastNest([x], shape);
    const negativePart = context.linear(
      node,
      'negative',
      {
        nest: negative.nest,
        combine: 'min',
        a: negative.nest.read(negative.operands[0]!, negative.indices),
        b: scalar(0),
        range: { lo: Math.min(x.range.lo, 0), hi: 0 },
        scale: x.scale,
      },
      storedTarget(x.scale, { lo: Math.min(x.range.lo, 0), hi: 0 }, { isFree: false, integer: x.integer }),
    );
    const below = context.stored(negativePart, shape, negative.order);
    if (!context.constant(node, 1)) return computedSlope(context, node, x, below);
    // x · 1 + min(x, 0) · (slope - 1)
    const { nest, order, operands, indices } = broadcastNest([below, x], shape);
    const dims = context.shape(node.inputs[1]!);
    const factors = context.numbers(node, 1)!;
    const at = dims.map((dim, i) => (dim === 1 ? { base: 0, terms: [] } : indices[shape.length - dims.length + i]!));
    const accumulation = {
      nest,
      a: nest.read(operands[0]!, indices),
      range: below.range,
      scale: { values: factors.map((value) => (value - 1) * below.scale), shape: dims, at },
      bias: { tensor: operands[1]!, at: indices },
    };
    context.define(output, context.stored(context.linear(node, '', accumulation, context.target(node)), shape, order));
  },
};

/** max(x, 0) + slope · below, the slope being a tensor. */
function computedSlope(context: LoweringContext, node: PlanNode, x: Tensor, below: Tensor): void {
  const output = node.outputs[0]!;
  const shape = context.shape(output);
  const positive = broadcastNest([x], x.shape);
  const top = { lo: 0, hi: Math.max(x.range.hi, 0) };
  const positivePart = context.linear(
    node,
    'positive',
    {
      nest: positive.nest,
      combine: 'max',
      a: positive.nest.read(positive.operands[0]!, positive.indices),
      b: scalar(0),
      range: top,
      scale: x.scale,
    },
    storedTarget(x.scale, top, { isFree: false, integer: x.integer }),
  );
  const above = context.stored(positivePart, x.shape, positive.order);
  const slope = context.input(node, 1);
  const { nest, order, operands, indices } = broadcastNest([below, slope, above], shape);
  const accumulation = {
    nest,
    combine: 'product' as const,
    a: nest.read(operands[0]!, indices),
    b: nest.read(operands[1]!, indices),
    range: multiplyRanges(below.range, slope.range),
    scale: below.scale * slope.scale,
    bias: { tensor: operands[2]!, at: indices },
  };
  context.define(output, context.stored(context.linear(node, '', accumulation, context.target(node)), shape, order));
}
