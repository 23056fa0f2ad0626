import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../src/program/evaluate.js';
import { tamper } from '../../src/worker/tamper.js';
import { smallInput, smallProgram, smallTrace } from '../chain/small-model.js';

const truth = smallTrace();
const differences = (x: Int32Array | undefined, y: Int32Array | undefined): number =>
  x?.reduce((count, value, i) => count + (value === y?.[i] ? 0 : 1), 0) ?? -1;

test('one element is wrong, and what comes after is computed from it', () => {
  const lie = tamper(truth, { slot: 3, element: 7, value: 32_000 });
  for (const slot of [0, 1, 2]) assert.is(lie.slots[slot], truth.slots[slot], `slot ${slot}`);
  assert.is(differences(lie.slots[3], truth.slots[3]), 1);
  assert.is(lie.slots[3]?.[7], 32_000);
  assert.ok(differences(lie.slots[4], truth.slots[4]) > 0, 'the norm');
  assert.ok(differences(lie.slots[5], truth.slots[5]) > 1, 'all that is divided by it');
});

test('a lie about the input is an honest run of another input', () => {
  const lie = tamper(truth, { slot: 0, element: 2, value: 99 });
  assert.equal(lie.slots, evaluate(smallProgram(), smallInput().with(2, 99)));
});

test('without a value it is the one furthest from the truth, and never the truth', () => {
  for (let slot = 0; slot < truth.slots.length; slot++)
    assert.is(differences(tamper(truth, { slot, element: 0 }).slots[slot], truth.slots[slot]), 1, `slot ${slot}`);
});

test('an element that is not there', () => {
  assert.throws(() => tamper(truth, { slot: 9, element: 0 }), /no element 0 in slot 9/);
  assert.throws(() => tamper(truth, { slot: 1, element: 200 }), /no element 200 in slot 1/);
});

test.run();
