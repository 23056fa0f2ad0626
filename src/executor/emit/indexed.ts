/** Emits `indexed`: a tensor read at a position that comes from another tensor. */
import { viewPosition } from '../../program/evaluate.js';
import { elementCount, type View } from '../../program/step.js';
import { accessOf, activeSize, advanceInOrder, isActive } from './access.js';
import type { Graph, Value } from './graph.js';
import { loopsOf, type Nest } from './nest.js';
import {
  add,
  cast,
  clip,
  concat,
  flatten,
  gather,
  number,
  numberOfRank,
  reshape,
  scale,
  transpose,
  where,
} from './ops.js';
import { accessIn, emitReading, emitWeighted, isNumber, type Reading } from './reading.js';
import { emitAccess } from './view.js';

export function emitIndexed(g: Graph, nest: Nest, order: readonly number[]): Value {
  const loops = loopsOf(nest);
  const { a, b, index } = nest;
  if (isNumber(a)) return numberOfRank(g, a.weight, order.length);
  const chosen = clip(g, emitWeighted(g, b, loops, order), 0, index.extent - 1);
  const rows = emitRows(g, nest, chosen, order);
  return scale(g, rows ?? emitElements(g, nest, chosen, order), a.weight);
}

/**
 * Where the index and the view move with different loops, the index is one more loop of the view: emit the view with it,
 * then gather along it. Null where that would be much larger than the source.
 */
function emitRows(g: Graph, nest: Nest, chosen: Value, order: readonly number[]): Value | null {
  const loops = loopsOf(nest);
  const { a, b, index } = nest;
  const [readA, readB] = [accessIn(a, loops), accessIn(b, loops)];
  if (order.some((loop) => isActive(readA, loop) && isActive(readB, loop))) return null;
  const row = loops.length;
  const view: View = {
    ...a.view,
    coefs: [...a.view.coefs, index.stride],
    axes: a.view.axes.map((axis) => ({ ...axis, coefs: [...axis.coefs, 0] })),
  };
  const extended: Reading = { ...a, view };
  const access = accessOf(view, [...loops, index.extent]);
  const flat = source(g, a);
  if (activeSize(access, [row, ...order]) > 4 * (flat.dims[0] as number) + 1024) return null;
  if (!isActive(access, row)) return emitReading(g, a, loops, order);
  const loopsOfA = order.filter((loop) => isActive(access, loop));
  const loopsOfB = order.filter((loop) => isActive(readB, loop));
  const table = a.constant
    ? emitReading(g, extended, [...loops, index.extent], [row, ...loopsOfA])
    : emitAccess(g, flat, access, [row, ...loopsOfA]);
  const extents = loopsOfB.map((loop) => loops[loop] as number);
  const picked = gather(g, table, cast(g, reshape(g, chosen, extents), 'int32'), 0);
  const axes = [...loopsOfB, ...loopsOfA];
  const moving = order.filter((loop) => axes.includes(loop));
  const arranged = transpose(
    g,
    picked,
    moving.map((loop) => axes.indexOf(loop)),
  );
  return reshape(
    g,
    arranged,
    order.map((loop) => (axes.includes(loop) ? (loops[loop] as number) : 1)),
  );
}

/** Any positions at all: the flat position of every element is computed in the graph. */
function emitElements(g: Graph, nest: Nest, chosen: Value, order: readonly number[]): Value {
  const loops = loopsOf(nest);
  const { a, index } = nest;
  const access = accessIn(a, loops);
  if (access.empty) return numberOfRank(g, a.view.fill, order.length);
  const flat = source(g, a);
  const dims = order.map((loop) => (isActive(access, loop) ? (loops[loop] as number) : 1));
  const positions = positionsOf(a.view, loops, order, dims);
  const key = JSON.stringify([a.view, loops, order]);
  const outside = positions.some(Number.isNaN);
  const base = g.constant(
    positions.map((p) => (Number.isNaN(p) ? 0 : p)),
    dims,
    `positions ${key}`,
  );
  let at = add(g, base, scale(g, chosen, index.stride));
  let data = flat;
  if (outside) {
    const inside = g.constant(
      positions.map((p) => (Number.isNaN(p) ? 0 : 1)),
      dims,
      `inside ${key}`,
    );
    at = where(g, cast(g, inside, 'bool'), at, number(g, flat.dims[0] as number));
    data = concat(g, [flat, g.constant(Float64Array.of(a.view.fill), [1])], 0);
  }
  return gather(g, data, cast(g, at, 'int32'), 0);
}

const source = (g: Graph, reading: Reading): Value =>
  reading.value
    ? flatten(g, reading.value)
    : g.constant(Float64Array.from(reading.constant!.data), [reading.constant!.data.length], reading.constant!.key);

function positionsOf(
  view: View,
  loops: readonly number[],
  order: readonly number[],
  dims: readonly number[],
): Float64Array {
  const result = new Float64Array(elementCount(dims));
  const at = new Int32Array(loops.length);
  for (let k = 0; k < result.length; k++) {
    result[k] = viewPosition(view, at) ?? Number.NaN;
    advanceInOrder(at, order, dims);
  }
  return result;
}
