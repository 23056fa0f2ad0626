/** QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear. */
import { magnitude, type Range } from '../../program/range.js';
import { type Operand, scalar, widthFor } from '../../program/step.js';
import { constantOperand, largestShift } from '../build/linear.js';
import { at, Nest } from '../build/nest.js';
import { storedTarget } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode, Quantum } from '../plan.js';
import { roundHalfEven } from '../scalar/operators.js';
import { narrowRange } from '../whole-types.js';
import { broadcastNest } from './broadcast.js';
import { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { centred, combine, isScalar, type Parameter, parameter, realArray } from './quantisation.js';
import { loopsOver, wholeInput, wholeStep } from './whole.js';

/** Fewer halves than these have a table. */
const MOST_HALVES = 16_000;
/** A half within 2^-14 of a whole number of halves is one: scales are not exact. */
const TIE_BITS = 14;

/**
 * `round(x / scale)`, halves to even, in two steps. The first finds how many halves there are below, `u`; the second adds how many
 * there are not above: the sum is 4q at q, 4q + 2 in the middle between q and q + 1, and odd elsewhere.
 *
 * @param ratio integers of x to quanta.
 * @param finish what becomes of the quanta.
 */
function roundedHalves(
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  ratio: Parameter,
  quanta: Range,
  finish: (q: number) => number,
): Tensor {
  const { nest, order, loopOf } = LoweringContext.elementwise(x);
  const indices = x.shape.map((_, axis) => at(loopOf(axis)));
  const a = nest.read(x, indices);
  const halves = { lo: 2 * quanta.lo - 2, hi: 2 * quanta.hi + 2 };
  const largest = Math.max(...ratio.values) * 2;
  const shift = largestShift((power) =>
    largest * power > 2 ** 31 - 2
      ? Number.POSITIVE_INFINITY
      : magnitude(x.range) * (largest * power + 1) + (halves.hi - halves.lo + 4) * power,
  );
  const factor = constantArray(context, node, nest, ratio, indices, 2 ** -shift / 2);
  const length = halves.hi - halves.lo + 1;
  const below = Int32Array.from({ length }, (_, i) => (halves.lo + i) * 2 ** TIE_BITS + 2 ** (TIE_BITS - 1) - 1);
  const table = context.builder.constant(context.stepName(node, 'halves'), below) as { index: number };
  const slot = context.builder.step(context.stepName(node, 'halves below'), context.origin(node), {
    nest,
    a,
    mult: factor,
    // Down, and not to the nearest.
    add: scalar(Math.round(2 ** shift * 2 ** -TIE_BITS) - Math.floor(2 ** (shift - 1))),
    shift,
    lo: halves.lo,
    hi: halves.hi,
    lookup: { constant: table.index, base: halves.lo, length },
    width: 4,
  });
  const range = { lo: below[0]!, hi: below[length - 1]! };
  const u = context.stored({ slot, range, scale: 1, integer: true }, x.shape, order);
  const sums = { lo: 2 * halves.lo, hi: 2 * halves.hi };
  const values = Int32Array.from({ length: sums.hi - sums.lo + 1 }, (_, i) => {
    const sum = sums.lo + i;
    return finish(sum % 2 === 0 ? roundHalfEven(sum / 4) : Math.round(sum / 4));
  });
  const results = context.builder.constant(context.stepName(node, 'quanta'), values) as { index: number };
  let [lo, hi] = [values[0]!, values[0]!];
  for (const value of values) [lo, hi] = [Math.min(lo, value), Math.max(hi, value)];
  const quantised = context.builder.step(context.stepName(node, 'quanta'), context.origin(node), {
    nest,
    a,
    mult: factor,
    add: nest.read(u, indices, 2 ** (shift - TIE_BITS)),
    shift,
    lo: sums.lo,
    hi: sums.hi,
    lookup: { constant: results.index, base: sums.lo, length: values.length },
    width: widthFor(lo, hi),
  });
  return context.stored({ slot: quantised, range: { lo, hi }, scale: 1, integer: true }, x.shape, order);
}

function constantArray(
  context: LoweringContext,
  node: PlanNode,
  nest: Nest,
  ratio: Parameter,
  indices: Parameters<typeof realArray>[1],
  unit: number,
): Operand {
  const array = realArray(ratio, indices);
  if (typeof array === 'number') return scalar(Math.round(array / unit));
  return constantOperand(context.builder, context.stepName(node, 'scale'), nest, array, unit).operand;
}

/** Whole numbers plus constants, saturated. */
function shifted(context: LoweringContext, node: PlanNode, x: Tensor, zero: Parameter, bounds: Range): Tensor {
  const loops = loopsOver([x], x.shape);
  const accumulation = { nest: loops.nest, a: loops.read(0), range: x.range, scale: 1 };
  const bias = realArray(zero, loops.indices);
  const target = storedTarget(1, bounds, { isFree: false, integer: true });
  return context.stored(context.linear(node, '', { ...accumulation, bias }, target), x.shape, loops.order);
}

/** One step, halves up: of 16-bit results no table is large enough. */
function roundedUp(
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  ratio: Parameter,
  zero: Parameter,
  bounds: Range,
): Tensor {
  const loops = loopsOver([x], x.shape);
  const scale = realArray(ratio, loops.indices);
  const bias = realArray(zero, loops.indices);
  const target = storedTarget(1, bounds, { isFree: false, integer: true });
  const accumulation = { nest: loops.nest, a: loops.read(0), range: x.range, scale, bias };
  return context.stored(context.linear(node, '', accumulation, target), x.shape, loops.order);
}

/** `x / scale`, the scale being computed by the model: one number, or some that broadcast. */
function byComputedScale(context: LoweringContext, node: PlanNode, x: Tensor, scale: Tensor, bounds: Range): Tensor {
  const loops = loopsOver([x, scale], x.shape);
  const ratio = (2 * x.scale) / scale.scale;
  const shift = largestShift((power) => (magnitude(x.range) * (ratio + 1) + magnitude(scale.range)) * power * 2);
  const positive = Math.max(shift, 1);
  const slot = context.builder.step(context.stepName(node, 'quotient'), context.origin(node), {
    nest: loops.nest,
    a: loops.read(0),
    mult: scalar(Math.round(ratio * 2 ** positive)),
    add: loops.read(1, 2 ** positive),
    c: loops.read(1, 2),
    shift: positive,
    post: 'divide',
    lo: 2 * bounds.lo - bounds.hi,
    hi: 2 * bounds.hi - bounds.lo,
    width: 4,
  });
  const range = { lo: 2 * bounds.lo - bounds.hi, hi: 2 * bounds.hi - bounds.lo };
  return context.stored({ slot, range, scale: 1, integer: true }, x.shape, loops.order);
}

/** A real tensor at the scale of a quantum. */
export function roundedToQuanta(
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  { scale, lo, hi }: Quantum,
): Tensor {
  const ratio: Parameter = { values: Float64Array.of(x.scale / scale), shape: [], axis: 0 };
  const isSmall = 4 * (hi - lo) < MOST_HALVES && ratio.values[0]! < 2 ** 20;
  const zero: Parameter = { values: Float64Array.of(0), shape: [], axis: 0 };
  const whole = isSmall
    ? roundedHalves(context, node, x, ratio, { lo, hi }, (q) => Math.min(Math.max(q, lo), hi))
    : roundedUp(context, node, x, ratio, zero, { lo, hi });
  return { ...whole, scale, integer: false };
}

export const quantizeLinear: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = context.input(node, 0);
    const bounds = narrowRange(context.type(output))!;
    const zero = parameter(context, node, 2, x.shape, 0);
    const scale = parameter(context, node, 1, x.shape, 1);
    if (!scale || !zero) {
      const quotient = byComputedScale(context, node, x, context.input(node, 1), bounds);
      if (zero) return context.define(output, shifted(context, node, quotient, zero, bounds));
      const loops = loopsOver([quotient, wholeInput(context, node, 2)], x.shape);
      const sum = { combine: 'sum' as const, a: loops.read(0), b: loops.read(1), range: bounds };
      return context.define(output, wholeStep(context, node, '', loops, x.shape, sum));
    }
    const ratio: Parameter = { ...scale, values: scale.values.map((value) => x.scale / value) };
    const quanta = {
      lo: bounds.lo - Math.max(...zero.values),
      hi: bounds.hi - Math.min(...zero.values),
    };
    const isSmall = 4 * (quanta.hi - quanta.lo) < MOST_HALVES;
    const fits = Math.max(...ratio.values) < 2 ** 20;
    if (!isSmall || !fits) return context.define(output, roundedUp(context, node, x, ratio, zero, bounds));
    const saturate = (q: number): number => Math.min(Math.max(q, bounds.lo), bounds.hi);
    if (isScalar(zero)) {
      const finish = (q: number): number => saturate(q + zero.values[0]!);
      return context.define(output, roundedHalves(context, node, x, ratio, quanta, finish));
    }
    const q = roundedHalves(context, node, x, ratio, quanta, (value) => value);
    context.define(output, shifted(context, node, q, zero, bounds));
  },
  refuses: (context, node) => {
    const output = node.outputs[0]!;
    if (!narrowRange(context.type(output))) return `its results are of the type ${context.type(output)}`;
    const computed = [1, 2].filter((i) => context.has(node, i) && !context.constant(node, i));
    return computed.some((i) => context.shape(node.inputs[i]!).some((dim) => dim !== 1))
      ? 'it has several scales that are not constant'
      : null;
  },
  wantsWide: true,
};

