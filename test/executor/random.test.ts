/** Random programs: the executor gives what the reference evaluator gives, bit for bit. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkProgram } from '../../src/program/check.js';
import { COMBINES, POSTS, REDUCES } from '../../src/program/step.js';
import { randomInput, randomProgram } from '../helpers/random-program.js';
import { expectSame, IN_KERNELS, IN_PIECES, IN_SEGMENTS, PLAIN, WITH_PRODUCTS } from './compare.js';

const PROGRAMS = 320;

test('random programs are legal, and the same for the same seed', () => {
  for (let seed = 0; seed < 60; seed++) {
    const program = randomProgram(seed);
    checkProgram(program);
    assert.equal(program, randomProgram(seed));
  }
});

test('random programs cover every combine, reduce and post, with and without lookup', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < PROGRAMS; seed++)
    for (const { combine, reduce, post, lookup, shift } of randomProgram(seed).steps)
      for (const what of [`${combine} ${reduce}`, `${post} ${lookup !== null}`, `shift ${Math.sign(shift)}`])
        seen.add(what);
  for (const combine of COMBINES)
    for (const reduce of REDUCES) assert.ok(seen.has(`${combine} ${reduce}`), `${combine} ${reduce}`);
  for (const post of POSTS)
    for (const lookup of [true, false]) assert.ok(seen.has(`${post} ${lookup}`), `${post} ${lookup}`);
  for (const sign of [-1, 0, 1]) assert.ok(seen.has(`shift ${sign}`));
});

test(`${PROGRAMS} random programs give the same integers as the reference evaluator`, async () => {
  let elements = 0;
  for (let seed = 0; seed < PROGRAMS; seed++) {
    const program = randomProgram(seed, seed % 4 === 0 ? { maxElements: 400 } : {});
    const ways = [
      seed % 8 === 0 ? IN_SEGMENTS : PLAIN,
      ...(seed % 2 === 0 ? [IN_PIECES] : []),
      IN_KERNELS,
      WITH_PRODUCTS,
    ];
    elements += await expectSame(program, randomInput(program, seed), ways, `seed ${seed}`);
  }
  if (process.env['OG_TEST_VERBOSE']) console.log(`${elements} elements were compared`);
  assert.ok(elements >= 100_000, `${elements} elements were compared`);
});

test.run();
