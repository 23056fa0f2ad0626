/** Add, Sub, Sum and Mean of tensors that broadcast against each other. (With a scalar constant they are `Unary`.) */
import { multiply as multiplyRanges, point } from '../../program/range.js';
import { INT32, storedTarget } from '../build/target.js';
import { LARGEST_REAL } from '../measure.js';
import type { PlanNode } from '../plan.js';
import { narrowRange } from '../whole-types.js';
import { broadcastIndices, broadcastNest, broadcastShapes } from './broadcast.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { weightedSum } from './weighted-sum.js';
import { loopsOver, wholeInput, wrapped } from './whole.js';

/** A constant operand is added at full precision in the finish of a step that reads the other one. */
function addConstant(
  context: LoweringContext,
  node: PlanNode,
  constant: number,
  signs: readonly [number, number],
): void {
  const output = node.outputs[0]!;
  const shape = context.shape(output);
  const x = context.input(node, 1 - constant);
  const { nest, order, operands, indices } = broadcastNest([x], shape);
  const values = context.numbers(node, constant)!.map((value) => value * signs[constant]!);
  const arrayShape = context.shape(node.inputs[constant]!);
  const bias = { values, shape: arrayShape, at: broadcastIndices(arrayShape, indices) };
  const sign = signs[1 - constant]!;
  const stored = context.linear(
    node,
    '',
    {
      nest,
      a: nest.read(operands[0]!, indices, sign),
      range: multiplyRanges(x.range, point(sign)),
      scale: x.scale,
      bias,
    },
    context.target(node),
  );
  context.define(output, context.stored(stored, shape, order));
}

/** Narrow whole numbers wrap around. */
function addNarrow(context: LoweringContext, node: PlanNode, signs: readonly [number, number]): void {
  const output = node.outputs[0]!;
  const shape = context.shape(output);
  const inputs = [wholeInput(context, node, 0), wholeInput(context, node, 1)] as const;
  const loops = loopsOver(inputs, shape);
  const ranges = inputs.map(({ range }, i) => multiplyRanges(range, point(signs[i]!)));
  const range = { lo: ranges[0]!.lo + ranges[1]!.lo, hi: ranges[0]!.hi + ranges[1]!.hi };
  const sum = { combine: 'sum' as const, a: loops.read(0, signs[0]), b: loops.read(1, signs[1]), range };
  context.define(output, wrapped(context, node, '', loops, shape, sum, context.type(output)));
}

const sumOf = (signs: readonly [number, number]): Lowering => ({
  lower: (context, node) => {
    if (narrowRange(context.type(node.outputs[0]!))) return addNarrow(context, node, signs);
    const isPlain = (i: number): boolean =>
      context.numbers(node, i)?.every((value) => Math.abs(value) <= LARGEST_REAL) === true;
    const constant = [0, 1].find(isPlain);
    if (constant !== undefined) return addConstant(context, node, constant, signs);
    const output = node.outputs[0]!;
    const inputs = [context.input(node, 0), context.input(node, 1)] as const;
    context.define(output, weightedSum(context, node, '', inputs, signs, context.shape(output), context.target(node)));
  },
  finishes: 'reals',
});

export const add = sumOf([1, 1]);
export const subtract = sumOf([1, -1]);

/** Sum and Mean of any number of tensors: pairs, from the left, at the result's scale. */
const sumOfAll = (isMean: boolean): Lowering => ({
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const factor = isMean ? 1 / node.inputs.length : 1;
    const inputs = node.inputs.map((_, i) => {
      const tensor = context.input(node, i);
      return { ...tensor, scale: tensor.scale * factor };
    });
    if (inputs.length === 1) return context.define(output, inputs[0]!);
    let result = inputs[0]!;
    inputs.slice(1).forEach((input, i) => {
      const isLast = i === inputs.length - 2;
      const shape = broadcastShapes(result.shape, input.shape);
      const partial = storedTarget(Math.min(result.scale, input.scale) / 16, INT32, { isFree: true, integer: false });
      const target = isLast ? context.target(node) : partial;
      result = weightedSum(context, node, isLast ? '' : `pair${i}`, [result, input], [1, 1], shape, target);
    });
    context.define(output, result);
  },
  finishes: true,
});

export const sum = sumOfAll(false);
export const mean = sumOfAll(true);
