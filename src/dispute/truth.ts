/** The value that a contract will find at a disputed element, by the reference evaluator. */
import { leafElements, tensorFromBytes } from '../commit/tensor.js';
import { stepEvaluator } from '../program/evaluate.js';
import { elementCount } from '../program/step.js';
import type { Location } from './locate.js';
import type { TraceSource } from './trace.js';

/** @param element flat position in the slot; it may lie in the padding, where the value is 0. */
export function trueValue(trace: TraceSource, { kind, slot, width }: Location, element: number): number {
  if (kind === 'padding') return 0;
  const { program, model } = trace.commitment;
  const step = program.steps[slot - 1];
  if (step) return element < elementCount(step.outDims) ? stepEvaluator(program, step, trace.slots)(element) : 0;
  const perLeaf = leafElements(width);
  const leaf = trace.forest.leaf(slot * 2 ** model.tensorDepth + Math.floor(element / perLeaf));
  return tensorFromBytes(leaf, width, perLeaf)[element % perLeaf] as number;
}
