import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { splitExpensiveSteps } from '../../src/compiler/split.js';
import { UserError } from '../../src/errors.js';
import { checkProgram } from '../../src/program/check.js';
import { evaluate } from '../../src/program/evaluate.js';
import { fitsOneTransaction, priceProgram, priceStep } from '../../src/program/price.js';
import { NO_VIEW, program, read, scalar, slot, step } from '../helpers/tiny-program.js';

const APART = 200;
const TERMS = 480;

/** The largest of `terms` elements, each in a leaf of its own, and of a number that is no element's. */
const scattered = (terms: number) =>
  step(1, read(slot(0), { ...NO_VIEW, coefs: [0, APART] }), {
    redDims: [terms],
    combine: 'max',
    b: scalar(-40_000),
    reduce: 'max',
  });
const whole = (...sizes: number[]) =>
  program(
    TERMS * APART,
    sizes.map((size) => scattered(size)),
  );
const input = Int32Array.from({ length: TERMS * APART }, (_, i) => ((i * 37) % 65_536) - 32_768);
const isPriced = (of: ReturnType<typeof whole>) => priceProgram(of).steps.every(fitsOneTransaction);

test('a step that fits until another one is split, which makes the tree a level deeper, is split as well', () => {
  const most = Array.from({ length: TERMS / 2 }, (_, i) => TERMS - 2 * i).find((n) =>
    fitsOneTransaction(priceStep(whole(n, 2, TERMS), 0)),
  )!;
  const original = whole(most, 2, TERMS);
  assert.not(isPriced(original));
  const program = splitExpensiveSteps(original);
  checkProgram(program);
  assert.ok(isPriced(program));
  assert.is(program.steps.length, 5);
  assert.equal(evaluate(program, input).at(-1), evaluate(original, input).at(-1));
});

test('a step that fits no transaction and cannot be split is refused', () => {
  const position = { ...scattered(TERMS), reduce: 'argMax' } as const;
  assert.throws(
    () => splitExpensiveSteps(program(TERMS * APART, [position])),
    (error: UserError) => error instanceof UserError && error.code === 'OG_STEP_TOO_EXPENSIVE',
  );
});

test.run();
