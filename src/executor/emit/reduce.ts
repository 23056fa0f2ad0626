/** Emits a reduction of a tensor of combinations. */
import { elementCount } from '../../program/step.js';
import type { Accumulated } from './accumulate.js';
import { emitCombined } from './combine.js';
import type { Graph, Value } from './graph.js';
import { loopsOf, type Nest, operandsOf, outLoops, redLoops } from './nest.js';
import { argument, cast, gather, reduce, reshape, transpose } from './ops.js';
import { accessIn } from './reading.js';

const OPERATORS = { sum: 'ReduceSum', max: 'ReduceMax', min: 'ReduceMin', argMax: 'ArgMax', argMin: 'ArgMin' } as const;

const UNFINISHED = { folded: false, added: false };

/** Emits combine and reduce in one piece. */
export function emitReduced(g: Graph, nest: Nest): Accumulated {
  const [out, red] = [outLoops(nest), redLoops(nest)];
  if (nest.reduce === 'none' || red.length === 0) {
    const value = emitCombined(g, nest, out);
    return {
      value: nest.reduce === 'argMax' || nest.reduce === 'argMin' ? zeros(g, value) : value,
      factor: 1,
      ...UNFINISHED,
    };
  }
  if (nest.reduce === 'argMax' || nest.reduce === 'argMin')
    return { value: emitArgument(g, nest), factor: 1, ...UNFINISHED };
  const order = naturalOrder(nest);
  const combined = emitCombined(g, nest, order);
  const axes = order.flatMap((loop, axis) => (red.includes(loop) ? [axis] : []));
  const reduced = reduce(g, OPERATORS[nest.reduce], combined, axes);
  const kept = order.filter((loop) => out.includes(loop));
  const value = transpose(
    g,
    reduced,
    out.map((loop) => kept.indexOf(loop)),
  );
  // Loops that no operand depends on were never followed: each of their indices adds the same once more.
  const repeats = red.filter((loop) => combined.dims[order.indexOf(loop)] === 1);
  const factor = nest.reduce === 'sum' ? elementCount(repeats.map((loop) => loopsOf(nest)[loop] as number)) : 1;
  return { value, factor, ...UNFINISHED };
}

/** Loops in falling order of stride in the largest operand, so that reading it moves as little as it can. */
function naturalOrder(nest: Nest): number[] {
  const loops = loopsOf(nest);
  const accesses = operandsOf(nest)
    .filter((reading) => reading.value)
    .map((reading) => accessIn(reading, loops));
  const all = loops.map((_, i) => i);
  if (accesses.length === 0) return all;
  const moved = accesses.map((access) => access.strides.filter((stride) => stride !== 0).length);
  const strides = accesses[moved.indexOf(Math.max(...moved))]!.strides;
  const place = (loop: number): number => Math.abs(strides[loop] as number) || Number.POSITIVE_INFINITY;
  return all.sort((x, y) => (place(x) === place(y) ? x - y : place(y) - place(x)));
}

const zeros = (g: Graph, value: Value): Value =>
  g.constant(
    Float64Array.of(0),
    value.dims.map(() => 1),
  );

/** argMax and argMin: the flat position in redDims of the first extreme. */
function emitArgument(g: Graph, nest: Nest): Value {
  const [out, red] = [outLoops(nest), redLoops(nest)];
  const combined = emitCombined(g, nest, [...out, ...red]);
  const kept = combined.dims.slice(0, out.length);
  const followed = combined.dims.slice(out.length);
  const flat = reshape(g, combined, [...kept, elementCount(followed)]);
  const position = argument(g, nest.reduce === 'argMax' ? 'ArgMax' : 'ArgMin', flat);
  const whole = flatPositions(followed, nest.redDims);
  if (whole.every((p, i) => p === i)) return position;
  return gather(
    g,
    g.constant(whole, [whole.length], `argument ${followed} ${nest.redDims}`),
    cast(g, position, 'int32'),
    0,
  );
}

/** Flat positions in `dims` of the indices of `followed`, which has 1 where a dim is not followed. */
function flatPositions(followed: readonly number[], dims: readonly number[]): Float64Array {
  const result = new Float64Array(elementCount(followed));
  for (let k = 0; k < result.length; k++) {
    let rest = k;
    let stride = 1;
    let position = 0;
    for (let i = dims.length - 1; i >= 0; i--) {
      const count = followed[i] as number;
      position += (rest % count) * stride;
      rest = Math.floor(rest / count);
      stride *= dims[i] as number;
    }
    result[k] = position;
  }
  return result;
}
