/** The sum or difference of two tensors in one step. */
import { add as addRanges, magnitude, multiply as multiplyRanges, point } from '../../program/range.js';
import { scalar } from '../../program/step.js';
import { emitFinished, largestShift, reachable } from '../build/linear.js';
import type { Target } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { broadcastNest } from './broadcast.js';
import type { LoweringContext } from './context.js';

/**
 * A weighted sum of two tensors at a target's scale. The weights are fine enough that only the result is rounded.
 *
 * @param signs 1 or -1 for each operand.
 */
export function weightedSum(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  inputs: readonly [Tensor, Tensor],
  signs: readonly [number, number],
  shape: readonly number[],
  wanted: Target,
): Tensor {
  const { nest, order, operands, indices } = broadcastNest(inputs, shape);
  const sum = operands.reduce((reach, { range, scale }) => reach + magnitude(range) * scale, 0);
  const target = reachable(wanted, sum * Math.abs(wanted.alpha) + Math.abs(wanted.beta));
  const ratios = operands.map(({ scale }, i) => (scale * signs[i]! * target.alpha) / target.scale);
  const isExact = !target.isFree && ratios.every(Number.isInteger) && Number.isInteger(target.beta / target.scale);
  const shift = isExact
    ? 0
    : largestShift((power) => {
        const sizes = operands.map((operand, i) => magnitude(operand.range) * (Math.abs(ratios[i]!) * power + 1));
        return sizes[0]! + sizes[1]! + (Math.abs(target.beta) / target.scale) * power + power;
      });
  const weights = ratios.map((ratio) => Math.floor(ratio * 2 ** shift + 0.5) + 0);
  const addend = Math.floor((target.beta / target.scale) * 2 ** shift + 0.5) + 0;
  const ranges = operands.map((operand, i) => multiplyRanges(operand.range, point(weights[i]!)));
  const range = addRanges(ranges[0]!, ranges[1]!);
  const [a, b] = operands.map((operand, i) => nest.read(operand, indices, weights[i]!));
  const finished = {
    mult: scalar(1),
    add: scalar(addend),
    shift,
    scaled: addRanges(range, point(addend)),
    scale: target.scale,
  };
  const stored = emitFinished(
    context.builder,
    context.stepName(node, part),
    context.origin(node),
    { nest, combine: 'sum', a: a!, b: b!, range, scale: 1 },
    finished,
    target,
  );
  return context.stored(stored, shape, order);
}
