/** Steps on whole numbers that are exact for every value of the type: sums and products that wrap, quotients, remainders. */
import { add as addRanges, magnitude, multiply as multiplyRanges, type Range } from '../../program/range.js';
import { INT32_MAX, INT32_MIN, type Operand, type Step, scalar, widthFor } from '../../program/step.js';
import type { Nest } from '../build/nest.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { narrowRange } from '../whole-types.js';
import { broadcastNest } from './broadcast.js';
import type { LoweringContext } from './context.js';

type Elementwise = ReturnType<typeof broadcastNest>;

export interface WholeStep {
  readonly combine?: Step['combine'];
  readonly a: Operand;
  readonly b?: Operand;
  readonly c?: Operand;
  readonly mult?: Operand;
  readonly add?: Operand;
  readonly shift?: number;
  readonly post?: Step['post'];
  readonly index?: Step['index'];
  readonly lookup?: Step['lookup'];
  /** What the result can be, before a lookup. */
  readonly range: Range;
  /** What the table gives. */
  readonly result?: Range;
}

/** One elementwise step. */
export function wholeStep(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  { nest, order }: Pick<Elementwise, 'nest' | 'order'>,
  shape: readonly number[],
  { range, result, ...fields }: WholeStep,
): Tensor {
  const lo = Math.max(range.lo, INT32_MIN);
  const hi = Math.min(range.hi, INT32_MAX);
  const stored = result ?? { lo, hi };
  const slot = context.builder.step(context.stepName(node, part), context.origin(node), {
    nest,
    ...fields,
    lo,
    hi,
    width: widthFor(stored.lo, stored.hi),
  });
  return context.stored({ slot, range: stored, scale: 1, integer: true }, shape, order);
}

/** Loops over tensors that broadcast to a shape, and a reader of each. */
export function loopsOver(tensors: readonly Tensor[], shape: readonly number[]) {
  const loops = broadcastNest(tensors, shape);
  const read = (i: number, weight = 1): Operand => loops.nest.read(loops.operands[i]!, loops.indices, weight);
  return { ...loops, read };
}

/** Reads a tensor that was made by loops of the same shape. */
export const readAgain = (
  loops: { nest: Nest; indices: Elementwise['indices'] },
  tensor: Tensor,
  weight = 1,
): Operand => loops.nest.read(tensor, loops.indices, weight);

/**
 * An exact combination of two operands as a type keeps it: where it can leave the type, how often it does is found first
 * (`floor((x - lowest) / 2^bits)`), and taken away from it.
 */
export function wrapped(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  loops: Elementwise,
  shape: readonly number[],
  step: Pick<WholeStep, 'combine' | 'a' | 'b' | 'range'>,
  type: string,
): Tensor {
  const bounds = narrowRange(type);
  const { range } = step;
  if (!bounds || (range.lo >= bounds.lo && range.hi <= bounds.hi))
    return wholeStep(context, node, part, loops, shape, step);
  const bits = Math.log2(bounds.hi - bounds.lo + 1);
  const turnsOf = (value: number): number => Math.floor((value - bounds.lo) / 2 ** bits);
  const turns = wholeStep(context, node, part === '' ? 'turns' : `${part} turns`, loops, shape, {
    ...step,
    // The step's rounding adds half of 2^bits.
    add: scalar(-bounds.lo - 2 ** (bits - 1)),
    shift: bits,
    range: { lo: turnsOf(range.lo), hi: turnsOf(range.hi) },
  });
  return wholeStep(context, node, part, loops, shape, {
    ...step,
    add: readAgain(loops, turns, -(2 ** bits)),
    range: bounds,
  });
}

/** A tensor's values as a type keeps them. */
export function wrapTensor(context: LoweringContext, node: PlanNode, part: string, x: Tensor, type: string): Tensor {
  const bounds = narrowRange(type);
  if (!bounds || (x.range.lo >= bounds.lo && x.range.hi <= bounds.hi)) return x;
  const loops = loopsOver([x], x.shape);
  return wrapped(context, node, part, loops, x.shape, { a: loops.read(0), range: x.range }, type);
}

/** -1, 0 or 1. */
export function signOf(context: LoweringContext, node: PlanNode, part: string, x: Tensor): Tensor {
  const loops = loopsOver([x], x.shape);
  return wholeStep(context, node, part, loops, x.shape, { a: loops.read(0), range: { lo: -1, hi: 1 } });
}

