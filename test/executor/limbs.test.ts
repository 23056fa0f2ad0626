/** However weights and sources are cut, no sum of products of limbs leaves int32 and the limbs together are what was cut. */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cutOf, LANES, packWeights, weightLimbs } from '../../src/executor/kernels/limbs.js';

const INT32 = 2 ** 31;
const columns = fc
  .record({
    terms: fc.integer({ min: 1, max: 300 }),
    count: fc.integer({ min: 1, max: 5 }),
    most: fc.constantFrom(1, 127, 4000, 32_767),
  })
  .chain(({ terms, count, most }) =>
    fc
      .array(fc.oneof(fc.integer({ min: -most, max: most }), fc.constant(most), fc.constant(-most - 1)), {
        minLength: terms * count,
        maxLength: terms * count,
      })
      .map((values) => ({ terms, values: Int32Array.from(values) })),
  );
const ranges = fc
  .integer({ min: 1, max: 30 })
  .chain((bits) => fc.tuple(fc.integer({ min: -(2 ** bits), max: 0 }), fc.integer({ min: 0, max: 2 ** bits - 1 })))
  .map(([lo, hi]) => ({ lo, hi }));

test('the worst that a source can hold leaves no sum of limbs out of int32', () => {
  fc.assert(
    fc.property(ranges, columns, (source, weights) => {
      const cut = cutOf(source, weights);
      if (!cut) return;
      const { sourceBits, weightBits, parts, pairs } = cut;
      assert.ok(2 * parts * pairs >= weights.terms);
      const mask = 2 ** sourceBits - 1;
      const ends = [source.lo, source.hi, 0, -1, mask].filter((x) => x >= source.lo && x <= source.hi);
      const limbsOf = (x: number): number[] => (sourceBits === 0 ? [x] : [x >> sourceBits, x & mask]);
      for (const x of ends) {
        assert.is(
          limbsOf(x).reduce((whole, limb) => whole * 2 ** sourceBits + limb),
          x,
        );
        for (const limb of limbsOf(x)) assert.ok(limb >= -32_768 && limb <= 32_767);
      }
      const worst = Math.max(
        Math.abs(source.lo >> sourceBits),
        Math.abs(source.hi >> sourceBits),
        sourceBits === 0 ? 0 : Math.min(mask, Math.max(Math.abs(source.lo), source.hi)),
      );
      for (let column = 0; column < weights.values.length; column += weights.terms)
        for (let from = 0; from < weights.terms; from += 2 * pairs) {
          const part = weights.values.subarray(column + from, column + Math.min(from + 2 * pairs, weights.terms));
          for (const limb of weightLimbs(weightBits))
            assert.ok(part.reduce((sum, w) => sum + Math.abs(limb(w)), 0) * worst < INT32);
        }
    }),
  );
});

test('packed weights hold every weight in its limbs, and 0 where there is none', () => {
  fc.assert(
    fc.property(ranges, columns, (source, weights) => {
      const cut = cutOf(source, weights);
      if (!cut) return;
      const { terms, values } = weights;
      const packed = packWeights(weights, cut);
      const limbs = weightLimbs(cut.weightBits).length;
      const total = cut.parts * cut.pairs;
      const count = values.length / terms;
      assert.is(packed.length, Math.ceil(count / LANES) * total * limbs * LANES);
      for (let column = 0; column < Math.ceil(count / LANES) * LANES; column++)
        for (let term = 0; term < 2 * total; term++) {
          const whole = Array.from({ length: limbs }, (_, limb) => {
            const at = ((Math.floor(column / LANES) * total + (term >> 1)) * limbs + limb) * LANES + (column % LANES);
            return term % 2 === 0 ? ((packed[at] as number) << 16) >> 16 : (packed[at] as number) >> 16;
          }).reduce((high, low) => high * 256 + low);
          assert.is(whole, term < terms ? values[Math.min(column, count - 1) * terms + term] : 0);
        }
    }),
    { numRuns: 40 },
  );
});

test.run();
