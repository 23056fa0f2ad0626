import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { erf } from '../../../src/compiler/scalar/erf.js';

/** Abramowitz and Stegun, table 7.1, and known digits beyond. */
const KNOWN: readonly (readonly [number, number])[] = [
  [0, 0],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2, 0.9953222650189527],
  [2.4, 0.9993114861033549],
  [2.6, 0.9997639655834707],
  [3, 0.9999779095030014],
  [4, 0.9999999845827421],
  [7, 1],
];

test('erf to 15 digits, odd', () => {
  for (const [x, y] of KNOWN) {
    assert.ok(Math.abs(erf(x) - y) < 1e-14, `erf(${x}) = ${erf(x)}`);
    assert.is(erf(-x) + 0, -erf(x) + 0);
  }
});

test('its two formulas meet', () => {
  for (let x = 2.4; x < 2.6; x += 0.001) {
    const slope = (erf(x + 1e-4) - erf(x)) / 1e-4;
    assert.ok(Math.abs(slope - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)) < 1e-5, `at ${x}`);
  }
});

test.run();
