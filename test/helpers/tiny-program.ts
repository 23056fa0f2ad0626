import type { Program } from '../../src/program/program.js';
import { NO_VIEW, type Operand, type Source, type Step, scalar, type View } from '../../src/program/step.js';

/** A view that reads element i for output element i. */
export const identityView: View = { offset: 0, coefs: [1], axes: [], fill: 0 };

export const read = (source: Source, view: View = identityView, weight = 1): Operand => ({ source, weight, view });

export const slot = (index: number): Source => ({ kind: 'slot', index });

export const constant = (index: number): Source => ({ kind: 'constant', index });

/** A copy of `source` over `elements`, to be changed field by field. */
export function step(elements: number, a: Operand, changes: Partial<Step> = {}): Step {
  return {
    name: 'step',
    origin: { node: 'node', operator: 'Operator' },
    outDims: [elements],
    redDims: [],
    combine: 'first',
    reduce: 'none',
    a,
    b: scalar(0),
    c: scalar(0),
    mult: scalar(1),
    add: scalar(0),
    index: { stride: 0, extent: 0 },
    shift: 0,
    post: 'none',
    lo: -32_768,
    hi: 32_767,
    lookup: null,
    width: 2,
    ...changes,
  };
}

/** One input `x` and one output `y` of the given sizes around the given steps. */
export function program(inputElements: number, steps: readonly Step[], changes: Partial<Program> = {}): Program {
  const outputs = (steps.at(-1)?.outDims ?? []).reduce((n, dim) => n * dim, 1);
  return {
    input: { elements: inputElements, width: 2 },
    inputs: [{ name: 'x', shape: [inputElements], type: 'float32', scale: 0.5, offset: 0 }],
    outputs: [{ name: 'y', shape: [outputs], type: 'float32', scale: 0.25, offset: 0 }],
    steps,
    constants: [],
    ...changes,
  };
}

export { NO_VIEW, scalar };
