/**
 * TopK by counting: the rank of an element is how many come before it (larger ones, and equal ones with a lower index); the k-th
 * index is that of the element whose rank is k, and the value is read there.
 */
import { add as addRanges, clamp } from '../../program/range.js';
import { INT32_MAX, INT32_MIN } from '../../program/step.js';
import { affine, at, fixed, type Index, Nest } from '../build/nest.js';
import { WHOLE } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { keeping } from './pick.js';

const axisOf = (node: PlanNode, rank: number): number => {
  const axis = node.attributes.int('axis', -1);
  return axis < 0 ? axis + rank : axis;
};

/** The rank of each element on the axis, from 0. */
function ranks(context: LoweringContext, node: PlanNode, x: Tensor, axis: number, largest: boolean): Tensor {
  const length = x.shape[axis]!;
  const nest = new Nest(x.shape, [length]);
  const own = x.shape.map((_, i) => at(i));
  const onAxis = (index: Index): Index[] => own.map((loop, i) => (i === axis ? index : loop));
  const [mine, other] = [nest.read(x, own), nest.read(x, onAxis(at(nest.red(0))))];
  const order = own.map((_, i) => i);
  const better = context.linear(
    node,
    'better',
    {
      nest,
      combine: 'less',
      reduce: 'sum',
      a: largest ? mine : other,
      b: largest ? other : mine,
      range: { lo: 0, hi: length },
      scale: 1,
    },
    WHOLE,
  );
  const count = context.stored(better, x.shape, order);
  // Equal ones before it: those at the index less 1, less 2, ...; before the first the view reads what no element is.
  const nobody = x.range.lo > INT32_MIN ? x.range.lo - 1 : clamp(x.range.hi + 1, INT32_MIN, INT32_MAX);
  const stored = context.linear(
    node,
    'rank',
    {
      nest,
      combine: 'equal',
      reduce: 'sum',
      a: nest.read(x, onAxis(affine(-1, [axis, 1], [nest.red(0), -1])), 1, nobody),
      b: mine,
      range: { lo: 0, hi: length },
      scale: 1,
      bias: { tensor: count, at: own },
    },
    WHOLE,
  );
  return context.stored({ ...stored, range: addRanges(stored.range, { lo: 0, hi: 0 }) }, x.shape, order);
}

export const topK: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const axis = axisOf(node, x.shape.length);
    const largest = node.attributes.int('largest', 1) !== 0;
    const length = x.shape[axis]!;
    const name = node.outputs[0] || node.outputs[1]!;
    const shape = context.shape(name);
    const order = shape.map((_, i) => i);
    const rank = ranks(context, node, x, axis, largest);
    const k = shape[axis]!;
    const numbers = Float64Array.from({ length: k }, (_, i) => i);
    const wanted = context.quantiseConstant(context.stepName(node, 'ranks'), numbers, [k], true);
    const nest = new Nest(shape, [length]);
    const found = context.linear(
      node,
      'index',
      {
        nest,
        combine: 'equal',
        reduce: 'argMax',
        a: nest.read(
          rank,
          shape.map((_, i) => at(i === axis ? nest.red(0) : i)),
        ),
        b: nest.read(wanted, [at(axis)]),
        range: { lo: 0, hi: length - 1 },
        scale: 1,
      },
      WHOLE,
    );
    const indices = context.stored(found, shape, order);
    if (node.outputs[1]) context.define(node.outputs[1], indices);
    if (!node.outputs[0]) return;
    const plain = new Nest(shape);
    const stored = context.linear(
      node,
      '',
      {
        nest: plain,
        combine: 'indexed',
        a: plain.read(
          x,
          shape.map((_, i) => (i === axis ? fixed(0) : at(i))),
        ),
        b: plain.read(
          indices,
          shape.map((_, i) => at(i)),
        ),
        index: { stride: x.strides[axis]!, extent: length },
        range: x.range,
        scale: x.scale,
      },
      keeping(x),
    );
    context.define(node.outputs[0], context.stored(stored, shape, order));
  },
  refuses: (context, node) => {
    const isKnown = !context.has(node, 1) || context.constant(node, 1);
    return isKnown ? null : 'how many it takes depends on the input';
  },
  wantsWide: true,
};
