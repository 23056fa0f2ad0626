/** Tables: which arguments they hold, and how finely. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tableTarget } from '../../../src/compiler/build/target.js';
import type { RealRange } from '../../../src/compiler/measure.js';
import type { UnaryFunction } from '../../../src/compiler/unary-function.js';

const sigmoid = { label: 'Sigmoid', evaluate: (x: number) => 1 / (1 + Math.exp(-x)), affine: null };

const root = { label: 'Sqrt', evaluate: Math.sqrt, affine: null };

/** What the table says of an argument. */
function look(argument: RealRange, result: RealRange, x: number, fn: UnaryFunction = sigmoid): number {
  const target = tableTarget({
    fn,
    given: null,
    argument,
    result,
    precision: { limit: 32_767, wide: true },
    integerArgument: false,
    integer: false,
  });
  const { table, clamp, scale } = target.finish(target.scale);
  const at = Math.min(Math.max(Math.round(x / target.scale), clamp.lo), clamp.hi);
  return table!.data[at - table!.base]! * scale;
}

test('a sigmoid that was only seen below zero is right above it', () => {
  for (const x of [-9, -1, 0, 2, 9])
    assert.ok(Math.abs(look([-10, -1], [4e-5, 0.27], x) - sigmoid.evaluate(x)) < 1e-4, `${x}`);
});

test('small probabilities are as close, relatively, as large ones', () => {
  for (const x of [-4, -8, -11]) {
    const expected = sigmoid.evaluate(x);
    assert.ok(Math.abs(look([-14, -3], [8e-7, 0.047], x) / expected - 1) < 5e-3, `${x}`);
  }
});

test('numbers below all that were measured are looked up, where the function goes on to zero', () => {
  for (const x of [30, 10, 1, 0])
    assert.ok(Math.abs(look([50, 1_000], [7, 32], x, root) - Math.sqrt(x)) < 2e-2, `${x}`);
});

test.run();
