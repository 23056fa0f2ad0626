/** Rearrangements by constant positions. */
import { affine, at, fixed, Nest } from '../build/nest.js';
import { storedTarget, type Target } from '../build/target.js';
import { memoryOrder, slice, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';

/** Start and step when positions are evenly spaced, so that a view says it. */
export function progression(positions: readonly number[]): { start: number; step: number } | null {
  const step = (positions[1] ?? positions[0]!) - positions[0]!;
  const isEven = positions.every((position, i) => position === positions[0]! + i * step);
  return isEven ? { start: positions[0]!, step } : null;
}

/** How often each element of an axis follows in a row, where that is the same for all, in their order; 0 otherwise. */
export function repetition(positions: readonly number[], dim: number): number {
  const times = positions.length / dim;
  const isEven = Number.isInteger(times) && positions.every((position, i) => position === Math.floor(i / times));
  return isEven ? times : 0;
}

/** The same values at the same scale. */
export const keeping = (x: Tensor): Target => storedTarget(x.scale, x.range, { isFree: false, integer: x.integer });

/** Repeats each element of each axis so many times in a row, in one step. */
export function repeatElements(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  times: readonly number[],
  target: Target = keeping(x),
): Tensor {
  const order = memoryOrder(x);
  // Two loops for each axis: its elements, and their repetitions.
  const nest = new Nest(order.flatMap((axis) => [x.shape[axis]!, times[axis]!]));
  const a = nest.read(
    x,
    x.shape.map((_, axis) => at(2 * order.indexOf(axis))),
  );
  const stored = context.linear(node, part, { nest, a, range: x.range, scale: x.scale }, target);
  const shape = x.shape.map((dim, axis) => dim * times[axis]!);
  return context.stored(stored, shape, order);
}

/**
 * Elements of one axis by constant positions, each within the axis: a view where one can say it, otherwise a step.
 *
 * @param target of that step; with one there always is a step.
 */
export function pick(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  axis: number,
  positions: readonly number[],
  target?: Target,
): Tensor {
  const dim = x.shape[axis]!;
  const even = target ? null : progression(positions);
  if (even) return slice(x, axis, even.start, even.step, positions.length);
  const times = repetition(positions, dim);
  if (times > 0)
    return repeatElements(
      context,
      node,
      part,
      x,
      x.shape.map((_, i) => (i === axis ? times : 1)),
      target,
    );
  const shape = x.shape.map((size, i) => (i === axis ? positions.length : size));
  const order = memoryOrder(x);
  const nest = new Nest(order.map((i) => shape[i]!));
  const loopOf = (i: number): number => order.indexOf(i);
  const table = context.quantiseConstant(
    context.stepName(node, `${part} positions`),
    Float64Array.from(positions),
    [positions.length],
    true,
  );
  const accumulation = {
    nest,
    combine: 'indexed' as const,
    a: nest.read(
      x,
      x.shape.map((_, i) => (i === axis ? fixed(0) : at(loopOf(i)))),
    ),
    b: nest.read(table, [at(loopOf(axis))]),
    index: { stride: x.strides[axis]!, extent: dim },
    range: x.range,
    scale: x.scale,
  };
  return context.stored(context.linear(node, part, accumulation, target ?? keeping(x)), shape, order);
}

/** Whether the axis is left as it is. */
export const isIdentity = (positions: readonly number[], dim: number): boolean =>
  positions.length === dim && positions.every((position, i) => position === i);

/** A tensor read from `starts` on, at a shape of its own; 0 where it leaves the tensor. */
export function window(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  starts: readonly number[],
  shape: readonly number[],
): Tensor {
  const isInside = shape.every((size, axis) => starts[axis]! >= 0 && starts[axis]! + size <= x.shape[axis]!);
  if (isInside) return shape.reduce((view, size, axis) => slice(view, axis, starts[axis]!, 1, size), x);
  const order = memoryOrder(x);
  const nest = new Nest(order.map((axis) => shape[axis]!));
  const a = nest.read(
    x,
    shape.map((_, axis) => affine(starts[axis]!, [order.indexOf(axis), 1])),
  );
  const range = { lo: Math.min(x.range.lo, 0), hi: Math.max(x.range.hi, 0) };
  const target = storedTarget(x.scale, range, { isFree: false, integer: x.integer });
  const stored = context.linear(node, part, { nest, a, range, scale: x.scale }, target);
  return context.stored(stored, shape, order);
}
