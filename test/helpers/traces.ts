/** Small programs whose traces a reader can follow. */
import type { Program } from '../../src/program/program.js';
import { NO_VIEW, type Operand, type Step, scalar } from '../../src/program/step.js';

/**
 * Counts: slot 0 is the input, every later slot adds one to each element of the slot before it.
 *
 * @param steps how many times.
 * @param elements in every slot; 64 of them are a leaf.
 */
export function countingProgram(steps: number, elements: number): Program {
  const layout = { shape: [elements], type: 'int32', scale: 1, offset: 0 } as const;
  return {
    input: { elements, width: 2 },
    inputs: [{ name: 'x', ...layout }],
    outputs: [{ name: 'y', ...layout }],
    constants: [],
    steps: Array.from({ length: steps }, (_, k) => countingStep(k, elements)),
  };
}

function countingStep(slot: number, elements: number): Step {
  const before: Operand = { source: { kind: 'slot', index: slot }, weight: 1, view: { ...NO_VIEW, coefs: [1] } };
  return {
    name: `count${slot + 1}`,
    origin: { node: `node${slot + 1}`, operator: 'Add' },
    outDims: [elements],
    redDims: [],
    combine: 'first',
    reduce: 'none',
    a: before,
    b: scalar(0),
    c: scalar(0),
    mult: scalar(1),
    add: scalar(1),
    index: { stride: 0, extent: 1 },
    shift: 0,
    post: 'none',
    lo: -(2 ** 31),
    hi: 2 ** 31 - 1,
    lookup: null,
    width: 4,
  };
}

export const countingInput = (elements: number): Int32Array =>
  Int32Array.from({ length: elements }, (_, i) => i % 1000);
