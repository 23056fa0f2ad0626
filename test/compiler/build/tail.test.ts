/** Functions that end in a straight line, and those that do not. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linearTail } from '../../../src/compiler/build/tail.js';

const fn = (evaluate: (x: number) => number) => ({ label: 'f', evaluate, affine: null });
const hardSwish = fn((x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6);
const softplus = fn((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));

test('the line and the rest are the function', () => {
  for (const f of [hardSwish, softplus]) {
    const tail = linearTail(f, [-50, 200]);
    assert.ok(tail);
    assert.ok(Math.abs(tail.slope - 1) < 1e-9, `${tail.slope}`);
    for (const x of [-40, -1, 0, 2, 150])
      assert.ok(Math.abs(tail.slope * Math.max(x, 0) + tail.rest.evaluate(x) - f.evaluate(x)) < 1e-9, `${x}`);
    assert.ok(tail.largest < 1);
  }
});

test('what does not end in a line, or is short as it is, stays whole', () => {
  assert.is(linearTail(fn(Math.tanh), [-50, 200]), null);
  assert.is(
    linearTail(
      fn((x) => x * x),
      [-50, 200],
    ),
    null,
  );
  assert.is(linearTail(hardSwish, [-3, 3]), null);
  assert.is(linearTail(hardSwish, [-50, -5]), null);
});

test.run();
