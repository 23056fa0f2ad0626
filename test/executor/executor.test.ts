import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { UserError } from '../../src/errors.js';
import { LIMITS } from '../../src/executor/emit/accumulate.js';
import { Executor } from '../../src/executor/executor.js';
import { evaluate } from '../../src/program/evaluate.js';
import { ProgramError } from '../../src/program/program-error.js';
import { randomInput, randomProgram } from '../helpers/random-program.js';
import { at, Sketch } from './sketch.js';

async function refusal(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  return assert.unreachable('nothing was thrown') as never;
}

/** x, x + 1, (x + 1) · 2, and the sum of the first and the last. */
function chain(): Sketch {
  const sketch = new Sketch([6]);
  const read = (slot: number, weight = 1) => ({
    ...sketch.read(sketch.input, 1, [at(0)], { weight }),
    source: { kind: 'slot', index: slot } as const,
  });
  sketch.step('plus one', [6], { a: read(0), add: { ...read(0, 0), source: { kind: 'none' }, weight: 1 } });
  sketch.step('twice', [6], { a: read(1, 2), lo: -100_000, hi: 100_000 });
  sketch.step('together', [6], { combine: 'sum', a: read(0), b: read(2) });
  return sketch;
}

test('run gives the last slot, trace all of them, the input first', async () => {
  const executor = await Executor.load(chain().program());
  const input = Int32Array.of(0, 1, -2, 3, 32_767, -32_768);
  const trace = await executor.trace(input);
  assert.equal(trace, evaluate(executor.program, input));
  assert.is(trace[0], input);
  assert.equal(await executor.run(input), trace.at(-1));
  await executor.close();
});

test('runs may overlap, and an executor opens its sessions again after it was closed', async () => {
  const program = randomProgram(5, { steps: 4 });
  const executor = await Executor.load(program, { threads: 2 });
  const inputs = [1, 2, 3, 4].map((seed) => randomInput(program, seed));
  const results = await Promise.all(inputs.map((input) => executor.run(input)));
  assert.equal(
    results,
    inputs.map((input) => evaluate(program, input).at(-1)),
  );
  await executor.close();
  assert.equal(await executor.run(inputs[0]!), results[0]);
  await executor.close();
  await executor.close();
});

test('segments hand over the slots that later segments read', async () => {
  const program = randomProgram(11, { steps: 12, maxElements: 200 });
  const input = randomInput(program, 1);
  const expected = evaluate(program, input);
  for (const bytes of [1, 2000, 8000, 2 ** 30]) {
    const executor = await Executor.load(program, {
      leastProduct: null,
      segments: { slotBytes: bytes, constantBytes: bytes },
    });
    assert.equal(await executor.trace(input), expected);
    assert.equal(await executor.run(input), expected.at(-1));
    await executor.close();
  }
});

test('a program that fails the check is not run', async () => {
  const program = chain().program();
  const step = { ...program.steps[1]!, a: { ...program.steps[1]!.a, weight: 2 ** 40 } };
  const error = await refusal(Executor.load({ ...program, steps: [program.steps[0]!, step, program.steps[2]!] }));
  assert.instance(error, ProgramError);
  assert.match(error.message, /Step 2 \("twice"\) is not legal/);
});

test('an input of another length or width is refused', async () => {
  const executor = await Executor.load(chain().program());
  const short = await refusal(executor.run(new Int32Array(5)));
  assert.instance(short, UserError);
  assert.is(short.message, 'The packed input has 5 elements and not 6.');
  const wide = await refusal(executor.trace(Int32Array.of(0, 0, 40_000, 0, 0, 0)));
  assert.is(wide.message, 'The packed input holds 40000 at element 2, which does not fit 2 bytes.');
});

test('what ONNX Runtime cannot do is reported with the name of the step', async () => {
  const sketch = chain();
  const program = sketch.program();
  // An illegal program, let through on purpose: it reads beyond its source.
  const executor = await Executor.load(program, { limits: LIMITS, leastProduct: null });
  const step = program.steps[2]!;
  const beyond = {
    ...step,
    combine: 'indexed' as const,
    b: { ...step.b, weight: 1 },
    index: { stride: 1000, extent: 9 },
  };
  (executor as unknown as { program: object }).program = { ...program, steps: [...program.steps.slice(0, 2), beyond] };
  const error = await refusal(executor.run(Int32Array.of(5, 5, 5, 5, 5, 5)));
  assert.instance(error, UserError);
  assert.match(error.message, /^Step 3 \("together"\) could not be run by ONNX Runtime: /);
});

test.run();