export const dequantizeLinear: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = wholeInput(context, node, 0);
    const zero = parameter(context, node, 2, x.shape, 0);
    const scale = parameter(context, node, 1, x.shape, 1);
    if (scale && zero && isScalar(scale) && isScalar(zero) && scale.values[0]! > 0) {
      const exact = centred(context, node, '', x, { values: zero.values, shape: [] });
      return context.define(output, { ...exact, scale: scale.values[0]!, integer: false });
    }
    if (scale && zero) {
      const loops = loopsOver([x], x.shape);
      const offset = combine(scale, zero, (s, z) => -s * z);
      const accumulation = {
        nest: loops.nest,
        a: loops.read(0),
        range: x.range,
        scale: realArray(scale, loops.indices),
        bias: realArray(offset, loops.indices),
      };
      const stored = context.linear(node, '', accumulation, context.target(node));
      return context.define(output, context.stored(stored, x.shape, loops.order));
    }
    const tensor = context.has(node, 2) ? { tensor: wholeInput(context, node, 2), shape: [] } : null;
    const exact = centred(context, node, 'centred', x, tensor);
    const factor = context.input(node, 1);
    const loops = broadcastNest([exact, factor], x.shape);
    const [a, b] = loops.operands.map((operand) => loops.nest.read(operand, loops.indices)) as [Operand, Operand];
    const largest = magnitude(exact.range) * magnitude(factor.range);
    const range = { lo: -largest, hi: largest };
    const accumulation = { nest: loops.nest, combine: 'product' as const, a, b, range, scale: factor.scale };
    const stored = context.linear(node, '', accumulation, context.target(node));
    context.define(output, context.stored(stored, x.shape, loops.order));
  },
  refuses: (context, node) => {
    const computed = [1, 2].filter((i) => context.has(node, i) && !context.constant(node, i));
    return computed.some((i) => context.shape(node.inputs[i]!).some((dim) => dim !== 1))
      ? 'it has several scales that are not constant'
      : null;
  },
};

