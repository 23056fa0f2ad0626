import { concat, hexlify, keccak256, ZeroHash } from 'ethers';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MerkleTree, tensorTree, ZeroHashes, zeroHash } from '../../src/commit/merkle.js';
import { LEAF_BYTES, tensorBytes } from '../../src/commit/tensor.js';
import { naiveRoot, rootFromProof } from '../helpers/verify.js';

const NO_LEAVES = new ZeroHashes(new Uint8Array(32));
const hashesOf = (count: number) => Array.from({ length: count }, (_, i) => keccak256(Uint8Array.of(i)));
const treeOf = (count: number, depth: number) =>
  new MerkleTree(Buffer.concat(hashesOf(count).map((hash) => Buffer.from(hash.slice(2), 'hex'))), depth, NO_LEAVES);

test('zero subtrees are what the protocol says', () => {
  assert.is(zeroHash(0), keccak256(new Uint8Array(256)));
  assert.is(zeroHash(0), '0xd397b3b043d87fcd6fad1291ff0bfd16401c274896d8c63a923727f077b8e0b5');
  assert.is(zeroHash(3), keccak256(concat([zeroHash(2), zeroHash(2)])));
});

test('the root is the one over all 2^depth leaves', () => {
  for (let count = 0; count <= 9; count++)
    for (let depth = 0; depth <= 5; depth++)
      if (count <= 2 ** depth)
        assert.is(
          hexlify(treeOf(count, depth).root),
          naiveRoot(hashesOf(count), depth, ZeroHash),
          `${count} in ${depth}`,
        );
});

test('every proof, at every height, leads to the root', () => {
  for (const count of [0, 1, 5, 8]) {
    const tree = treeOf(count, 3);
    for (let height = 0; height <= 3; height++)
      for (let at = 0; at < 2 ** (3 - height); at++) {
        const siblings = tree.proof(at, height).map((sibling) => hexlify(sibling));
        assert.is(siblings.length, 3 - height);
        assert.is(rootFromProof(hexlify(tree.node(height, at)), at, siblings), hexlify(tree.root));
      }
  }
});

test('a node that cannot be is refused', () => {
  const tree = treeOf(5, 3);
  for (const [height, at] of [
    [0, 8],
    [0, -1],
    [4, 0],
    [-1, 0],
    [3, 1],
  ] as const)
    assert.throws(() => tree.node(height, at), /has no node/);
  assert.throws(() => treeOf(9, 3), /do not fit/);
});

test('a tensor tree has the tensor’s leaves, whether hashed in one batch or several', () => {
  fc.assert(
    fc.property(fc.constantFrom<1 | 2 | 4>(1, 2, 4), fc.integer({ min: 0, max: 700 }), (width, elements) => {
      const data = Int32Array.from({ length: elements }, (_, i) => (i * 37) % 100);
      const bytes = tensorBytes(data, width);
      const leaves = Array.from({ length: bytes.length / LEAF_BYTES }, (_, i) =>
        keccak256(bytes.slice(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)),
      );
      assert.is(hexlify(tensorTree(data, width, 4).root), naiveRoot(leaves, 4, zeroHash(0)));
    }),
    { numRuns: 40 },
  );
  const large = Int32Array.from({ length: 600_000 }, (_, i) => i * 7919);
  const tree = tensorTree(large, 4, 14);
  for (const leaf of [0, 4095, 4096, 8191, 8192, 9374]) {
    const bytes = tensorBytes(large.subarray(leaf * 64, (leaf + 1) * 64), 4);
    assert.is(hexlify(tree.node(0, leaf)), keccak256(bytes), `leaf ${leaf}`);
  }
  assert.is(hexlify(tree.node(0, 9375)), zeroHash(0));
});

test.run();
