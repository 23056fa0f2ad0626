import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { programRunner } from '../../src/executor/program-runner.js';
import { evaluate } from '../../src/program/evaluate.js';
import { randomInput, randomProgram } from '../helpers/random-program.js';

test('programs take turns, and each gives its own result', async () => {
  const { runProgram, traceProgram, close } = programRunner();
  const [first, second] = [randomProgram(1, { maxElements: 50 }), randomProgram(2, { maxElements: 50 })];
  for (const program of [first, first, second, first]) {
    const input = randomInput(program, 3);
    const slots = evaluate(program, input);
    assert.equal(await runProgram(program, input), slots.at(-1));
    assert.equal(await traceProgram(program, input), slots);
  }
  await close();
  const input = randomInput(second, 4);
  assert.equal(await runProgram(second, input), evaluate(second, input).at(-1), 'a closed runner opens again');
  await close();
});

test.run();
