/** LayerNormalization, InstanceNormalization, RMSNormalization, MeanVarianceNormalization: statistics of the input itself. */
import { magnitude, multiply as multiplyRanges } from '../../program/range.js';
import { type Operand, scalar, widthFor } from '../../program/step.js';
import { INT32, storedTarget } from '../build/target.js';
import { broadcastTo, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { broadcastIndices, broadcastNest } from './broadcast.js';
import type { LoweringContext } from './context.js';
import { divideByPositive } from './divide.js';
import type { Lowering } from './lowering.js';
import { keptTensor, reductionNest } from './reduce.js';

const RADICAND_BITS = 51;
const STORED_BITS = 30;

/** Bits of numbers whose squares can be added up n times. */
const squarableBits = (n: number): number => Math.min(STORED_BITS, Math.floor((RADICAND_BITS - Math.log2(n)) / 2));

/** The largest integer that the tensor is expected to hold: a wide one has room for a lot more. */
function expected(context: LoweringContext, node: PlanNode, x: Tensor): number {
  const measured = Math.max(...context.range(node.inputs[0]!).map(Math.abs));
  return Math.max(1, Math.min(magnitude(x.range), Math.ceil(measured / x.scale)));
}

/** x - mean over some axes, in integers: the sum, and n·x - sum (exact). */
function deviations(context: LoweringContext, node: PlanNode, x: Tensor, axes: readonly number[]): Tensor {
  const { nest, kept, indices } = reductionNest(x, axes);
  const n = nest.terms;
  const exact = storedTarget(x.scale, INT32, { isFree: false, integer: false });
  const total = context.linear(
    node,
    'sum',
    {
      nest,
      reduce: 'sum',
      a: nest.read(x, indices),
      range: { lo: n * x.range.lo, hi: n * x.range.hi },
      scale: x.scale,
    },
    // Coarser only where the sum of n elements does not fit 32 bits.
    n * magnitude(x.range) < 2 ** 31
      ? exact
      : storedTarget((x.scale * n * magnitude(x.range)) / 2 ** 30, INT32, { isFree: false, integer: false }),
  );
  const sum = broadcastTo(keptTensor(total, x, axes, kept), x.shape);

  // Deviations with as many bits as the sum of n of their squares leaves room for.
  const bits = squarableBits(n);
  const all = broadcastNest([x, sum], x.shape);
  const reach = 2 * n * expected(context, node, x);
  const shift = Math.max(0, Math.ceil(Math.log2(reach)) - bits);
  const half = 2 ** bits;
  const difference = context.builder.step(context.stepName(node, 'deviation'), context.origin(node), {
    nest: all.nest,
    combine: 'sum',
    a: all.nest.read(all.operands[0]!, all.indices, n),
    b: all.nest.read(all.operands[1]!, all.indices, -Math.max(1, Math.round(sum.scale / x.scale))),
    shift,
    lo: -half,
    hi: half,
    width: widthFor(-half, half),
  });
  return context.stored(
    {
      slot: difference,
      range: { lo: -half, hi: half },
      scale: (x.scale * 2 ** shift) / n,
      integer: false,
    },
    x.shape,
    all.order,
  );
}

/** The tensor with no more bits than its squares can be added up with. */
function squarable(context: LoweringContext, node: PlanNode, x: Tensor, axes: readonly number[]): Tensor {
  const half = 2 ** squarableBits(axes.reduce((n, axis) => n * x.shape[axis]!, 1));
  if (magnitude(x.range) <= half) return x;
  const excess = Math.max(1, expected(context, node, x) / half);
  const { nest, kept, indices } = reductionNest(x, []);
  const target = storedTarget(x.scale * excess, { lo: -half, hi: half }, { isFree: false, integer: false });
  const accumulation = { nest, a: nest.read(x, indices), range: x.range, scale: x.scale };
  return keptTensor(context.linear(node, 'squarable', accumulation, target), x, [], kept);
}

/**
 * d / sqrt(mean of d² + epsilon) over some axes: the root of the sum of squares, and the division.
 *
 * @returns the quotient with 24 bits after the point.
 */
function overRoot(
  context: LoweringContext,
  node: PlanNode,
  deviation: Tensor,
  axes: readonly number[],
  epsilon: number,
): Tensor {
  // sqrt(Σ d² · 2^e): one unit is the deviation's scale / sqrt(n · 2^e).
  const squares = reductionNest(deviation, axes);
  const n = squares.nest.terms;
  const read = squares.nest.read(deviation, squares.indices);
  const bits = Math.ceil(Math.log2(magnitude(deviation.range) || 1));
  const room = RADICAND_BITS - Math.ceil(Math.log2(n)) - 2 * bits;
  const exponent = Math.max(0, room);
  const rootScale = deviation.scale / Math.sqrt(n * 2 ** exponent);
  const offset: Operand = scalar(Math.min(Math.round(epsilon / rootScale ** 2), 2 ** RADICAND_BITS));
  const root = context.builder.step(context.stepName(node, 'deviation root'), context.origin(node), {
    nest: squares.nest,
    combine: 'product',
    reduce: 'sum',
    a: read,
    b: read,
    mult: scalar(2 ** exponent),
    add: offset,
    post: 'sqrt',
    lo: 1,
    hi: 2 ** 31 - 1,
    width: 4,
  });
  const spread = keptTensor(
    { slot: root, range: { lo: 1, hi: 2 ** 31 - 1 }, scale: rootScale, integer: false },
    deviation,
    axes,
    squares.kept,
  );
  // No element is further from the mean than sqrt(n) standard deviations.
  const largest = Math.sqrt(n);
  const scale = largest / 2 ** 24;
  return divideByPositive(context, node, 'quotient', deviation, spread, deviation.shape, {
    scale,
    clamp: { lo: -(2 ** 25), hi: 2 ** 25 },
  });
}

/** (x - mean) / sqrt(variance + epsilon) over some axes. */
const standardise = (
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  axes: readonly number[],
  epsilon: number,
): Tensor => overRoot(context, node, deviations(context, node, x, axes), axes, epsilon);

/** The quotient times a constant plus a constant, both of a shape that broadcasts to it. */
function scaleAndShift(
  context: LoweringContext,
  node: PlanNode,
  quotient: Tensor,
  scale: { values: Float64Array; shape: readonly number[] },
  shift: { values: Float64Array; shape: readonly number[] } | null,
): void {
  const { nest, order, operands, indices } = broadcastNest([quotient], quotient.shape);
  const at = (shape: readonly number[]) => ({ shape, at: broadcastIndices(shape, indices) });
  const accumulation = {
    nest,
    a: nest.read(operands[0]!, indices),
    range: quotient.range,
    scale: { values: scale.values.map((value) => value * quotient.scale), ...at(scale.shape) },
    ...(shift ? { bias: { values: shift.values, ...at(shift.shape) } } : {}),
  };
  const stored = context.linear(node, '', accumulation, context.target(node));
  context.define(node.outputs[0]!, context.stored(stored, quotient.shape, order));
}

const constantParameters = (context: LoweringContext, node: PlanNode): string | null =>
  [1, 2].every((i) => !context.has(node, i) || context.constant(node, i)) ? null : 'its scale or bias is not constant';

/** The axes from the node's `axis` on. */
function trailingAxes(node: PlanNode, { shape }: Tensor): number[] {
  const given = node.attributes.int('axis', -1);
  const first = given < 0 ? given + shape.length : given;
  return Array.from({ length: shape.length - first }, (_, i) => first + i);
}

export const layerNormalization: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const axes = trailingAxes(node, x);
    const quotient = standardise(context, node, x, axes, node.attributes.float('epsilon', 1e-5));
    const parameter = (input: number) => {
      const values = context.numbers(node, input);
      return values ? { values, shape: context.shape(node.inputs[input]!) } : null;
    };
    scaleAndShift(context, node, quotient, parameter(1)!, parameter(2));
  },
  refuses: (context, node) =>
    node.outputs.slice(1).some((name) => name !== '')
      ? 'its mean or deviation is used as a result'
      : constantParameters(context, node),
  finishes: true,
};

