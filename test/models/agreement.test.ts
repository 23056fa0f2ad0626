/** Reference evaluator and ONNX Runtime, every element of every slot of the real models. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Executor } from '../../src/executor/executor.js';
import { evaluate } from '../../src/program/evaluate.js';
import { compiledModel, packedSample, TEST_MODELS } from '../helpers/models.js';

let elements = 0;

for (const model of TEST_MODELS)
  test(`${model.name}: evaluator and runtime agree on every element`, async () => {
    const { artefact } = await compiledModel(model);
    const input = packedSample(model, artefact.program, 20);
    const executor = await Executor.load(artefact.program);
    const traced = await executor.trace(input);
    const answer = await executor.run(input);
    await executor.close();
    evaluate(artefact.program, input).forEach((expected, slot) => {
      const actual = traced[slot]!;
      const at = expected.findIndex((value, i) => value !== actual[i]);
      assert.is(at, -1, `slot ${slot}, element ${at}: ${expected[at]} and ${actual[at]}`);
      assert.is(actual.length, expected.length);
      elements += expected.length;
    });
    assert.equal(answer, traced.at(-1));
  });

test('more than 100,000 elements were compared', () => {
  assert.ok(elements > 100_000, `${elements}`);
});

test.run();
