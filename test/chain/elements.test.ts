/** StepVerifier.sol against the reference evaluator and ONNX Runtime, on samples of every step. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../fixtures/random.js';
import { type Devnet, startDevnet } from '../../src/chain/devnet.js';
import { commitModel } from '../../src/commit/model.js';
import { type TraceSource, traceSource } from '../../src/dispute/trace.js';
import { Executor } from '../../src/executor/executor.js';
import type { Program } from '../../src/program/program.js';
import { elementCount } from '../../src/program/step.js';
import { computedElement } from '../helpers/element-check.js';
import { compiledModel, packedSample, TEST_MODELS } from '../helpers/models.js';
import { randomInput, randomProgram } from '../helpers/random-program.js';

const PER_MODEL_STEP = 8;
const RANDOM_PROGRAMS = 110;
const PER_RANDOM_STEP = 4;

let devnet: Devnet;
let elements = 0;

test.before(async () => {
  devnet = await startDevnet();
});
test.after(() => devnet.stop());

/** By ONNX Runtime, which other tests compare with the evaluator on every element. */
async function traceOf(program: Program, input: Int32Array): Promise<TraceSource> {
  const executor = await Executor.load(program);
  const slots = await executor.trace(input);
  await executor.close();
  return traceSource(commitModel(program), slots);
}

async function compareSteps(name: string, trace: TraceSource, perStep: number, random: Random): Promise<void> {
  for (const [index, step] of trace.commitment.program.steps.entries()) {
    const size = elementCount(step.outDims);
    const picks = new Set([0, size - 1]);
    for (let i = 0; i < 4 * perStep && picks.size < Math.min(perStep, size); i++)
      picks.add(random.integer(0, size - 1));
    for (const element of picks) {
      const computed = await computedElement(devnet.contracts, trace, index + 1, element);
      assert.is(
        computed,
        trace.slots[index + 1]![element],
        `${name}, step ${index + 1} "${step.name}", element ${element}`,
      );
      elements++;
    }
  }
}

for (const model of TEST_MODELS)
  test(`${model.name}: the contract agrees on every step`, async () => {
    const { artefact } = await compiledModel(model);
    const trace = await traceOf(artefact.program, packedSample(model, artefact.program, 20));
    await compareSteps(model.name, trace, PER_MODEL_STEP, new Random(3));
  });

test('random programs: the contract agrees on every step', async () => {
  for (let seed = 1; seed <= RANDOM_PROGRAMS; seed++) {
    const program = randomProgram(seed);
    const trace = await traceOf(program, randomInput(program, seed));
    await compareSteps(`seed ${seed}`, trace, PER_RANDOM_STEP, new Random(seed));
  }
});

test('more than 2,000 elements were compared', () => {
  assert.ok(elements > 2_000, `${elements}`);
});

test.run();
