/** Pad in all its modes. Constant padding is one view; the other modes pick elements, one axis after the other. */
import { hull, point } from '../../program/range.js';
import { affine, Nest } from '../build/nest.js';
import { storedTarget } from '../build/target.js';
import { memoryOrder, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { isIdentity, pick } from './pick.js';

/** Pads before each axis; attributes before opset 11, inputs since, for some axes only since 18. */
function padsBefore(context: LoweringContext, node: PlanNode, rank: number): number[] {
  const pads = [
    ...(context.numbers(node, 1) ?? node.attributes.ints('pads') ?? node.attributes.ints('paddings') ?? []),
  ];
  const axes = [...(context.numbers(node, 3) ?? Array.from({ length: rank }, (_, i) => i))];
  const before = new Array<number>(rank).fill(0);
  axes.forEach((axis, i) => {
    before[axis < 0 ? axis + rank : axis] = pads[i]!;
  });
  return before;
}

const modulo = (x: number, n: number): number => x - n * Math.floor(x / n);

/** The element that stands at position i of an axis; i is negative before it. */
const ELEMENT: Readonly<Record<string, (i: number, dim: number) => number>> = {
  edge: (i, dim) => Math.min(Math.max(i, 0), dim - 1),
  wrap: (i, dim) => modulo(i, dim),
  reflect: (i, dim) => {
    if (dim === 1) return 0;
    const turn = modulo(i, 2 * (dim - 1));
    return turn < dim ? turn : 2 * (dim - 1) - turn;
  },
};

function padWithConstant(
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  before: readonly number[],
  shape: readonly number[],
): Tensor {
  const value = context.numbers(node, 2)?.[0] ?? node.attributes.float('value', 0);
  const fill = Math.min(Math.max(Math.round(value / x.scale), -(2 ** 31)), 2 ** 31 - 1);
  const order = memoryOrder(x);
  const nest = new Nest(order.map((axis) => shape[axis]!));
  const indices = shape.map((_, axis) => affine(-before[axis]!, [order.indexOf(axis), 1]));
  const range = hull(x.range, point(fill));
  const target = storedTarget(x.scale, range, { isFree: false, integer: x.integer });
  const stored = context.linear(node, '', { nest, a: nest.read(x, indices, 1, fill), range, scale: x.scale }, target);
  return context.stored(stored, shape, order);
}

export const pad: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const before = padsBefore(context, node, shape.length);
    const element = ELEMENT[node.attributes.text('mode', 'constant')];
    if (!element) return context.define(output, padWithConstant(context, node, x, before, shape));
    const padded = shape.reduce((tensor, size, axis) => {
      const dim = x.shape[axis]!;
      const positions = Array.from({ length: size }, (_, i) => element(i - before[axis]!, dim));
      return isIdentity(positions, dim) ? tensor : pick(context, node, `axis${axis}`, tensor, axis, positions);
    }, x);
    context.define(output, padded);
  },
  refuses: (context, node) => {
    const mode = node.attributes.text('mode', 'constant');
    if (mode !== 'constant' && !ELEMENT[mode]) return `its mode is "${mode}"`;
    const isKnown = [1, 2, 3].every((i) => !context.has(node, i) || context.constant(node, i));
    return isKnown ? null : 'its pads or its value depend on the input';
  },
  isView: true,
};
