/**
 * Windows: reduction loops that move a source together with output loops (pooling, depthwise convolution). Emitted one window
 * position after the other, each a plain slice of a source that was padded once.
 */
import { type Axis, elementCount, type View } from '../../program/step.js';
import { accessOf } from './access.js';
import type { Graph } from './graph.js';
import { entangled } from './layout.js';
import { loopsOf, type Nest, operandsOf, part, redLoops } from './nest.js';
import { flatten, pad, reshape } from './ops.js';
import { accessIn, type Reading } from './reading.js';

/** Reduction loops that share a digit or a guard of some tensor with an output loop. */
export function windowLoops(nest: Nest): number[] {
  const loops = loopsOf(nest);
  const all = loops.map((_, i) => i);
  const firstReduced = nest.outDims.length;
  const found = new Set<number>();
  for (const reading of operandsOf(nest)) {
    if (!reading.value) continue;
    const together = entangled(accessIn(reading, loops), elementCount(reading.value.dims), all);
    if (together.some((loop) => loop < firstReduced)) for (const loop of together) found.add(loop);
  }
  return redLoops(nest).filter((loop) => found.has(loop));
}

/** The nest over sources that are padded once for all positions. */
export function padded(g: Graph, nest: Nest): Nest {
  const loops = loopsOf(nest);
  return { ...nest, a: padSource(g, nest.a, loops), b: padSource(g, nest.b, loops), c: padSource(g, nest.c, loops) };
}

/** The nest at each position of its window loops, row-major. */
export function positionsOf(nest: Nest, window: readonly number[]): Nest[] {
  const all = loopsOf(nest);
  return window.reduce<Nest[]>(
    (nests, loop) =>
      nests.flatMap((each) => Array.from({ length: all[loop] as number }, (_, i) => part(each, loop, i, 1))),
    [nest],
  );
}

/** A padded source may be this many times as large. */
const MAX_GROWTH = 4;

interface PaddedAxis {
  readonly axis: Axis;
  readonly before: number;
  readonly after: number;
}

/**
 * Pads the source so that its view never leaves it, where its axes are dims of a row-major source. Otherwise the
 * reading stays as it is.
 */
export function padSource(g: Graph, reading: Reading, loops: readonly number[]): Reading {
  const { value, view } = reading;
  if (!value || accessOf(view, loops).guards.length === 0) return reading;
  const elements = elementCount(value.dims);
  const axes = view.axes.map((axis) => paddingOf(axis, loops)).sort((x, y) => y.axis.stride - x.axis.stride);
  const blocks = axes.map(({ axis }) => axis.stride * axis.extent);
  const nested = axes.every(({ axis }, i) => {
    const above = i === 0 ? elements : (axes[i - 1] as PaddedAxis).axis.stride;
    return axis.stride > 0 && above % (blocks[i] as number) === 0;
  });
  if (!nested) return reading;
  // The source as [rest, extent, rest, extent, .., rest]; positions outside the axes keep their place in the rests.
  const dims = axes.flatMap(({ axis }, i) => {
    const above = i === 0 ? elements : (axes[i - 1] as PaddedAxis).axis.stride;
    return [above / (blocks[i] as number), axis.extent];
  });
  dims.push(axes.at(-1)!.axis.stride);
  const [before, after] = (['before', 'after'] as const).map((end) => [...axes.flatMap((axis) => [0, axis[end]]), 0]);
  const strides = stridesOf(dims.map((dim, i) => dim + (before![i] as number) + (after![i] as number)));
  const moved = (position: number): number | null => movedPosition(position, dims, strides);
  const limits = freeLimits(view, loops);
  const offset = moved(view.offset);
  const coefs = view.coefs.map((coef) => (coef < 0 ? null : moved(coef)));
  if (offset === null || coefs.includes(null) || !separate(limits, dims)) return reading;
  if (elementCount(dims.map((dim, i) => dim + before![i]! + after![i]!)) > MAX_GROWTH * elements + 1024) return reading;
  const paddedView: View = {
    ...view,
    offset:
      offset +
      axes.reduce((sum, { axis, before: by }, i) => sum + (strides[2 * i + 1] as number) * (axis.base + by), 0),
    coefs: (coefs as number[]).map((coef, loop) =>
      axes.reduce((sum, { axis }, i) => sum + (strides[2 * i + 1] as number) * (axis.coefs[loop] as number), coef),
    ),
    axes: [],
  };
  return {
    ...reading,
    value: pad(g, reshape(g, flatten(g, value), dims), before!, after!, view.fill),
    view: paddedView,
  };
}

function paddingOf(axis: Axis, loops: readonly number[]): PaddedAxis {
  const reach = axis.coefs.map((coef, i) => coef * ((loops[i] as number) - 1));
  const lo = reach.reduce((sum, x) => sum + Math.min(0, x), axis.base);
  const hi = reach.reduce((sum, x) => sum + Math.max(0, x), axis.base);
  return { axis, before: Math.max(0, -lo), after: Math.max(0, hi - axis.extent + 1) };
}

function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (dims[i + 1] as number);
  return strides;
}

/** Coordinates of a flat position. */
function coordinates(position: number, dims: readonly number[]): number[] {
  const strides = stridesOf(dims);
  let rest = position;
  return strides.map((stride, i) => {
    const c = i === 0 ? Math.floor(rest / stride) : Math.floor(rest / stride) % (dims[i] as number);
    rest -= c * stride;
    return c;
  });
}

/** Where a flat position of the source lies in the padded source; null when it lies along an axis. */
function movedPosition(position: number, dims: readonly number[], strides: readonly number[]): number | null {
  const at = coordinates(position, dims);
  if (at.some((c, i) => i % 2 === 1 && c !== 0)) return null;
  return at.reduce((sum, c, i) => sum + c * (strides[i] as number), 0);
}

/** The free part's offset and largest addends, one position each. */
function freeLimits(view: View, loops: readonly number[]): number[] {
  return [view.offset, ...view.coefs.map((coef, i) => coef * ((loops[i] as number) - 1))];
}

/** Whether adding all of these positions carries from no dim into the next. */
function separate(positions: readonly number[], dims: readonly number[]): boolean {
  const total = dims.map(() => 0);
  for (const position of positions) {
    if (position < 0) return false;
    coordinates(position, dims).forEach((c, i) => {
      total[i] = (total[i] as number) + c;
    });
  }
  return total.every((c, i) => c < (dims[i] as number) && (i % 2 === 0 || c === 0));
}
