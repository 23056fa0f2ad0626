import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../src/commit/hash.js';
import { commitModel } from '../../src/commit/model.js';
import { firstDifference, locate } from '../../src/dispute/locate.js';
import { countingProgram } from '../helpers/traces.js';

/** Slots of 300 elements in 8 slots of 8 leaves: the input has 2 bytes an element, the steps 4. */
const commitment = commitModel(countingProgram(4, 300));
const leaf = (...bytes: [at: number, value: number][]) => {
  const all = new Uint8Array(256);
  for (const [at, value] of bytes) all[at] = value;
  return toHex(all);
};
const none = { height: 0, leaves: [null, null] } as const;

test('a leaf’s position says slot, step and node', () => {
  assert.equal(locate(commitment, { ...none, position: 3 * 8 + 2 }), {
    kind: 'step',
    slot: 3,
    leaf: 2,
    width: 4,
    step: { name: 'count3', origin: { node: 'node3', operator: 'Add' } },
    disputed: null,
  });
});

test('with both leaves it says which element, and what each side has there', () => {
  const leaves = [leaf([23, 9]), leaf([20, 0xff], [23, 9])] as const;
  assert.equal(locate(commitment, { height: 0, position: 8 + 4, leaves }).disputed, {
    element: 4 * 64 + 5,
    values: [9, -16_777_207],
  });
});

test('slot 0 is the input, in elements of its own width', () => {
  const { kind, slot, step, disputed } = locate(commitment, {
    height: 0,
    position: 1,
    leaves: [leaf([7, 1]), leaf([7, 2])],
  });
  assert.equal([kind, slot, step], ['input', 0, null]);
  assert.equal(disputed, { element: 128 + 3, values: [1, 2] });
});

test('a slot that does not exist is padding, byte by byte', () => {
  const { kind, disputed } = locate(commitment, { height: 0, position: 5 * 8, leaves: [leaf(), leaf([255, 128])] });
  assert.is(kind, 'padding');
  assert.equal(disputed, { element: 255, values: [0, -128] });
});

test('equal leaves have no difference', () => {
  assert.is(firstDifference([leaf([1, 1]), leaf([1, 1])], 2), null);
});

test('above the leaves there is nothing to say yet', () => {
  assert.throws(() => locate(commitment, { height: 2, position: 0, leaves: [null, null] }), /2 levels above/);
});

test.run();
