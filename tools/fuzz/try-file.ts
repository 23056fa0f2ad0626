/** What og does with a file that may be anything: it refuses it with a sentence, or what it computes is right. */

import { Random } from '../../fixtures/random.js';
import { commitModel } from '../../src/commit/model.js';
import { compile } from '../../src/compiler/compile.js';
import { inspect } from '../../src/compiler/inspect.js';
import { UserError } from '../../src/errors.js';
import { Executor } from '../../src/executor/executor.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { decodeArtefact, encodeArtefact } from '../../src/program/artefact.js';
import { stepEvaluator } from '../../src/program/evaluate.js';
import { priceProgram } from '../../src/program/price.js';
import type { Program } from '../../src/program/program.js';
import { widthRange } from '../../src/program/range.js';
import { elementCount } from '../../src/program/step.js';

export type FileKind = 'model' | 'artefact';

export type Verdict =
  | { readonly status: 'refused'; readonly code: string; readonly reason: string }
  | { readonly status: 'right' }
  | { readonly status: 'wrong' | 'crashed'; readonly reason: string };

const ELEMENTS_COMPARED = 32;

/** Prices, commits and runs a program on any input; runtime and evaluator must agree. @returns what is wrong, or null. */
async function disagreement(program: Program, seed: number): Promise<string | null> {
  const random = new Random(seed);
  priceProgram(program);
  commitModel(program);
  const { lo, hi } = widthRange(program.input.width);
  const input = Int32Array.from({ length: program.input.elements }, () => random.integer(lo, hi));
  const executor = await Executor.load(program, { threads: 1 });
  try {
    const slots = await executor.trace(input);
    for (let i = 0; i < ELEMENTS_COMPARED; i++) {
      const stepIndex = random.integer(0, program.steps.length - 1);
      const step = program.steps[stepIndex]!;
      const element = random.integer(0, elementCount(step.outDims) - 1);
      const expected = stepEvaluator(program, step, slots)(element);
      const actual = slots[stepIndex + 1]![element];
      if (actual !== expected)
        return `step ${stepIndex + 1} "${step.name}", element ${element}: runtime ${actual}, evaluator ${expected}`;
    }
    return null;
  } finally {
    await executor.close();
  }
}

async function runProgram(program: Program, input: Int32Array): Promise<Int32Array> {
  const executor = await Executor.load(program, { threads: 1 });
  try {
    return await executor.run(input);
  } finally {
    await executor.close();
  }
}

/** Reading and compiling; what comes out of our own compiler must be legal. */
async function programOf(kind: FileKind, bytes: Uint8Array): Promise<Program> {
  if (kind === 'artefact') return decodeArtefact(bytes, 'file').program;
  inspect(bytes, 'file.onnx');
  const { artefact } = await compile({ bytes, file: 'file.onnx', runProgram }, loadFloatRuntime());
  return decodeArtefact(encodeArtefact(artefact), 'compiled').program;
}

/** Never throws. @param seed of the input. */
export async function tryFile(kind: FileKind, bytes: Uint8Array, seed: number): Promise<Verdict> {
  let isRead = false;
  try {
    const program = await programOf(kind, bytes);
    isRead = true;
    const reason = await disagreement(program, seed);
    return reason === null ? { status: 'right' } : { status: 'wrong', reason };
  } catch (error) {
    const isOurs = error instanceof UserError && !isRead;
    const isIllegal = kind === 'model' && error instanceof UserError && error.code === 'OG_ILLEGAL_PROGRAM';
    if (isOurs && !isIllegal) return { status: 'refused', code: error.code, reason: error.message };
    return { status: 'crashed', reason: (error instanceof Error && error.stack) || String(error) };
  }
}
