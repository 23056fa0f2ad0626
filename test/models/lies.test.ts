/** A lie in any step of a real model is found at that step and element, and the liar loses: by the pure game. */
import { test } from 'uvu';
import { Random } from '../../fixtures/random.js';
import { commitModel } from '../../src/commit/model.js';
import { traceSource } from '../../src/dispute/trace.js';
import { Executor } from '../../src/executor/executor.js';
import { elementCount } from '../../src/program/step.js';
import { Game } from '../helpers/game.js';
import { wrongElement } from '../helpers/liars.js';
import { compiledModel, packedSample, TEST_MODELS } from '../helpers/models.js';

for (const model of TEST_MODELS)
  test(`${model.name}: a lie in every step is found where it is`, async () => {
    const { artefact } = await compiledModel(model);
    const { program } = artefact;
    const executor = await Executor.load(program);
    const truth = traceSource(commitModel(program), await executor.trace(packedSample(model, program, 3)));
    await executor.close();
    const random = new Random(5);
    program.steps.forEach((step, index) => {
      const element = random.integer(0, elementCount(step.outDims) - 1);
      new Game(truth)
        .claimedByLiar('liar', wrongElement(index + 1, element))
        .watchedBy('tower')
        .play()
        .expectFound(index + 1, element)
        .expectLost('liar')
        .expectFinal('tower');
    });
  });

test.run();
