/** A hand-made model with one step of each kind that a contract checks differently, small enough to be run by the evaluator. */
import { commitModel } from '../../src/commit/model.js';
import { type TraceSource, traceSource } from '../../src/dispute/trace.js';
import { type Artefact, encodeArtefact } from '../../src/program/artefact.js';
import { checkProgram } from '../../src/program/check.js';
import { evaluate } from '../../src/program/evaluate.js';
import type { Program } from '../../src/program/program.js';
import { constant, NO_VIEW, program, read, scalar, slot, step } from '../helpers/tiny-program.js';

const HIDDEN = 200; // two bytes each: two leaves, the second one not full

/** x (8) → dense 8×200 → table → (running) sum with x → sum of squares → root → argmax of a product. */
export function smallProgram(): Program {
  const weights = Int32Array.from({ length: 8 * HIDDEN }, (_, i) => ((i * 37) % 251) - 125);
  const table = Int32Array.from({ length: 512 }, (_, i) => Math.round(100 * Math.sin(i / 40)));
  const dense = step(HIDDEN, read(slot(0), { ...NO_VIEW, coefs: [0, 1] }), {
    name: 'dense',
    origin: { node: 'fc1', operator: 'Gemm' },
    redDims: [8],
    combine: 'product',
    reduce: 'sum',
    b: read(constant(0), { ...NO_VIEW, coefs: [8, 1] }),
    shift: 6,
  });
  const wave = step(HIDDEN, read(slot(1)), {
    name: 'wave',
    origin: { node: 'sin', operator: 'Sin' },
    lo: -256,
    hi: 255,
    lookup: { constant: 1, base: -256, length: 512 },
    width: 1,
  });
  const sum = step(HIDDEN, read(slot(1)), {
    name: 'sum',
    origin: { node: 'add', operator: 'Add' },
    combine: 'sum',
    b: read(slot(2)),
  });
  const squares = step(1, read(slot(3), { ...NO_VIEW, coefs: [0, 1] }), {
    name: 'squares',
    origin: { node: 'norm', operator: 'LpNormalization' },
    redDims: [HIDDEN],
    combine: 'product',
    reduce: 'sum',
    b: read(slot(3), { ...NO_VIEW, coefs: [0, 1] }),
    post: 'sqrt',
    lo: 0,
    hi: 2 ** 24,
    width: 4,
  });
  const scaled = step(HIDDEN, read(slot(3)), {
    name: 'scaled',
    origin: { node: 'norm', operator: 'LpNormalization' },
    mult: scalar(1000),
    post: 'divide',
    c: read(slot(4), { ...NO_VIEW, coefs: [0] }),
  });
  const best = step(1, read(slot(5), { ...NO_VIEW, coefs: [0, 1] }), {
    name: 'best',
    origin: { node: 'argmax', operator: 'ArgMax' },
    redDims: [HIDDEN],
    reduce: 'argMax',
  });
  const result = program(8, [dense, wave, sum, squares, scaled, best], {
    constants: [
      { name: 'weights', width: 1, data: weights },
      { name: 'table', width: 1, data: table },
    ],
  });
  checkProgram(result);
  return result;
}

export const smallInput = (seed = 1): Int32Array =>
  Int32Array.from({ length: 8 }, (_, i) => ((i + 3) * 977 * seed) % 3000);

export function smallTrace(seed = 1, model = smallProgram()): TraceSource {
  return traceSource(commitModel(model), evaluate(model, smallInput(seed)));
}

export function smallArtefact(model = smallProgram()): Uint8Array {
  const artefact: Artefact = {
    program: model,
    source: { file: 'small.onnx', sha256: '00'.repeat(32), opset: { '': 21 }, producer: 'by hand' },
    options: { bits: 16, shapes: {} },
    ranges: {},
    fidelity: null,
    notes: [],
  };
  return encodeArtefact(artefact);
}