export function absolute(context: LoweringContext, node: PlanNode, part: string, x: Tensor): Tensor {
  if (x.range.lo >= 0) return x;
  const loops = loopsOver([x], x.shape);
  return wholeStep(context, node, part, loops, x.shape, {
    combine: 'max',
    a: loops.read(0),
    b: loops.read(0, -1),
    range: { lo: 0, hi: magnitude(x.range) },
  });
}

/** The product of two tensors, one of them being -1, 0 or 1. */
export function times(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  sign: Tensor,
  shape: readonly number[],
): Tensor {
  const loops = loopsOver([x, sign], shape);
  const range = multiplyRanges(x.range, sign.range);
  return wholeStep(context, node, part, loops, shape, {
    combine: 'product',
    a: loops.read(0),
    b: loops.read(1),
    range,
  });
}

/** `floor(x / y)` for y from 1 up. */
export function floorQuotient(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  y: Tensor,
  shape: readonly number[],
): Tensor {
  const loops = loopsOver([x, y], shape);
  const least = Math.max(y.range.lo, 1);
  const ends = [x.range.lo, x.range.hi].flatMap((value) =>
    [least, Math.max(y.range.hi, 1)].map((divisor) => Math.floor(value / divisor)),
  );
  return wholeStep(context, node, part, loops, shape, {
    a: loops.read(0),
    c: loops.read(1),
    post: 'divide',
    range: { lo: Math.min(...ends), hi: Math.max(...ends) },
  });
}

/** The quotient rounded towards zero (`truncated`) or down, for divisors of any sign. */
export function quotient(
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  y: Tensor,
  shape: readonly number[],
  truncated: boolean,
): Tensor {
  const divisor = absolute(context, node, 'divisor', y);
  const sign = y.range.lo < 0 ? signOf(context, node, 'divisor sign', y) : null;
  if (!truncated) {
    const dividend = sign ? times(context, node, 'dividend', x, sign, shape) : x;
    return floorQuotient(context, node, 'quotient', dividend, divisor, shape);
  }
  const size = floorQuotient(context, node, 'size', absolute(context, node, 'dividend', x), divisor, shape);
  const signed = x.range.lo < 0 ? times(context, node, 'signed', size, signOf(context, node, 'sign', x), shape) : size;
  return sign ? times(context, node, 'quotient', signed, sign, shape) : signed;
}

/** `x - y · floor(x / y)`, or with the quotient truncated. */
export function remainder(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  y: Tensor,
  shape: readonly number[],
  truncated: boolean,
): Tensor {
  const q = quotient(context, node, x, y, shape, truncated);
  const loops = loopsOver([q, y, x], shape);
  const most = Math.max(magnitude(y.range) - 1, 0);
  const range = truncated
    ? { lo: x.range.lo < 0 ? -most : 0, hi: x.range.hi > 0 ? most : 0 }
    : { lo: y.range.lo < 0 ? -most : 0, hi: y.range.hi > 0 ? most : 0 };
  return wholeStep(context, node, part, loops, shape, {
    combine: 'product',
    a: loops.read(0),
    b: loops.read(1, -1),
    add: loops.read(2),
    range: addRanges(range, { lo: 0, hi: 0 }),
  });
}

/** An input of a whole-number type, whose values are known to be within it. */
export function wholeInput(context: LoweringContext, node: PlanNode, input: number): Tensor {
  const tensor = context.input(node, input);
  const bounds = narrowRange(context.type(node.inputs[input]!));
  if (!bounds) return tensor;
  const lo = Math.max(tensor.range.lo, bounds.lo);
  const hi = Math.min(tensor.range.hi, bounds.hi);
  return lo <= hi ? { ...tensor, range: { lo, hi } } : tensor;
}

/** The tensor saturated, where its slot can hold more. */
export function saturated(context: LoweringContext, node: PlanNode, part: string, x: Tensor, bounds: Range): Tensor {
  const loops = loopsOver([x], x.shape);
  const range = { lo: Math.max(x.range.lo, bounds.lo), hi: Math.min(x.range.hi, bounds.hi) };
  return wholeStep(context, node, part, loops, x.shape, { a: loops.read(0), range });
}
