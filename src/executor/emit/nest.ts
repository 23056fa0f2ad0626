/** The loop nest of a step as the emitter sees it: which parts of it can be emitted one after the other. */
import { elementCount, type Step } from '../../program/step.js';
import { activeSize } from './access.js';
import { accessIn, type Reading, shiftView } from './reading.js';

export interface Nest {
  readonly outDims: readonly number[];
  readonly redDims: readonly number[];
  readonly combine: Step['combine'];
  readonly reduce: Step['reduce'];
  readonly index: Step['index'];
  readonly a: Reading;
  readonly b: Reading;
  readonly c: Reading;
}

export const loopsOf = (nest: Nest): number[] => [...nest.outDims, ...nest.redDims];
export const outLoops = (nest: Nest): number[] => nest.outDims.map((_, i) => i);
export const redLoops = (nest: Nest): number[] => nest.redDims.map((_, i) => nest.outDims.length + i);

/** The readings that the combine looks at. */
export function operandsOf(nest: Nest): Reading[] {
  if (nest.combine === 'first') return [nest.a];
  return nest.combine === 'select' ? [nest.a, nest.b, nest.c] : [nest.a, nest.b];
}

/** The same nest over `count` indices of a loop from `start` on. */
export function part(nest: Nest, loop: number, start: number, count: number): Nest {
  const dims = loopsOf(nest).map((dim, i) => (i === loop ? count : dim));
  const shift = (reading: Reading): Reading => {
    const shifted = { ...reading, view: shiftView(reading.view, loop, start) };
    return reading.gain ? { ...shifted, gain: { ...reading.gain, mult: shift(reading.gain.mult) } } : shifted;
  };
  return {
    ...nest,
    outDims: dims.slice(0, nest.outDims.length),
    redDims: dims.slice(nest.outDims.length),
    a: shift(nest.a),
    b: shift(nest.b),
    c: shift(nest.c),
  };
}

/** Elements of the largest tensor that emitting the nest in one piece would make, out of what its operands read. */
export function widest(nest: Nest): number {
  const loops = loopsOf(nest);
  const all = loops.map((_, i) => i);
  const operands = operandsOf(nest);
  const sizes = operands.map((reading) => activeSize(accessIn(reading, loops), all));
  return Math.max(elementCount(nest.outDims), ...sizes);
}

/** Elements of the tensor of all combinations. */
export function combinations(nest: Nest): number {
  const loops = loopsOf(nest);
  const accesses = operandsOf(nest).map((reading) => accessIn(reading, loops));
  return loops.reduce((n, dim, loop) => (accesses.some((access) => activeSize(access, [loop]) > 1) ? n * dim : n), 1);
}