/** The quotient is the result. */
function store(context: LoweringContext, node: PlanNode, quotient: Tensor): void {
  const ones = { values: Float64Array.of(1), shape: [1] };
  scaleAndShift(context, node, quotient, ones, null);
}

const MEAN_VARIANCE_EPSILON = 1e-9;

export const meanVarianceNormalization: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const rank = x.shape.length;
    const given = node.attributes.ints('axes') ?? [0, 2, 3];
    const axes = given.map((axis) => (axis < 0 ? axis + rank : axis));
    store(context, node, standardise(context, node, x, axes, MEAN_VARIANCE_EPSILON));
  },
  finishes: true,
  wantsWide: true,
};

/** x / sqrt(mean of x² + epsilon) · scale. */
export const rmsNormalization: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const axes = trailingAxes(node, x);
    const epsilon = node.attributes.float('epsilon', 1e-5);
    const quotient = overRoot(context, node, squarable(context, node, x, axes), axes, epsilon);
    const values = context.numbers(node, 1);
    if (values) return scaleAndShift(context, node, quotient, { values, shape: context.shape(node.inputs[1]!) }, null);
    // A scale that is computed.
    const scale = context.input(node, 1);
    const { nest, order, operands, indices } = broadcastNest([quotient, scale], x.shape);
    const [a, b] = operands.map((operand) => nest.read(operand, indices));
    const range = multiplyRanges(quotient.range, scale.range);
    const product = { nest, combine: 'product' as const, a: a!, b: b!, range, scale: quotient.scale * scale.scale };
    const stored = context.linear(node, '', product, context.target(node));
    context.define(node.outputs[0]!, context.stored(stored, x.shape, order));
  },
  finishes: true,
  wantsWide: true,
};

export const instanceNormalization: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const axes = x.shape.map((_, axis) => axis).slice(2);
    const quotient = standardise(context, node, x, axes, node.attributes.float('epsilon', 1e-5));
    const perChannel = (input: number) => ({
      values: context.numbers(node, input)!,
      shape: [x.shape[1]!, ...axes.map(() => 1)],
    });
    scaleAndShift(context, node, quotient, perChannel(1), perChannel(2));
  },
  refuses: constantParameters,
  finishes: true,
};
