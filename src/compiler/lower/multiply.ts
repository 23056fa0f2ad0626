/** Mul of tensors that broadcast against each other. (With a scalar constant it is `Unary`.) */
import { magnitude, multiply as multiplyRanges } from '../../program/range.js';
import { storedTarget } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { narrowRange } from '../whole-types.js';
import { broadcastIndices, broadcastNest } from './broadcast.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { loopsOver, wholeInput, wrapped } from './whole.js';

/** Multiplies an input by constants, each a multiplier of 31 bits. */
export function multiplyBy(
  context: LoweringContext,
  node: PlanNode,
  input: number,
  factors: Float64Array,
  factorShape: readonly number[],
): void {
  const output = node.outputs[0]!;
  const shape = context.shape(output);
  const x = context.input(node, input);
  const { nest, order, operands, indices } = broadcastNest([x], shape);
  const values = factors.map((value) => value * x.scale);
  const scale = { values, shape: factorShape, at: broadcastIndices(factorShape, indices) };
  const a = nest.read(operands[0]!, indices);
  const stored = context.linear(node, '', { nest, a, range: x.range, scale }, context.target(node));
  context.define(output, context.stored(stored, shape, order));
}

/** Products of stored integers stay below this, so that the finish has room. */
const LARGEST_PRODUCT = 2 ** 51;

/**
 * Two factors whose product is exact. 32-bit ones are saturated at a power of two that is as far as possible above what was
 * measured of them.
 */
function exactFactors(context: LoweringContext, node: PlanNode, factors: readonly [Tensor, Tensor]): readonly Tensor[] {
  if (magnitude(factors[0].range) * magnitude(factors[1].range) <= LARGEST_PRODUCT) return factors;
  const needed = factors.map(({ scale }, i) => {
    const [lo, hi] = context.range(node.inputs[i]!);
    return Math.ceil(Math.log2(Math.max(-lo, hi, 1) / scale + 1));
  });
  const spare = Math.max(0, Math.floor((Math.log2(LARGEST_PRODUCT) - needed[0]! - needed[1]!) / 2));
  return factors.map((factor, i) => {
    const limit = 2 ** Math.min(needed[i]! + spare, 31);
    if (magnitude(factor.range) <= limit) return factor;
    const { nest, order, operands, indices } = broadcastNest([factor], factor.shape);
    const bounds = { lo: Math.max(factor.range.lo, -limit), hi: Math.min(factor.range.hi, limit) };
    const target = storedTarget(factor.scale, bounds, { isFree: false, integer: factor.integer });
    const accumulation = { nest, a: nest.read(operands[0]!, indices), range: factor.range, scale: factor.scale };
    return context.stored(context.linear(node, `factor${i}`, accumulation, target), factor.shape, order);
  });
}

/** Narrow whole numbers wrap around. */
function multiplyNarrow(context: LoweringContext, node: PlanNode): void {
  const output = node.outputs[0]!;
  const shape = context.shape(output);
  const inputs = [wholeInput(context, node, 0), wholeInput(context, node, 1)] as const;
  const loops = loopsOver(inputs, shape);
  const range = multiplyRanges(inputs[0].range, inputs[1].range);
  const product = { combine: 'product' as const, a: loops.read(0), b: loops.read(1), range };
  context.define(output, wrapped(context, node, '', loops, shape, product, context.type(output)));
}

export const multiply: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    if (narrowRange(context.type(output))) return multiplyNarrow(context, node);
    const shape = context.shape(output);
    const constant = context.isInteger(output) ? undefined : [0, 1].find((i) => context.constant(node, i));
    if (constant !== undefined) {
      const factors = context.numbers(node, constant)!;
      return multiplyBy(context, node, 1 - constant, factors, context.shape(node.inputs[constant]!));
    }
    const [x, y] = exactFactors(context, node, [context.input(node, 0), context.input(node, 1)]) as [Tensor, Tensor];
    const { nest, order, operands, indices } = broadcastNest([x, y], shape);
    const [a, b] = operands.map((operand) => nest.read(operand, indices));
    const accumulation = {
      nest,
      combine: 'product' as const,
      a: a!,
      b: b!,
      range: multiplyRanges(x.range, y.range),
      scale: x.scale * y.scale,
    };
    const stored = context.linear(node, '', accumulation, context.target(node));
    context.define(output, context.stored(stored, shape, order));
  },
  finishes: 'reals',
};
