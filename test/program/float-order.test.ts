import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { numberAt, orderOf } from '../../src/program/float-order.js';

const real = fc.float({ noNaN: true });

test('places are in the order of the numbers', () => {
  fc.assert(
    fc.property(real, real, (x, y) => {
      assert.is(orderOf(x) < orderOf(y), x < y);
      assert.is(orderOf(x) === orderOf(y), x === y);
    }),
  );
});

test('a place gives its number back', () => {
  fc.assert(fc.property(real, (x) => numberAt(orderOf(x)) === x));
  assert.equal([-0, 0, 1.4e-45, -1.4e-45, Number.NEGATIVE_INFINITY].map(orderOf), [0, 0, 1, -1, -0x7f800000]);
});

test.run();
