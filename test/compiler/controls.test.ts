/** `--bits` and `--calibration` do what they say: to the size, the price, the closeness and the ranges. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadDigits } from '../../fixtures/digits/data.js';
import { commitModel } from '../../src/commit/model.js';
import { type Compiled, compile, type FloatSample } from '../../src/compiler/compile.js';
import { encodeArtefact } from '../../src/program/artefact.js';
import { runner, runtime } from './compare.js';

const bytes = new Uint8Array(readFileSync('fixtures/digits/digits.onnx'));
const images = loadDigits().filter(({ heldOut }) => heldOut);

/** Digits, brighter or darker than they are. */
const digits = (count: number, brightness = 1): FloatSample[] =>
  images.slice(0, count).map(({ pixels }) => ({
    image: { type: 'float32', dims: [1, 1, 28, 28], data: pixels.map((pixel) => pixel * brightness) },
  }));

const run = runner();
const compiledWith = (calibration: FloatSample[], bits?: number): Promise<Compiled> =>
  compile({ bytes, file: 'digits.onnx', calibration, runProgram: run, ...(bits ? { bits } : {}) }, runtime);

test('fewer bits: a smaller artefact, a cheaper dispute, less closeness', async () => {
  const compiled: Compiled[] = [];
  for (const bits of [8, 12, 16]) compiled.push(await compiledWith(digits(20), bits));
  const [coarse, middle, fine] = compiled as [Compiled, Compiled, Compiled];
  const size = ({ artefact }: Compiled): number => encodeArtefact(artefact).length;
  // 8 bits are one byte and 12 are two, as 16 are.
  assert.ok(size(coarse) < 0.7 * size(fine), `${size(coarse)} and ${size(fine)} bytes`);
  assert.ok(coarse.price.matchGas < fine.price.matchGas, `${coarse.price.matchGas} and ${fine.price.matchGas} gas`);
  assert.ok(coarse.price.worstStep.calldataBytes < fine.price.worstStep.calldataBytes);
  assert.ok(coarse.fidelity.cosine < middle.fidelity.cosine && middle.fidelity.cosine < fine.fidelity.cosine);
  assert.ok(coarse.fidelity.meanAbsError > 4 * middle.fidelity.meanAbsError, 'each bit halves the error');
  assert.ok(middle.fidelity.meanAbsError > 4 * fine.fidelity.meanAbsError);
  assert.ok(coarse.fidelity.cosine > 0.999 && fine.fidelity.cosine > 0.99999);
});

test('calibration samples make the ranges, and the ranges the program', async () => {
  const usual = await compiledWith(digits(20));
  const dark = await compiledWith(digits(20, 0.1));
  const width = ({ artefact }: Compiled, name: string): number => artefact.ranges[name]![1];
  const ratio = width(usual, 'image') / width(dark, 'image');
  assert.ok(Math.abs(ratio - 10) < 1e-5, `${ratio}`);
  assert.ok(dark.artefact.program.inputs[0]!.scale < usual.artefact.program.inputs[0]!.scale / 5);
  assert.is.not(commitModel(dark.artefact.program).modelId, commitModel(usual.artefact.program).modelId);
  assert.ok(
    usual.fidelity.cosine > 0.99999 && dark.fidelity.cosine > 0.99999,
    'each is close on digits as it was shown',
  );
});

test('samples that are like what comes later are better than none', async () => {
  const usual = await compiledWith(digits(20), 10);
  const generated = await compile({ bytes, file: 'digits.onnx', bits: 10, runProgram: run }, runtime);
  const darkOnes = await compile(
    {
      bytes,
      file: 'digits.onnx',
      bits: 10,
      ranges: generated.artefact.ranges,
      calibration: digits(20),
      runProgram: run,
    },
    runtime,
  );
  assert.ok(usual.fidelity.meanAbsError < darkOnes.fidelity.meanAbsError, 'both are measured on the same digits');
});

test.run();
