/** Emits one step. */
import type { StepBounds } from '../../program/bounds.js';
import type { Step } from '../../program/step.js';
import { accumulate, type Limits } from './accumulate.js';
import { affineOf, emitFinish, emitScaledSum } from './finish.js';
import type { Graph, Value } from './graph.js';
import type { Nest } from './nest.js';
import { expand } from './ops.js';
import { readingOf, type Slots } from './reading.js';

function nestOf(slots: Slots, { outDims, redDims, combine, reduce, index, a, b, c }: Step): Nest {
  const [readA, readB, readC] = [readingOf(slots, a), readingOf(slots, b), readingOf(slots, c)];
  return { outDims, redDims, combine, reduce, index, a: readA, b: readB, c: readC };
}

/** @returns the step's output as double, of the shape of its output dims. */
export function emitStep(g: Graph, slots: Slots, step: Step, bounds: StepBounds, limits: Limits): Value {
  const affine = affineOf(slots, step, bounds);
  return emitFinish(g, slots, step, affine, accumulate(g, nestOf(slots, step), affine, limits), bounds);
}

/** The same up to where the step's r is rounded down. */
export function emitUnrounded(g: Graph, slots: Slots, step: Step, bounds: StepBounds, limits: Limits): Value {
  const plain = { ...step, lookup: null };
  const affine = affineOf(slots, plain, bounds);
  const sum = emitScaledSum(g, plain, affine, accumulate(g, nestOf(slots, plain), affine, limits));
  return expand(g, sum, step.outDims);
}
