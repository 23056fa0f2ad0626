/** How close the program comes to the original model in float ONNX Runtime, on samples that it was not calibrated on. */
import type { Fidelity } from '../program/artefact.js';
import { evaluate } from '../program/evaluate.js';
import { unpackOutputs } from '../program/layout.js';
import type { Program } from '../program/program.js';
import type { FloatRuntime } from './float-runtime.js';
import { toNumbers } from './onnx/tensor.js';
import { packSample } from './pack-sample.js';
import type { FloatSample } from './samples.js';

/** Runs a program: packed input to packed output. The executor's is fast; the reference evaluator is the fallback. */
export type RunProgram = (program: Program, input: Int32Array) => Promise<Int32Array>;

export const runByEvaluator: RunProgram = async (program, input) => evaluate(program, input).at(-1)!;

const MOST_CLASSES = 100_000;

/** A first output of one score per class and row: [batch, classes]. */
function classCount(program: Program): number | null {
  const { shape, type } = program.outputs[0]!;
  const classes = shape.at(-1) ?? 0;
  const isClassifier = shape.length === 2 && classes >= 2 && classes <= MOST_CLASSES && type.startsWith('float');
  return isClassifier ? classes : null;
}

function argMax(values: ArrayLike<number>, from: number, length: number): number {
  let best = from;
  for (let i = from + 1; i < from + length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** @param modelBytes the ONNX file as it was given. @param samples every input of the model in each. */
export async function measureFidelity(
  program: Program,
  modelBytes: Uint8Array,
  samples: readonly FloatSample[],
  runtime: FloatRuntime,
  run: RunProgram,
): Promise<Fidelity> {
  const session = await runtime.open(modelBytes);
  const classes = classCount(program);
  let [count, maxAbsError, absErrors, dot, floatSquares, programSquares, rows, agreeing] = [0, 0, 0, 0, 0, 0, 0, 0];
  try {
    for (const sample of samples) {
      const expected = await session.run(sample);
      const actual = unpackOutputs(program, await run(program, packSample(program, sample)));
      program.outputs.forEach(({ name }, output) => {
        const wanted = toNumbers(expected[name]!);
        const got = actual[name]!.data;
        wanted.forEach((x, i) => {
          // Infinity has no integer, and is no error to speak of.
          if (!Number.isFinite(x)) return;
          const y = got[i]!;
          const error = Math.abs(x - y);
          maxAbsError = Math.max(maxAbsError, error);
          absErrors += error;
          dot += x * y;
          floatSquares += x * x;
          programSquares += y * y;
          count++;
        });
        if (output > 0 || classes === null) return;
        for (let from = 0; from < wanted.length; from += classes) {
          rows++;
          if (argMax(wanted, from, classes) === argMax(got, from, classes)) agreeing++;
        }
      });
    }
  } finally {
    await session.close();
  }
  const norms = Math.sqrt(floatSquares) * Math.sqrt(programSquares);
  return {
    samples: samples.length,
    maxAbsError,
    meanAbsError: absErrors / Math.max(count, 1),
    // Two outputs of nothing but zeros are the same.
    cosine: norms > 0 ? Math.min(dot / norms, 1) : floatSquares === programSquares ? 1 : 0,
    top1Agreement: rows > 0 ? agreeing / rows : null,
  };
}
