/** How much there is to compute and to keep: a program that nobody could run would make every claim on it safe. */
import type { Program } from './program.js';
import { elementCount } from './step.js';

/** Of all slots together: whoever checks a claim holds them all, in 2 GiB. */
const MAX_TRACE_ELEMENTS = 2 ** 29;
/** Of all loop nests together: whoever checks a claim goes through them. */
const MAX_ITERATIONS = 2 ** 40;

/** @returns a clause that says what there is too much of, or null. */
export function tooMuch({ input, steps }: Pick<Program, 'input' | 'steps'>): string | null {
  let elements = input.elements;
  let iterations = 0;
  for (const { outDims, redDims } of steps) {
    elements += elementCount(outDims);
    iterations += elementCount(outDims) * elementCount(redDims);
  }
  if (elements > MAX_TRACE_ELEMENTS) return `its trace has ${elements} elements, more than ${MAX_TRACE_ELEMENTS}`;
  return iterations > MAX_ITERATIONS ? `its loops take ${iterations} turns, more than ${MAX_ITERATIONS}` : null;
}
