import * as ethers from 'ethers';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hashChunks, hasherFor, keccakHex } from '../../src/commit/keccak.js';
import { LEAF_BYTES, leafCount, tensorBytes } from '../../src/commit/tensor.js';

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

test('batches: every size of chunk, even and odd numbers of them, more than one batch', () => {
  for (const size of [32, 40, 64, 128, 136, 256, 264, 1024, 4096])
    for (const count of [2, 3, 9, Math.ceil(600_000 / size)]) {
      const bytes = Uint8Array.from({ length: size * count }, (_, i) => i * 7 + (i >> 8));
      const hashes = hashChunks(bytes, size);
      for (const i of new Set([0, 1, count >> 1, count - 2, count - 1])) {
        const chunk = bytes.subarray(size * i, size * (i + 1));
        assert.is(
          ethers.hexlify(hashes.subarray(32 * i, 32 * (i + 1))),
          ethers.keccak256(chunk),
          `${size}: ${i}/${count}`,
        );
      }
    }
});

test('chunks that the batched kernel does not take are hashed all the same', () => {
  for (const size of [1, 8, 31, 33, 4104]) {
    const bytes = Uint8Array.from({ length: 3 * size }, (_, i) => i * 5);
    const expected = [0, 1, 2].map((i) => ethers.keccak256(bytes.subarray(size * i, size * (i + 1))));
    assert.is(ethers.hexlify(hashChunks(bytes, size)), ethers.concat(expected), `${size} bytes`);
  }
});

test('hashElements packs, pads and hashes, and says when an element does not fit', () => {
  for (const width of [1, 2, 4] as const)
    for (const length of [1, 3, 64, 65, 1000, 70_001, 300_003]) {
      const half = 2 ** (8 * width - 1);
      const data = Int32Array.from({ length }, (_, i) => ((i * 2_654_435_761) % (2 * half)) - half);
      const leaves = leafCount(length, width);
      const hashes = new Uint8Array(leaves * 32);
      assert.ok(hasherFor(LEAF_BYTES).hashElements(data, width, hashes));
      assert.equal(hashes, hashChunks(tensorBytes(data, width), LEAF_BYTES), `${length} elements of ${width} bytes`);
      if (width === 4) continue;
      for (const at of [0, length >> 1, length - 1])
        for (const beyond of [half, -half - 1, 2 ** 31 - 1]) {
          const wrong = data.slice();
          wrong[at] = beyond;
          assert.not(hasherFor(LEAF_BYTES).hashElements(wrong, width, hashes), `${beyond} in ${width} bytes`);
        }
    }
});

test('hashChunks of nothing is nothing, and part of a chunk is refused', () => {
  assert.is(hashChunks(new Uint8Array(), 64).length, 0);
  assert.throws(() => hashChunks(new Uint8Array(65), 64), /not whole chunks/);
});

test.run();
