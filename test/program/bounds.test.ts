import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stepBounds } from '../../src/program/bounds.js';
import { INT32_MAX, INT32_MIN, type View } from '../../src/program/step.js';
import { constant, program, read, slot, step } from '../helpers/tiny-program.js';

const ROWS = 3;
const size = fc.integer({ min: 1, max: 4 });
const weight = fc.oneof(fc.integer({ min: -40, max: 40 }), fc.constantFrom(0, 2 ** 20, -(2 ** 20)));

test('weights are bounded alike, whether their view moves by coefficients or by axes', () => {
  fc.assert(
    fc.property(fc.tuple(size, size, size), fc.boolean(), fc.infiniteStream(weight), (redDims, turned, weights) => {
      const [p, q, r] = redDims;
      const data = Int32Array.from({ length: ROWS * p * q * r }, () => weights.next().value as number);
      const coefs = turned ? [p * q * r, q * r, -r, -1] : [1, ROWS * q * r, ROWS * r, ROWS];
      const offset = turned ? q * r - 1 : 0;
      const bounds = (view: View) => {
        const dot = step(ROWS, read(slot(0), { offset: 0, coefs: [0, q * r, r, 1], axes: [], fill: 0 }), {
          redDims,
          combine: 'product',
          reduce: 'sum',
          b: read(constant(0), view, 3),
          lo: INT32_MIN,
          hi: INT32_MAX,
          width: 4,
        });
        const constants = [{ name: 'w', width: 4 as const, data }];
        return stepBounds({ ...program(p * q * r, [dot]), constants }, 0, [{ lo: -5, hi: 7 }]);
      };
      const byAxis: View = {
        offset: 0,
        coefs: [0, 0, 0, 0],
        axes: [{ stride: 1, extent: data.length, base: offset, coefs }],
        fill: 0,
      };
      const plain = bounds({ offset, coefs, axes: [], fill: 0 });
      assert.equal(plain, bounds(byAxis));
      const row = (o: number): number[] =>
        [...data].filter((_, i) => (turned ? Math.floor(i / (p * q * r)) : i % ROWS) === o);
      const most = Math.max(
        ...Array.from({ length: ROWS }, (_, o) => row(o).reduce((sum, w) => sum + 3 * Math.max(w * 7, w * -5), 0)),
      );
      assert.is(plain.accumulator.hi, most);
    }),
  );
});

test.run();
