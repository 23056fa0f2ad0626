import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { splitExpensiveSteps } from '../../src/compiler/split.js';
import { UserError } from '../../src/errors.js';
import { checkProgram } from '../../src/program/check.js';
import { evaluate } from '../../src/program/evaluate.js';
import { fitsOneTransaction, priceProgram, priceStep } from '../../src/program/price.js';
import type { Program } from '../../src/program/program.js';
import type { Step } from '../../src/program/step.js';
import { NO_VIEW, program, read, scalar, slot, step } from '../helpers/tiny-program.js';

const APART = 200;
const TERMS = 480;

/** The largest of `terms` numbers: the elements that are `apart` elements apart, and one that is no element's. */
const largestOf = (terms: number, apart: number) =>
  step(1, read(slot(0), { ...NO_VIEW, coefs: [0, apart] }), {
    redDims: [terms],
    combine: 'max',
    b: scalar(-40_000),
    reduce: 'max',
  });
/** Each in a leaf of its own: too many leaves. */
const scattered = largestOf(TERMS, APART);
const whole = (...steps: Step[]) => program(TERMS * APART, steps);
const input = Int32Array.from({ length: TERMS * APART }, (_, i) => ((i * 37) % 65_536) - 32_768);
const isPriced = (of: Program) => priceProgram(of).steps.every(fitsOneTransaction);

test('a step that fits until another one is split, which makes the tree a level deeper, is split as well', () => {
  // One element again and again: the gas of its check rises by little with each term.
  const of = (terms: number) => whole(largestOf(terms, 0), largestOf(2, 1), scattered);
  let terms = 14_000;
  while (!fitsOneTransaction(priceStep(of(terms), 0))) terms--;
  const original = of(terms);
  assert.not(isPriced(original));
  const split = splitExpensiveSteps(original);
  checkProgram(split);
  assert.ok(isPriced(split));
  assert.is(split.steps.length, 5);
  assert.equal(evaluate(split, input).at(-1), evaluate(original, input).at(-1));
});

test('a step that fits no transaction and cannot be split is refused', () => {
  assert.throws(
    () => splitExpensiveSteps(whole({ ...scattered, reduce: 'argMax' })),
    (error: UserError) => error instanceof UserError && error.code === 'OG_STEP_TOO_EXPENSIVE',
  );
});

test.run();
