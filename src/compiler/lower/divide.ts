/**
 * Division of tensors. The step's division takes divisors from 1 up; a divisor that can be negative is divided by its magnitude,
 * with its sign given to the dividend first.
 */
import { magnitude, map, type Range } from '../../program/range.js';
import { type Operand, scalar, widthFor } from '../../program/step.js';
import { at } from '../build/nest.js';
import { storedTarget, WHOLE } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { broadcastNest } from './broadcast.js';
import { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { multiplyBy } from './multiply.js';
import { quotient, wholeInput, wrapTensor } from './whole.js';

const LARGEST_DIVIDEND = 2 ** 52;

/** Constants below this have no useful reciprocal. */
const SMALLEST_DIVISOR = 1e-30;

/**
 * `x / y` rounded to the nearest, for y that is never negative; 0 counts as the smallest positive integer.
 *
 * @param wanted scale and clamp of the result; it gets a coarser scale where the dividend has not enough bits.
 */
export function divideByPositive(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  y: Tensor,
  shape: readonly number[],
  wanted: { scale: number; clamp: Range },
): Tensor {
  const { nest, order, operands, indices } = broadcastNest([x, y], shape);
  // v = 2·x·ratio + y, halved and then divided by y: the quotient rounded half up.
  const cost = (s: number, r: number): number =>
    magnitude(x.range) * (r * 2 ** s + 1) + magnitude(y.range) * 2 ** (s - 1) + 2 ** s;
  let ratio = x.scale / (y.scale * wanted.scale);
  let storage = wanted;
  while (cost(1, ratio) >= LARGEST_DIVIDEND) {
    // A coarser result: the dividend has no more bits.
    ratio /= 2;
    storage = { scale: storage.scale * 2, clamp: map(storage.clamp, (value) => Math.ceil(value / 2)) };
  }
  let shift = 1;
  while (shift < 40 && cost(shift + 1, ratio) < LARGEST_DIVIDEND) shift++;
  const mult = Math.max(1, Math.floor(ratio * 2 ** shift));
  const scale = (x.scale * 2 ** shift) / (y.scale * mult);
  const c: Operand = nest.read(operands[1]!, indices);
  const addend: Operand = { ...c, weight: 2 ** (shift - 1) };
  const divisor = { lo: Math.max(y.range.lo, 1), hi: Math.max(y.range.hi, 1) };
  const dividend = map(x.range, (value) => Math.floor((value * mult) / 2 ** shift));
  const ends = [divisor.lo, divisor.hi].flatMap((d) => [
    Math.floor((dividend.lo - 1) / d) - 1,
    Math.floor((dividend.hi + divisor.hi) / d) + 1,
  ]);
  const clampTo = (value: number): number => Math.min(Math.max(value, storage.clamp.lo), storage.clamp.hi);
  const range = {
    lo: x.range.lo >= 0 ? Math.max(0, storage.clamp.lo) : clampTo(Math.min(...ends)),
    hi: clampTo(Math.max(...ends)),
  };
  const source = context.builder.step(context.stepName(node, part), context.origin(node), {
    nest,
    a: nest.read(operands[0]!, indices),
    c,
    mult: scalar(mult),
    add: addend,
    shift,
    post: 'divide',
    lo: range.lo,
    hi: range.hi,
    width: widthFor(range.lo, range.hi),
  });
  return context.stored({ slot: source, range, scale, integer: false }, shape, order);
}

/** |y| and x with the sign of y. */
function moveSign(context: LoweringContext, node: PlanNode, x: Tensor, y: Tensor, shape: readonly number[]) {
  const { nest, order, loopOf } = LoweringContext.elementwise(y);
  const indices = y.shape.map((_, axis) => at(loopOf(axis)));
  const keepY = storedTarget(y.scale, { lo: 0, hi: magnitude(y.range) }, { isFree: false, integer: y.integer });
  const a = nest.read(y, indices);
  const size = context.linear(
    node,
    'magnitude',
    { nest, combine: 'max', a, b: { ...a, weight: -1 }, range: { lo: 0, hi: magnitude(y.range) }, scale: y.scale },
    keepY,
  );
  const flags = context.linear(
    node,
    'sign',
    { nest, combine: 'less', a, b: scalar(0), range: { lo: 0, hi: 1 }, scale: -2, bias: 1 },
    WHOLE,
  );
  const sign = context.stored(flags, y.shape, order);
  const product = broadcastNest([x, sign], shape);
  const [p, q] = product.operands.map((operand) => product.nest.read(operand, product.indices));
  const largest = magnitude(x.range);
  const signed = context.linear(
    node,
    'signed',
    {
      nest: product.nest,
      combine: 'product',
      a: p!,
      b: q!,
      range: { lo: -largest, hi: largest },
      scale: x.scale,
    },
    storedTarget(x.scale, { lo: -largest, hi: largest }, { isFree: false, integer: x.integer }),
  );
  return {
    dividend: context.stored(signed, shape, product.order),
    divisor: context.stored(size, y.shape, order),
  };
}

export const divide: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    if (context.isInteger(output)) {
      const exact = quotient(context, node, wholeInput(context, node, 0), wholeInput(context, node, 1), shape, true);
      return context.define(output, wrapTensor(context, node, 'wrapped', exact, context.type(output)));
    }
    const divisors = context.numbers(node, 1);
    if (divisors?.every((value) => Math.abs(value) > SMALLEST_DIVISOR)) {
      // By constants: a multiplication by their reciprocals.
      multiplyBy(
        context,
        node,
        0,
        divisors.map((value) => 1 / value),
        context.shape(node.inputs[1]!),
      );
      return;
    }
    const [x, y] = [context.input(node, 0), context.input(node, 1)];
    const { dividend, divisor } = y.range.lo >= 0 ? { dividend: x, divisor: y } : moveSign(context, node, x, y, shape);
    const { scale, finish } = context.target({ ...node, outputs: [output] });
    const bounds = finish(scale).clamp;
    context.define(output, divideByPositive(context, node, '', dividend, divisor, shape, { scale, clamp: bounds }));
  },
};
