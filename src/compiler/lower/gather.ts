/** Gather along an axis, by constant or computed indices. */

import { at, fixed, Nest } from '../build/nest.js';
import { WHOLE } from '../build/target.js';
import { slice, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

/** Start and step when the indices are evenly spaced, so that a view says it. */
function progression(indices: readonly number[]): { start: number; step: number } | null {
  const step = (indices[1] ?? indices[0]!) - indices[0]!;
  const isEven = indices.every((index, i) => index === indices[0]! + i * step);
  return isEven ? { start: indices[0]!, step } : null;
}

function viewOf(x: Tensor, axis: number, indices: readonly number[], indexShape: readonly number[]): Tensor | null {
  const even = progression(indices);
  if (!even || indexShape.length > 1) return null;
  const view = slice(x, axis, even.start, even.step, indices.length);
  if (indexShape.length === 1) return view;
  const stays = (_: number, i: number): boolean => i !== axis;
  return { ...view, shape: view.shape.filter(stays), strides: view.strides.filter(stays) };
}

/** Computed indices count from the end where they are negative: b + dim · (b < 0). */
export function fromStart(context: LoweringContext, node: PlanNode, indices: Tensor, dim: number): Tensor {
  if (indices.range.lo >= 0) return indices;
  const { nest, order, loopOf } = LoweringContext.elementwise(indices);
  const loops = indices.shape.map((_, axis) => at(loopOf(axis)));
  const stored = context.linear(
    node,
    'indices',
    {
      nest,
      combine: 'less',
      a: nest.read(indices, loops),
      b: nest.read(indices, loops, 0),
      range: { lo: 0, hi: 1 },
      scale: dim,
      bias: { tensor: indices, at: loops },
    },
    WHOLE,
  );
  return context.stored(stored, indices.shape, order);
}

export const gather: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = context.input(node, 0);
    const given = node.attributes.int('axis', 0);
    const axis = given < 0 ? given + x.shape.length : given;
    const dim = x.shape[axis]!;
    const indexShape = context.shape(node.inputs[1]!);
    const constant = context.numbers(node, 1);
    const positions = constant && [...constant].map((index) => (index < 0 ? index + dim : index));
    const view = positions && viewOf(x, axis, positions, indexShape);
    if (view && !node.applied && !node.quantum) return context.define(output, view);
    if (view) {
      const { nest, order, loopOf } = LoweringContext.elementwise(view);
      const a = nest.read(
        view,
        view.shape.map((_, i) => at(loopOf(i))),
      );
      const accumulation = { nest, a, range: view.range, scale: view.scale };
      const stored = context.linear(node, '', accumulation, context.target(node, { keep: view }));
      return context.define(output, context.stored(stored, view.shape, order));
    }
    const indices = positions
      ? context.quantiseConstant(`${output}:indices`, Float64Array.from(positions), indexShape, true)
      : fromStart(context, node, context.input(node, 1), dim);
    const shape = context.shape(output);
    const nest = new Nest(shape);
    const rank = indexShape.length;
    const dataAt = x.shape.map((_, i) => (i === axis ? fixed(0) : at(i < axis ? i : i + rank - 1)));
    const stored = context.linear(
      node,
      '',
      {
        nest,
        combine: 'indexed',
        a: nest.read(x, dataAt),
        b: nest.read(
          indices,
          indexShape.map((_, i) => at(axis + i)),
        ),
        index: { stride: x.strides[axis]!, extent: dim },
        range: x.range,
        scale: x.scale,
      },
      context.target(node, { keep: x }),
    );
    context.define(
      output,
      context.stored(
        stored,
        shape,
        shape.map((_, i) => i),
      ),
    );
  },
  finishes: true,
  selects: true,
};
