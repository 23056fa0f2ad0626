/**
 * Softmax and LogSoftmax: the largest value of the axis, exponentials of the differences from it by a table, their sum, and a
 * division. The exponentials have 30 bits, so that the small ones of a long axis keep their precision.
 */
import { magnitude } from '../../program/range.js';
import { MAX_TABLE_LENGTH, scalar } from '../../program/step.js';
import { emitFinished } from '../build/linear.js';
import { storedTarget, type Target, tableTarget } from '../build/target.js';
import { broadcastTo, reshape, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import { divideByPositive } from './divide.js';
import type { Lowering } from './lowering.js';
import { keptTensor, reductionNest } from './reduce.js';
import { reshaped } from './reshape.js';
import { weightedSum } from './weighted-sum.js';

/** Differences below this have exponentials below 2^-30. */
const LOWEST_DIFFERENCE = -21;
const EXPONENTIAL_BITS = 30;
/** Scale of probabilities: 1 is 2^15 - 1 / 2^15 in an ordinary tensor, 2^30 in a wide one. */
const PROBABILITY_BITS = { ordinary: 15, wide: 30 };

/**
 * A table of 2^16 exponentials of the (never positive) difference, with a result scale of 2^-bits.
 *
 * @param masked the input holds negative infinity: whatever is below the table has the exponential 0.
 */
function exponentialTarget(bits: number, span: number, masked: boolean): Target {
  const entries = MAX_TABLE_LENGTH;
  return {
    alpha: 1,
    beta: 0,
    scale: span / (entries - 1),
    isFree: true,
    finish: (scale) => {
      const base = 1 - entries;
      const data = Int32Array.from({ length: entries }, (_, i) => Math.round(Math.exp((base + i) * scale) * 2 ** bits));
      if (masked) data[0] = 0;
      return { clamp: { lo: base, hi: 0 }, table: { base, data }, scale: 2 ** -bits, integer: false };
    },
  };
}

interface Parts {
  readonly differences: Tensor | null;
  readonly exponentials: Tensor;
  readonly sum: Tensor;
}

/** How far values on the axis can be apart by what was measured. */
function spanOf(context: LoweringContext, node: PlanNode): number {
  const [lo, hi] = context.range(node.inputs[0]!);
  return Math.min(Math.max((hi - lo) * 1.25, 1), -LOWEST_DIFFERENCE);
}

function exponentials(
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  axis: number,
  wantsDifferences: boolean,
): Parts {
  const { nest, kept, indices } = reductionNest(x, [axis]);
  const keepX = storedTarget(x.scale, x.range, { isFree: false, integer: x.integer });
  const largest = context.linear(
    node,
    'max',
    { nest, reduce: 'max', a: nest.read(x, indices), range: x.range, scale: x.scale },
    keepX,
  );
  const max = broadcastTo(keptTensor(largest, x, [axis], kept), x.shape);
  const reach = Math.min(2 * magnitude(x.range), 2 ** 31 - 1);
  const exactDifference = storedTarget(x.scale, { lo: -reach, hi: 0 }, { isFree: false, integer: x.integer });
  const differences = wantsDifferences
    ? weightedSum(context, node, 'difference', [x, max], [1, -1], x.shape, exactDifference)
    : null;
  const target = exponentialTarget(
    EXPONENTIAL_BITS,
    spanOf(context, node),
    context.precision(node.inputs[0]!).infinite === true,
  );
  const powers = weightedSum(context, node, 'exp', [x, max], [1, -1], x.shape, target);
  const total = reductionNest(powers, [axis]);
  // The sum of n exponentials is stored with so many bits less that it stays below 2^31.
  const dropped = Math.ceil(Math.log2(total.nest.terms + 1));
  const range = { lo: 0, hi: powers.range.hi * total.nest.terms };
  const stored = emitFinished(
    context.builder,
    context.stepName(node, 'sum'),
    context.origin(node),
    { nest: total.nest, reduce: 'sum', a: total.nest.read(powers, total.indices), range, scale: 1 },
    { mult: scalar(1), add: scalar(0), shift: dropped, scaled: range, scale: powers.scale * 2 ** dropped },
    storedTarget(1, { lo: 0, hi: 2 ** 31 - 1 }, { isFree: false, integer: false }),
  );
  return { differences, exponentials: powers, sum: keptTensor(stored, x, [axis], total.kept) };
}

/** Since opset 13 the axis is one axis; before, all axes from it on are one. */
function onAxis(context: LoweringContext, node: PlanNode, lower: (x: Tensor, axis: number) => Tensor): void {
  const x = context.input(node, 0);
  const rank = x.shape.length;
  const given = node.attributes.int('axis', node.opset >= 13 ? -1 : 1);
  const axis = given < 0 ? given + rank : given;
  const output = node.outputs[0]!;
  if (node.opset >= 13 || axis === rank - 1) {
    context.define(output, lower(x, axis));
    return;
  }
  const rows = x.shape.slice(0, axis).reduce((n, dim) => n * dim, 1);
  const flat = reshaped(context, node, x, [rows, x.shape.slice(axis).reduce((n, dim) => n * dim, 1)]);
  context.define(output, reshape(context.contiguous(node, lower(flat, 1)), x.shape)!);
}

export const softmax: Lowering = {
  lower: (context, node) =>
    onAxis(context, node, (x, axis) => {
      const { exponentials: powers, sum } = exponentials(context, node, x, axis, false);
      const wide = context.precision(node.outputs[0]!).wide;
      const bits = wide ? PROBABILITY_BITS.wide : Math.log2(context.limit + 1);
      const hi = wide ? 2 ** bits : 2 ** bits - 1;
      return divideByPositive(context, node, '', powers, sum, x.shape, { scale: 2 ** -bits, clamp: { lo: 0, hi } });
    }),
  wantsWide: true,
};

/** Pieces of a logarithm's argument: each has a table of its own, and their logarithms add up. */
const LOG_PIECE = 2 ** 5;

/** log(y) for real y from 1 to `largest`: Σ over pieces of the logarithm of y clamped to the piece, less that of its start. */
function logarithm(context: LoweringContext, node: PlanNode, y: Tensor, largest: number, scale: number): Tensor {
  const { nest, kept, indices } = reductionNest(y, []);
  let result: Tensor | null = null;
  for (let start = 1, piece = 0; start < largest || piece === 0; start *= LOG_PIECE, piece++) {
    const end = Math.min(start * LOG_PIECE, Math.max(largest, 2));
    const from = start;
    const fn = {
      label: 'Log',
      evaluate: (value: number) => Math.log(Math.min(Math.max(value, from), end) / from),
      affine: null,
    };
    const table = tableTarget({
      fn,
      given: null,
      argument: [from, end],
      result: [0, Math.log(end / from)],
      precision: { limit: MAX_TABLE_LENGTH / 2 - 1, wide: true },
      integerArgument: false,
      integer: false,
    });
    const accumulation = { nest, a: nest.read(y, indices), range: y.range, scale: y.scale };
    const stored = context.linear(node, `log${piece}`, accumulation, table);
    const part = keptTensor(stored, y, [], kept);
    const target = storedTarget(scale, { lo: -(2 ** 31), hi: 2 ** 31 - 1 }, { isFree: false, integer: false });
    result = result ? weightedSum(context, node, `log${piece}sum`, [result, part], [1, 1], y.shape, target) : part;
  }
  return result!;
}

export const logSoftmax: Lowering = {
  lower: (context, node) =>
    onAxis(context, node, (x, axis) => {
      const { differences, sum } = exponentials(context, node, x, axis, true);
      const log = logarithm(context, node, sum, x.shape[axis]!, 2 ** -24);
      return weightedSum(context, node, '', [differences!, log], [1, -1], x.shape, context.target(node));
    }),
  wantsWide: true,
  finishes: true,
};