const BYTE_MAX = 255;

/** Scale and zero point from the smallest and largest element, as exact quotients of integers. */
export const dynamicQuantizeLinear: Lowering = {
  lower: (context, node) => {
    const [output, scaleName, zeroName] = node.outputs as [string, string?, string?];
    const x = context.input(node, 0);
    const all = new Nest([], x.shape);
    const everything = all.read(
      x,
      x.shape.map((_, axis) => at(all.red(axis))),
    );
    const end = (part: string, reduce: 'max' | 'min', range: Range): Tensor => {
      const slot = context.builder.step(context.stepName(node, part), context.origin(node), {
        nest: all,
        reduce,
        a: everything,
        lo: range.lo,
        hi: range.hi,
        width: widthFor(range.lo, range.hi),
      });
      return context.stored({ slot, range, scale: x.scale, integer: false }, [], []);
    };
    const highest = end('highest', 'max', { lo: 0, hi: Math.max(x.range.hi, 0) });
    const lowest = end('lowest', 'min', { lo: Math.min(x.range.lo, 0), hi: 0 });
    const ends = loopsOver([highest, lowest], []);
    const spread = wholeStep(context, node, 'spread', ends, [], {
      combine: 'sum',
      a: ends.read(0),
      b: ends.read(1, -1),
      range: { lo: 1, hi: Math.min(highest.range.hi - lowest.range.lo, 2 ** 31 - 1) },
    });
    // (2 · 255 · x + spread) / (2 · spread) rounded down is x / (spread / 255) rounded half up.
    const zero = loopsOver([lowest, spread], []);
    const zeroPoint = wholeStep(context, node, 'zero point', zero, [], {
      a: zero.read(0, -2 * BYTE_MAX),
      add: zero.read(1),
      c: zero.read(1, 2),
      post: 'divide',
      range: { lo: 0, hi: BYTE_MAX },
    });
    const loops = loopsOver([x, spread], x.shape);
    const quanta = wholeStep(context, node, 'quanta', loops, x.shape, {
      a: loops.read(0, 2 * BYTE_MAX),
      add: loops.read(1),
      c: loops.read(1, 2),
      post: 'divide',
      range: { lo: -BYTE_MAX, hi: BYTE_MAX },
    });
    const sum = loopsOver([quanta, zeroPoint], x.shape);
    const result = wholeStep(context, node, '', sum, x.shape, {
      combine: 'sum',
      a: sum.read(0),
      b: sum.read(1),
      range: { lo: 0, hi: BYTE_MAX },
    });
    context.define(output, result);
    if (scaleName) context.define(scaleName, { ...spread, scale: x.scale / BYTE_MAX, integer: false });
    if (zeroName) context.define(zeroName, zeroPoint);
  },
  wantsWide: true,
};
