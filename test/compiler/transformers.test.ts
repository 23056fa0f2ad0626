/** Transformers whose weights are seeded: ids and masks in, close to float ONNX Runtime. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../fixtures/random.js';
import { type Compiled, compile, type FloatSample } from '../../src/compiler/compile.js';
import { fitsOneTransaction } from '../../src/program/price.js';
import { runner, runtime } from './compare.js';

const TOKENS = 12;
const VOCABULARY = 64;

const int64 = (values: readonly number[]) => ({
  type: 'int64' as const,
  dims: [1, values.length],
  data: BigInt64Array.from(values, BigInt),
});

const ids = (random: Random) => int64(Array.from({ length: TOKENS }, () => random.integer(0, VOCABULARY - 1)));

async function compileFixture(path: string, calibration: readonly FloatSample[]): Promise<Compiled> {
  const compiled = await compile({ bytes: readFileSync(path), file: path, calibration, runProgram: runner() }, runtime);
  assert.ok(compiled.price.steps.every(fitsOneTransaction), 'every check fits one transaction');
  return compiled;
}

test('bert: cosine 0.9999', async () => {
  const random = new Random(5);
  const samples = Array.from({ length: 40 }, () => {
    const length = random.integer(3, TOKENS);
    return {
      token_ids: ids(random),
      attention_mask: int64(Array.from({ length: TOKENS }, (_, i) => (i < length ? 1 : 0))),
    };
  });
  const { fidelity } = await compileFixture('fixtures/bert/bert.onnx', samples);
  assert.ok(fidelity.cosine >= 0.9999, `cosine ${fidelity.cosine}`);
  assert.ok(fidelity.maxAbsError <= 5e-3, `error ${fidelity.maxAbsError}`);
});

test('bert: a mask that is all ones in every sample', async () => {
  const random = new Random(7);
  const samples = Array.from({ length: 10 }, () => ({
    token_ids: ids(random),
    attention_mask: int64(Array.from({ length: TOKENS }, () => 1)),
  }));
  const { fidelity } = await compileFixture('fixtures/bert/bert.onnx', samples);
  assert.ok(fidelity.cosine >= 0.9999, `cosine ${fidelity.cosine}`);
});

test('gpt: cosine 0.9999', async () => {
  const random = new Random(6);
  const samples = Array.from({ length: 40 }, () => ({ token_ids: ids(random) }));
  const { fidelity } = await compileFixture('fixtures/gpt/gpt.onnx', samples);
  assert.ok(fidelity.cosine >= 0.9999, `cosine ${fidelity.cosine}`);
  assert.ok(fidelity.maxAbsError <= 2e-2, `error ${fidelity.maxAbsError}`);
});

test.run();
