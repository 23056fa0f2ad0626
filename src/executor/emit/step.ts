/** Emits one step. */
import type { StepBounds } from '../../program/bounds.js';
import type { Step } from '../../program/step.js';
import { accumulate, type Limits } from './accumulate.js';
import { affineOf, emitFinish } from './finish.js';
import type { Graph, Value } from './graph.js';
import type { Nest } from './nest.js';
import { readingOf, type Slots } from './reading.js';

/** @returns the step's output as double, of the shape of its output dims. */
export function emitStep(g: Graph, slots: Slots, step: Step, bounds: StepBounds, limits: Limits): Value {
  const { outDims, redDims, combine, reduce, index } = step;
  const [a, b, c] = [step.a, step.b, step.c].map((operand) => readingOf(slots, operand));
  const nest: Nest = { outDims, redDims, combine, reduce, index, a: a!, b: b!, c: c! };
  const affine = affineOf(slots, step, bounds);
  return emitFinish(g, slots, step, affine, accumulate(g, nest, affine, limits), bounds);
}
