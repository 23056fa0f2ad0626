/**
 * Concat. A part of a concatenation is a view that reads 0 outside of its place; one step adds three such views, two and
 * the addend.
 */
import { hull, multiply as multiplyRanges, point } from '../../program/range.js';
import { scalar } from '../../program/step.js';
import { emitFinished, largestShift } from '../build/linear.js';
import { affine, at, Nest } from '../build/nest.js';
import { storedTarget } from '../build/target.js';
import { memoryOrder, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

/** A tensor and where it begins on the axis. */
interface Part {
  readonly tensor: Tensor;
  readonly start: number;
}

const PARTS_A_STEP = 3;

/** Adds up to three parts into a tensor of the whole shape. */
function join(
  context: LoweringContext,
  node: PlanNode,
  name: string,
  parts: readonly Part[],
  axis: number,
  shape: readonly number[],
): Tensor {
  const order = memoryOrder(parts[0]!.tensor);
  const nest = new Nest(order.map((dim) => shape[dim]!));
  const scale = Math.max(...parts.map(({ tensor }) => tensor.scale));
  const isSame = parts.every(({ tensor }) => tensor.scale === scale);
  const largest = Math.max(
    ...parts.map(({ tensor }) => Math.max(Math.abs(tensor.range.lo), Math.abs(tensor.range.hi))),
  );
  const shift = isSame ? 0 : largestShift((power) => parts.length * largest * power + power);
  const operands = parts.map(({ tensor, start }) => {
    const indices = shape.map((_, dim) =>
      dim === axis ? affine(-start, [order.indexOf(dim), 1]) : at(order.indexOf(dim)),
    );
    return nest.read(tensor, indices, Math.round((tensor.scale / scale) * 2 ** shift));
  });
  const ranges = parts.map(({ tensor }, i) => hull(multiplyRanges(tensor.range, point(operands[i]!.weight)), point(0)));
  const total = ranges.reduce((sum, range) => ({ lo: sum.lo + range.lo, hi: sum.hi + range.hi }));
  const bounds = parts.map(({ tensor }) => tensor.range).reduce(hull);
  const integer = parts[0]!.tensor.integer;
  const stored = emitFinished(
    context.builder,
    context.stepName(node, name),
    context.origin(node),
    { nest, combine: 'sum', a: operands[0]!, b: operands[1] ?? scalar(0), range: total, scale: 1 },
    { mult: scalar(1), add: operands[2] ?? scalar(0), shift, scaled: total, scale },
    storedTarget(scale, bounds, { isFree: false, integer }),
  );
  return context.stored(stored, shape, order);
}

export function concatenate(
  context: LoweringContext,
  node: PlanNode,
  tensors: readonly Tensor[],
  axis: number,
): Tensor {
  let start = 0;
  const parts = tensors.map((tensor) => {
    const part = { tensor, start };
    start += tensor.shape[axis]!;
    return part;
  });
  const whole = tensors[0]!.shape.map((dim, i) => (i === axis ? start : dim));
  if (parts.length === 1) return tensors[0]!;
  let result: Part | null = null;
  for (let i = 0; i < parts.length; ) {
    const taken = parts.slice(i, i + PARTS_A_STEP - (result ? 1 : 0));
    i += taken.length;
    const isLast = i >= parts.length;
    const joined: readonly Part[] = [...(result ? [result] : []), ...taken];
    // The result of an earlier step is as long as what it holds so far.
    const end = taken.at(-1)!.start + taken.at(-1)!.tensor.shape[axis]!;
    const shape = whole.map((dim, d) => (d === axis ? end : dim));
    result = { tensor: join(context, node, isLast ? '' : `part${i}`, joined, axis, shape), start: 0 };
  }
  return result!.tensor;
}

export const concat: Lowering = {
  lower: (context, node) => {
    const rank = context.shape(node.outputs[0]!).length;
    const axis = node.attributes.int('axis', 1);
    // Parts without elements add nothing.
    const parts = node.inputs.filter((name) => !context.shape(name).includes(0));
    const tensors = parts.map((name) => context.tensor(name));
    context.define(node.outputs[0]!, concatenate(context, node, tensors, axis < 0 ? axis + rank : axis));
  },
  selects: true,
};
