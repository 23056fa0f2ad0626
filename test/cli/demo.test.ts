import { stripVTControlCharacters } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFile } from '../../src/cli/compile-file.js';
import { answerOf, verdictOf } from '../../src/cli/demo/answer.js';
import { chooseLie, fromTheMiddle } from '../../src/cli/demo/choose-lie.js';
import { DIGITS_CALIBRATION, DIGITS_MODEL, digitOf, packDigit, readDigits } from '../../src/cli/demo/digits.js';
import { drawPicture } from '../../src/cli/demo/picture.js';
import { parseLie } from '../../src/cli/tamper.js';
import { commitModel } from '../../src/commit/model.js';
import { traceSource } from '../../src/dispute/trace.js';
import { evaluate } from '../../src/program/evaluate.js';

const test = suite('the parts of the demonstration');
const { artefact } = await compileFile(DIGITS_MODEL, { calibration: DIGITS_CALIBRATION });
const { program } = artefact;
const truth = traceSource(commitModel(program), evaluate(program, packDigit(program, digitOf(9))));

test('the digits are read as people read them', () => {
  const wrong = readDigits().filter(
    (digit) => verdictOf(program, evaluate(program, packDigit(program, digit)).at(-1)!) !== digit.label,
  );
  assert.ok(wrong.length <= 2, `${wrong.length} of 50 are wrong`);
});

test('a lie is found that turns the answer: one element, in the middle', () => {
  let clock = 0;
  const told = chooseLie(truth, (output) => verdictOf(program, output), { nowMs: () => clock++, budgetMs: 10_000 });
  assert.ok(told);
  const { lie, trace } = told!;
  assert.ok(lie.slot > 1 && lie.slot < program.steps.length);
  assert.is.not(answerOf(program, trace.slots.at(-1)!).best, 9);
  const different = trace.slots[lie.slot]!.filter((x, i) => x !== truth.slots[lie.slot]![i]);
  assert.is(different.length, 1);
  for (let slot = 0; slot < lie.slot; slot++) assert.equal(trace.slots[slot], truth.slots[slot]);
});

test('the search ends when its time is over', () => {
  let clock = 0;
  assert.is(
    chooseLie(truth, () => 'always the same', { nowMs: () => clock++, budgetMs: 3 }),
    null,
  );
});

test('steps are tried from the middle outwards, never the last', () => {
  assert.equal(fromTheMiddle(7), [4, 3, 5, 2, 6, 1]);
  assert.equal(fromTheMiddle(1), []);
});

test('where to lie is checked against the program', () => {
  assert.equal(parseLie('4:17', program, '--lie'), { slot: 4, element: 17 });
  assert.equal(parseLie('7', program, '--lie'), { slot: 7, element: 5 });
  for (const text of ['0', '8', 'x', '4:', '-1', '4:400', '4:1:1'])
    assert.throws(() => parseLie(text, program, '--lie'), /--lie takes|has the elements/, text);
});

test('an answer that is no distribution is made one', () => {
  const { shares, best } = answerOf(program, truth.slots.at(-1)!);
  assert.is(best, 9);
  assert.ok(Math.abs(shares.reduce((sum, x) => sum + x, 0) - 1) < 1e-9);
});

test('pictures: two rows of pixels a line, without empty lines around', () => {
  const lines = drawPicture([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0], 2).map((line) => stripVTControlCharacters(line));
  assert.is(lines.length, 1);
});

test.run();
