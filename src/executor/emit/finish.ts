/**
 * Emits the finish of a step. Everything is scaled by 2^-shift before it is added up; a lookup's base is taken off in the same
 * addition.
 */
import type { StepBounds } from '../../program/bounds.js';
import type { Program } from '../../program/program.js';
import { magnitude } from '../../program/range.js';
import { EXACT_LIMIT, type Lookup, type Step } from '../../program/step.js';
import type { Accumulated } from './accumulate.js';
import { type Affine, emitAddend, emitScaled } from './affine.js';
import type { Graph, Value } from './graph.js';
import {
  cast,
  clip,
  divide,
  expand,
  floor,
  gather,
  maximum,
  multiply,
  number,
  numberOfRank,
  scale,
  shiftBy,
  squareRoot,
} from './ops.js';
import { readingOf, type Slots } from './reading.js';

/** The line of a step's finish. */
export function affineOf(slots: Slots, step: Step, bounds: StepBounds): Affine {
  const half = step.shift > 0 ? 2 ** (step.shift - 1) : 0;
  return {
    mult: readingOf(slots, step.mult),
    add: readingOf(slots, step.add),
    unit: 2 ** -step.shift,
    rounding: half - tableBase(step, bounds) * 2 ** step.shift,
  };
}

/** What is taken off before the shift so that the result counts from the first entry of the table; 0 where it is not exact there. */
function tableBase({ lookup, post, shift }: Step, { scaled }: StepBounds): number {
  if (!lookup || post !== 'none' || shift < 0) return 0;
  const most = magnitude(scaled) + Math.abs(lookup.base) * 2 ** shift + 2 ** shift;
  return most < EXACT_LIMIT ? lookup.base : 0;
}

/** @returns the step's output with the step's output dims. */
export function emitFinish(
  g: Graph,
  slots: Slots,
  step: Step,
  affine: Affine,
  accumulated: Accumulated,
  bounds: StepBounds,
): Value {
  const sum = emitScaledSum(g, step, affine, accumulated);
  const rescaled = step.shift > 0 ? floor(g, sum) : sum;
  const t = emitPost(g, slots, step, rescaled);
  const y = step.lookup
    ? emitLookup(g, slots.program, step, step.lookup, t, tableBase(step, bounds))
    : clamped(g, step, t, bounds);
  return expand(g, y, step.outDims);
}

/** (acc·mult + add + 2^(shift-1)) / 2^shift; r is this, rounded down. */
export function emitScaledSum(
  g: Graph,
  step: Step,
  affine: Affine,
  { value, factor, folded, added }: Accumulated,
): Value {
  const loops = [...step.outDims, ...step.redDims];
  const order = step.outDims.map((_, i) => i);
  const v = folded
    ? scale(g, value, factor)
    : multiply(g, value, emitScaled(g, affine.mult, loops, order, factor * affine.unit));
  return added ? v : emitAddend(g, v, affine, loops);
}

function emitPost(g: Graph, slots: Slots, step: Step, r: Value): Value {
  if (step.post === 'divide') {
    const loops = [...step.outDims, ...step.redDims];
    const order = step.outDims.map((_, i) => i);
    const c = emitScaled(g, readingOf(slots, step.c), loops, order, 1);
    const divisor = maximum(g, c, numberOfRank(g, 1, step.outDims.length));
    return floor(g, divide(g, r, divisor));
  }
  return step.post === 'sqrt' ? floor(g, squareRoot(g, maximum(g, r, number(g, 0)))) : r;
}

/** The clamp, without the ends that the bounds show to be idle. */
function clamped(g: Graph, step: Step, t: Value, { rescaled }: StepBounds): Value {
  const known = step.post === 'none' ? rescaled : { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };
  const lo = known.lo >= step.lo ? Number.NEGATIVE_INFINITY : step.lo;
  const hi = known.hi <= step.hi ? Number.POSITIVE_INFINITY : step.hi;
  return clip(g, t, lo, hi);
}

/** Clamping to [lo, hi] and then to the table is clamping once, to the part of the table that is in reach. */
function emitLookup(
  g: Graph,
  program: Program,
  step: Step,
  { constant, base, length }: Lookup,
  t: Value,
  alreadyOff: number,
): Value {
  const last = length - 1;
  const reach = (y: number): number => Math.min(Math.max(y - base, 0), last);
  const position = clip(g, shiftBy(g, t, alreadyOff - base), reach(step.lo), reach(step.hi));
  const { data } = program.constants[constant]!;
  const table = g.constant(Float64Array.from(data), [data.length], `constant ${constant}`);
  return gather(g, table, cast(g, position, 'int32'), 0);
}
