import * as ethers from 'ethers';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hashChunks, keccakHex } from '../../src/commit/keccak.js';

test("keccakHex is the EVM's keccak256", () => {
  assert.is(keccakHex(new Uint8Array()), ethers.keccak256('0x'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.is(keccakHex(bytes), ethers.keccak256(bytes));
    }),
  );
});

test('hashes at the ends of the sponge block (136 bytes) and of the hasher buffer (16 KiB)', () => {
  for (const length of [135, 136, 137, 271, 272, 273, 16_383, 16_384, 16_385, 40_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    assert.is(keccakHex(bytes), ethers.keccak256(bytes), `${length} bytes`);
  }
});

test('hashChunks hashes each chunk, also of an array that is part of another', () => {
  const whole = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const part = whole.subarray(13, 13 + 5 * 64);
  const expected = [0, 1, 2, 3, 4].map((i) => ethers.keccak256(part.slice(64 * i, 64 * (i + 1))));
  assert.is(ethers.hexlify(hashChunks(part, 64)), ethers.concat(expected));
});

test('hashChunks of nothing is nothing, and part of a chunk is refused', () => {
  assert.is(hashChunks(new Uint8Array(), 64).length, 0);
  assert.throws(() => hashChunks(new Uint8Array(65), 64), /not whole chunks/);
});

test.run();
