/**
 * A trace decides about bonds, so it is not taken from one implementation alone: some elements of every step are computed by the
 * reference evaluator as well. A trace that fails is no reason to dispute anything.
 */
import type { TraceSource } from '../dispute/trace.js';
import { stepEvaluator } from '../program/evaluate.js';
import { elementCount } from '../program/step.js';

/** Elements of each step, spread evenly, the first and the last among them. */
const ELEMENTS_PER_STEP = 12;
/** Terms that all elements of one step may have together; a step of long sums is checked at fewer elements. */
const TERMS_PER_STEP = 200_000;

/** @throws Error that names the first element in which the trace and the evaluator differ. */
export function requireEvaluatorAgrees({ commitment, slots }: TraceSource): void {
  const { program } = commitment;
  for (const [index, step] of program.steps.entries()) {
    const output = slots[index + 1] as Int32Array;
    const evaluate = stepEvaluator(program, step, slots);
    for (const element of samples(output.length, elementCount(step.redDims))) {
      const expected = evaluate(element);
      if (output[element] === expected) continue;
      throw new Error(
        `ONNX Runtime and the reference evaluator disagree at step ${index + 1} ("${step.name}"), element ${element}: ` +
          `${output[element]} and ${expected}. This machine's traces cannot be used; please report it.`,
      );
    }
  }
}

function samples(elements: number, terms: number): number[] {
  const count = Math.min(elements, Math.max(2, Math.min(ELEMENTS_PER_STEP, Math.floor(TERMS_PER_STEP / terms))));
  const positions = Array.from({ length: count }, (_, i) => Math.round((i * (elements - 1)) / Math.max(1, count - 1)));
  return [...new Set(positions)];
}
