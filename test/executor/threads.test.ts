/** What threads compute and hash together is what one computes and hashes alone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tensorTree } from '../../src/commit/merkle.js';
import { Executor, type ExecutorOptions } from '../../src/executor/executor.js';
import { evaluate } from '../../src/program/evaluate.js';
import { slotShape } from '../../src/program/program.js';
import { randomInput } from '../helpers/random-program.js';
import { IN_KERNELS, IN_THREADS, PLAIN } from './compare.js';
import { at, Sketch } from './sketch.js';

/** Slots of one, two and four bytes an element, with many leaves and few, that end within a leaf and at its end. */
function program() {
  const sketch = new Sketch([64, 60, 8]);
  const wide = sketch.conv('wide', sketch.input, 12, [3, 3], { pad: 1, shift: 8, lo: -100_000, hi: 100_000 });
  // Too many rows to be gathered at once: every thread gathers some of its own.
  sketch.conv('rows', wide, 5, [3, 3], { pad: 1, shift: 12, lo: -32_768, hi: 32_767 });
  const window = sketch.conv('window', wide, 12, [3, 3], { pad: 1, groups: 12, shift: 10, lo: -128, hi: 127 });
  sketch.step('row', [7], {
    red: [64],
    combine: 'product',
    reduce: 'sum',
    shift: 4,
    a: sketch.read({ source: window.source, dims: [64 * 60 * 12] }, 2, [at(1, 720)]),
    b: sketch.read(sketch.weights([7, 64]), 2, [at(0), at(1)]),
    lo: -32_768,
    hi: 32_767,
  });
  return sketch.program();
}

test('trees that are made on the way are those of the slots, whoever hashes them', async () => {
  const made = program();
  const input = randomInput(made, 3);
  const expected = evaluate(made, input);
  const depth = 12;
  const ways: ExecutorOptions[] = [PLAIN, IN_KERNELS, IN_THREADS, { threads: 2 }];
  for (const options of ways) {
    const executor = await Executor.load(made, options);
    // Threads take some milliseconds to begin: those rounds are computed by one.
    for (let round = 0; round < (options === IN_THREADS ? 40 : 2); round++) {
      const { slots, trees } = await executor.traceTrees(input, depth);
      assert.is(trees.length, expected.length);
      expected.forEach((slot, k) => {
        assert.equal(slots[k], slot, `slot ${k}`);
        const alone = tensorTree(slot, slotShape(made, k).width, depth);
        for (const height of [0, 1, 2, depth])
          for (const position of [0, 1, 2, 99].filter((each) => each < 2 ** (depth - height)))
            assert.equal(trees[k]!.node(height, position), alone.node(height, position), `${k} ${height} ${position}`);
      });
    }
    await executor.close();
  }
});

test('an executor runs again after it was closed, and several run at once', async () => {
  const made = program();
  const input = randomInput(made, 4);
  const expected = evaluate(made, input).at(-1);
  const executors = await Promise.all([1, 2, 3].map(() => Executor.load(made, IN_THREADS)));
  assert.equal(
    await Promise.all(executors.map((each) => each.run(input))),
    executors.map(() => expected),
  );
  for (const each of executors) await each.close();
  assert.equal(await executors[0]!.run(input), expected);
  await executors[0]!.close();
});

test.run();
