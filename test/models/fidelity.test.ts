/** What the integers say against what the float model says, on samples that were not calibrated on. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Executor } from '../../src/executor/executor.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { unpackOutputs } from '../../src/program/layout.js';
import { compiledModel, floatTensor, packed, TEST_MODELS, type TestModel } from '../helpers/models.js';

const FIRST_HELD_OUT = 16;

/** Pairs of float and exact outputs for samples `FIRST_HELD_OUT` on. */
async function outputsOf(model: TestModel, count: number): Promise<{ wanted: number[]; given: number[] }[]> {
  const { artefact } = await compiledModel(model);
  const session = await (await loadFloatRuntime()).open(readFileSync(model.file));
  const executor = await Executor.load(artefact.program);
  const samples = model.samples(FIRST_HELD_OUT + count);
  const pairs: { wanted: number[]; given: number[] }[] = [];
  for (let i = FIRST_HELD_OUT; i < samples.length; i++) {
    const float = await session.run({ [model.input.name]: floatTensor(model, samples[i]!) });
    const exact = unpackOutputs(artefact.program, await executor.run(packed(model, artefact.program, samples[i]!)));
    const [name, tensor] = Object.entries(float)[0]!;
    pairs.push({ wanted: Array.from(tensor.data as Float32Array), given: [...exact[name]!.data] });
  }
  await executor.close();
  await session.close();
  return pairs;
}

const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
const cosine = (x: readonly number[], y: readonly number[]): number => dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
const argMax = (x: readonly number[]): number => x.indexOf(Math.max(...x));

for (const model of TEST_MODELS.filter(({ name }) => name !== 'digits'))
  test(`${model.name}: cosine similarity of at least 0.99999 on held-out samples`, async () => {
    for (const { wanted, given } of await outputsOf(model, 20))
      assert.ok(cosine(wanted, given) >= 0.99999, `${cosine(wanted, given)}`);
  });

test('digits: the same answer as the float model on at least 99.9 % of 1,000 digits', async () => {
  const model = TEST_MODELS.find(({ name }) => name === 'digits')!;
  const pairs = await outputsOf(model, 1000);
  assert.is(pairs.length, 1000);
  const same = pairs.filter(({ wanted, given }) => argMax(wanted) === argMax(given)).length;
  assert.ok(same >= 999, `${same} of ${pairs.length}`);
});

test.run();
