/** Runs one case: compile, run through ONNX Runtime, compare with the given outputs and with the reference evaluator. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FloatSample } from '../../src/compiler/compile.js';
import { compile } from '../../src/compiler/compile.js';
import type { FloatTensor } from '../../src/compiler/float-runtime.js';
import { readModel } from '../../src/compiler/onnx/read.js';
import { isFloat, toNumbers } from '../../src/compiler/onnx/tensor.js';
import { UserError } from '../../src/errors.js';
import { Executor } from '../../src/executor/executor.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { stepEvaluator } from '../../src/program/evaluate.js';
import { packInputs, type RealOutput, unpackOutputs } from '../../src/program/layout.js';
import type { Program } from '../../src/program/program.js';
import { elementCount } from '../../src/program/step.js';
import { type DataSet, readDataSets } from './cases.js';
import type { Outcome } from './outcome.js';

const ELEMENTS_COMPARED = 32;
const TOLERANCE = 1e-3;

class WrongResult extends Error {}

/** Compares one output; returns the largest error relative to max(1, largest expected). */
function compareOutput(name: string, expected: FloatTensor, actual: RealOutput | undefined): number {
  if (!actual) throw new WrongResult(`output "${name}" is missing`);
  if (actual.type !== expected.type)
    throw new WrongResult(`output "${name}" is ${actual.type} and not ${expected.type}`);
  if (actual.shape.join('x') !== expected.dims.join('x'))
    throw new WrongResult(`output "${name}" is ${actual.shape.join('x')} and not ${expected.dims.join('x')}`);
  const wanted = toNumbers(expected);
  let largest = 1;
  for (const x of wanted) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  let worst = 0;
  wanted.forEach((x, i) => {
    const error = Math.abs(x - actual.data[i]!);
    const allowed = isFloat(expected.type) ? TOLERANCE * largest : 0;
    if (!(error <= allowed)) throw new WrongResult(`output "${name}", element ${i}, is ${actual.data[i]} and not ${x}`);
    if (isFloat(expected.type)) worst = Math.max(worst, error / largest);
  });
  return worst;
}

/** Compares randomly chosen elements of random steps between runtime and reference evaluator. */
function compareWithEvaluator(program: Program, slots: readonly Int32Array[], seed: number): void {
  let state = seed;
  const below = (n: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  for (let i = 0; i < ELEMENTS_COMPARED; i++) {
    const stepIndex = below(program.steps.length);
    const step = program.steps[stepIndex]!;
    const element = below(elementCount(step.outDims));
    const expected = stepEvaluator(program, step, slots)(element);
    const actual = slots[stepIndex + 1]![element];
    if (actual !== expected)
      throw new WrongResult(
        `step ${stepIndex + 1} "${step.name}", element ${element}: runtime ${actual}, evaluator ${expected}`,
      );
  }
}

function namedInputs(names: readonly string[], set: DataSet): Record<string, FloatTensor> {
  return Object.fromEntries(
    set.inputs.flatMap((tensor, i) => (names[i] === undefined ? [] : [[names[i], tensor] as const])),
  );
}

async function check(folder: string): Promise<number> {
  const bytes = readFileSync(join(folder, 'model.onnx'));
  const { graph } = readModel(bytes, basename(folder));
  const sets = readDataSets(folder);
  const inputNames = graph.inputs.map(({ name }) => name);
  const samples: FloatSample[] = sets.map((set) => namedInputs(inputNames, set));
  const shapes = Object.fromEntries(Object.entries(samples[0] ?? {}).map(([name, { dims }]) => [name, dims]));
  const { artefact } = await compile(
    { bytes, file: 'model.onnx', shapes, calibration: samples },
    await loadFloatRuntime(),
  );
  const executor = await Executor.load(artefact.program, { threads: 1 });
  let worst = 0;
  try {
    for (const [k, set] of sets.entries()) {
      const tensors = Object.fromEntries(
        artefact.program.inputs.map(({ name }) => {
          const tensor = samples[k]![name]!;
          return [name, { shape: tensor.dims, data: toNumbers(tensor) }];
        }),
      );
      const slots = await executor.trace(packInputs(artefact.program, tensors));
      const outputs = unpackOutputs(artefact.program, slots.at(-1)!);
      set.outputs.forEach((expected, i) => {
        const name = graph.outputs[i]!;
        worst = Math.max(worst, compareOutput(name, expected, outputs[name]));
      });
      compareWithEvaluator(artefact.program, slots, k + 1);
    }
  } finally {
    await executor.close();
  }
  return worst;
}

/** Never throws. @param root @param name the case's folder below the root. */
export async function runCase(root: string, name: string): Promise<Outcome> {
  const started = performance.now();
  const outcome = (status: Outcome['status'], reason: string | null, maxError: number | null): Outcome => ({
    case: name,
    status,
    reason,
    maxError,
    milliseconds: Math.round(performance.now() - started),
  });
  try {
    return outcome('passed', null, await check(join(root, name)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof WrongResult) return outcome('wrong', reason, null);
    if (error instanceof UserError && error.code !== 'OG_ILLEGAL_PROGRAM') return outcome('refused', reason, null);
    return outcome('crashed', error instanceof Error ? (error.stack ?? reason) : reason, null);
  }
}
