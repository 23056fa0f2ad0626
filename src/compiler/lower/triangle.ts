/** Trilu and CumSum: views that read 0 on the other side of a line, and running sums over them. */
import { affine, at, Nest } from '../build/nest.js';
import { storedTarget } from '../build/target.js';
import { memoryOrder, type Tensor } from '../build/tensor.js';
import type { Lowering } from './lowering.js';

export const trilu: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = context.input(node, 0);
    const diagonal = context.numbers(node, 1)?.[0] ?? 0;
    const isUpper = node.attributes.int('upper', 1) !== 0;
    const rank = x.shape.length;
    const [row, column] = [rank - 2, rank - 1];
    const [rows, columns] = [x.shape[row]!, x.shape[column]!];
    const order = memoryOrder(x);
    const nest = new Nest(order.map((axis) => x.shape[axis]!));
    const loopOf = (axis: number): number => order.indexOf(axis);
    const reach = Math.min(Math.max(diagonal, -rows), columns);
    // How far an element is inside of the triangle is the index of an axis that moves nothing.
    const guarded: Tensor = { ...x, shape: [...x.shape, rows + columns], strides: [...x.strides, 0] };
    const side = isUpper ? 1 : -1;
    const inside = affine(-side * reach, [loopOf(column), side], [loopOf(row), -side]);
    const range = { lo: Math.min(x.range.lo, 0), hi: Math.max(x.range.hi, 0) };
    const a = nest.read(guarded, [...x.shape.map((_, axis) => at(loopOf(axis))), inside]);
    const target = storedTarget(x.scale, range, { isFree: false, integer: x.integer });
    const stored = context.linear(node, '', { nest, a, range, scale: x.scale }, target);
    context.define(output, context.stored(stored, x.shape, order));
  },
  refuses: (context, node) =>
    context.has(node, 1) && !context.constant(node, 1) ? 'its diagonal depends on the input' : null,
  isView: true,
};

export const cumSum: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = context.input(node, 0);
    const given = context.numbers(node, 1)![0]!;
    const axis = given < 0 ? given + x.shape.length : given;
    const length = x.shape[axis]!;
    const order = memoryOrder(x);
    const nest = new Nest(
      order.map((i) => x.shape[i]!),
      [length],
    );
    const direction = node.attributes.int('reverse', 0) !== 0 ? 1 : -1;
    const skipped = node.attributes.int('exclusive', 0) !== 0 ? direction : 0;
    const position = affine(skipped, [order.indexOf(axis), 1], [nest.red(0), direction]);
    const a = nest.read(
      x,
      x.shape.map((_, i) => (i === axis ? position : at(order.indexOf(i)))),
    );
    const range = { lo: Math.min(x.range.lo, 0) * length, hi: Math.max(x.range.hi, 0) * length };
    const stored = context.linear(node, '', { nest, reduce: 'sum', a, range, scale: x.scale }, context.target(node));
    context.define(output, context.stored(stored, x.shape, order));
  },
  refuses: (context, node) => (context.constant(node, 1) ? null : 'its axis depends on the input'),
  finishes: true,
  wantsWide: true,
};
