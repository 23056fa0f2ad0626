/** LayerNormalization and InstanceNormalization: statistics of the input itself. */
import { magnitude } from '../../program/range.js';
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

/**
 * (x - mean) / sqrt(variance + epsilon) over some axes, in integers: the sum, n·x - sum (exact), the root of the sum of squares, and
 * the division.
 *
 * @returns the quotient with 24 bits after the point.
 */
function standardise(
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  axes: readonly number[],
  epsilon: number,
): Tensor {
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
  const bits = Math.min(STORED_BITS, Math.floor((RADICAND_BITS - Math.log2(n)) / 2));
  const all = broadcastNest([x, sum], x.shape);
  const reach = 2 * n * magnitude(x.range);
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
  const deviation = context.stored(
    {
      slot: difference,
      range: { lo: -half, hi: half },
      scale: (x.scale * 2 ** shift) / n,
      integer: false,
    },
    x.shape,
    all.order,
  );

  // sqrt(Σ d² · 2^e): one unit is the deviation's scale / sqrt(n · 2^e).
  const squares = reductionNest(deviation, axes);
  const read = squares.nest.read(deviation, squares.indices);
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
  return divideByPositive(context, node, 'quotient', deviation, spread, x.shape, {
    scale,
    clamp: { lo: -(2 ** 25), hi: 2 ** 25 },
  });
}

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

export const layerNormalization: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const rank = x.shape.length;
    const given = node.attributes.int('axis', -1);
    const first = given < 0 ? given + rank : given;
    const axes = Array.from({ length: rank - first }, (_, i) => first + i);
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
