import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { asHash, fromHex, toHex } from '../../src/commit/hash.js';

test('bytes to hex and back, also from inside another array', () => {
  const bytes = Uint8Array.of(9, 0, 255, 16, 9).subarray(1, 4);
  assert.is(toHex(bytes), '0x00ff10');
  assert.equal(fromHex('0x00fF10'), Uint8Array.of(0, 255, 16));
  assert.is(toHex(fromHex('0x')), '0x');
});

test('what is not hex is refused', () => {
  for (const wrong of ['', '00', '0x0', '0x0g', ' 0x00', '0x00\n']) assert.throws(() => fromHex(wrong), /is not hex/);
});

test('a hash has 32 bytes and comes out in lower case', () => {
  assert.is(asHash(`0x${'AB'.repeat(32)}`), `0x${'ab'.repeat(32)}`);
  for (const wrong of ['0x', `0x${'ab'.repeat(31)}`, `0x${'ab'.repeat(33)}`])
    assert.throws(() => asHash(wrong), /is not a hash/);
});

test.run();
