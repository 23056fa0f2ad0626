import { dataLength, keccak256 } from 'ethers';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Forest } from '../../src/commit/forest.js';
import { asHash } from '../../src/commit/hash.js';
import { zeroHash } from '../../src/commit/merkle.js';
import type { Tensor } from '../../src/commit/tensor.js';
import { readOpening, rootFromProof } from '../../src/commit/verify-opening.js';
import * as byTheBook from '../helpers/verify.js';
import { naiveRoot } from '../helpers/verify.js';

const counting = (elements: number, width: 1 | 2 | 4): Tensor => ({
  width,
  data: Int32Array.from({ length: elements }, (_, i) => (i % 120) + 1),
});

/** Slots of 5, 1, 3 and 2 leaves in a tree of 8 slots of 8 leaves. */
const forest = new Forest([counting(1100, 1), counting(3, 4), counting(300, 2), counting(65, 4)], 3, 3);
const ALL_LEAVES = Array.from({ length: 64 }, (_, position) => position);

test('the root is the one over all leaves of all slots', () => {
  const hashes = ALL_LEAVES.map((position) => keccak256(forest.leaf(position)));
  assert.is(forest.root, naiveRoot(hashes, 6));
  assert.equal(hashes, forest.descendants(6, 0, 6));
});

test('nodes that do not exist are zero subtrees of their height', () => {
  assert.is(forest.node(0, 5), zeroHash(0)); // beyond slot 0
  assert.is(forest.node(1, 6), zeroHash(1)); // beyond slot 1
  assert.is(forest.node(3, 4), zeroHash(3)); // slot 4
  assert.is(forest.node(5, 1), zeroHash(5)); // slots 4 to 7
  assert.ok(forest.leaf(63).every((byte) => byte === 0));
  assert.ok(forest.leaf(7).every((byte) => byte === 0));
});

test('with another tensor in one slot it is the forest of those tensors', () => {
  const tensors = [counting(70, 4), counting(3, 4), counting(300, 2)];
  for (const [slot, tensor] of [counting(500, 1), counting(9, 4), counting(299, 2)].entries()) {
    const changed = new Forest(tensors, 3, 3).with(slot, tensor);
    const whole = new Forest(tensors.with(slot, tensor), 3, 3);
    assert.equal(changed.descendants(6, 0, 6), whole.descendants(6, 0, 6));
    assert.equal(changed.leaf(slot * 8), whole.leaf(slot * 8));
  }
});

test('children hash to their node, over one level and over several, across the height of a slot', () => {
  for (let height = 1; height <= 6; height++)
    for (let levels = 1; levels <= height; levels++)
      for (let at = 0; at < 2 ** (6 - height); at++)
        assert.is(naiveRoot(forest.descendants(height, at, levels), levels), forest.node(height, at));
});

test('slot and leaf proofs lead to the root', () => {
  for (let slot = 0; slot < 8; slot++) {
    assert.is(forest.slotProof(slot).length, 3);
    assert.is(rootFromProof(forest.slotRoot(slot), slot, forest.slotProof(slot)), forest.root);
  }
  for (const at of ALL_LEAVES) {
    const leaf = asHash(keccak256(forest.leaf(at)));
    assert.is(byTheBook.rootFromProof(leaf, at, forest.leafProof(at)), forest.root);
    assert.is(rootFromProof(leaf, at, forest.leafProof(at)), forest.root);
    assert.is(forest.leafProof(at, 3).length, 3);
    assert.is(rootFromProof(leaf, at % 8, forest.leafProof(at, 3)), forest.slotRoot(forest.slotOf(at)));
  }
});

test('a node or leaf outside the tree is refused', () => {
  assert.throws(() => forest.leaf(64), /has no node/);
  assert.throws(() => forest.leaf(-1), /has no node/);
  assert.throws(() => forest.node(7, 0), /has no node/);
  assert.throws(() => forest.node(0, 0.5), /has no node/);
});

const somePositions = fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { minLength: 1, maxLength: 64 });

test('an opening holds exactly its leaves and leads to the root', () => {
  fc.assert(
    fc.property(somePositions, (positions) => {
      const leaves = readOpening(forest.open(positions), forest.root, 6);
      assert.ok(leaves);
      assert.equal(
        [...leaves.keys()],
        [...positions].sort((x, y) => x - y),
      );
      for (const [at, leaf] of leaves) assert.equal(leaf, forest.leaf(at));
    }),
    { numRuns: 200 },
  );
});

test('positions may come in any order and more than once', () => {
  assert.equal(forest.open([9, 2, 9, 3]), forest.open([2, 3, 9]));
});

test('neighbouring leaves are one run; an opening of everything needs no sibling', () => {
  assert.is(forest.open([3, 4, 5, 7]).runs, '0x0000000003000300000000070001');
  const everything = forest.open(ALL_LEAVES);
  assert.is(everything.runs, '0x00000000000040');
  assert.equal(everything.siblings, []);
});

test('an opening of nothing is empty', () => {
  assert.equal(forest.open([]), { runs: '0x', leaves: '0x', siblings: [] });
});

const flipBit = (hex: string, bit: number): `0x${string}` => {
  const bytes = Buffer.from(hex.slice(2), 'hex');
  const at = (bit >> 3) % bytes.length;
  bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
  return `0x${bytes.toString('hex')}`;
};

test('any flipped bit of a leaf or of a sibling is refused', () => {
  fc.assert(
    fc.property(somePositions, fc.nat(), (positions, bit) => {
      const opening = forest.open(positions);
      assert.is(readOpening({ ...opening, leaves: flipBit(opening.leaves, bit) }, forest.root, 6), null);
      opening.siblings.forEach((sibling, i) => {
        const siblings = opening.siblings.with(i, flipBit(sibling, bit));
        assert.is(readOpening({ ...opening, siblings }, forest.root, 6), null);
      });
    }),
  );
});

test('a flipped bit of the runs is refused, or tells the truth about other leaves (of a zero subtree)', () => {
  fc.assert(
    fc.property(somePositions, fc.nat(), (positions, bit) => {
      const opening = forest.open(positions);
      const leaves = readOpening({ ...opening, runs: flipBit(opening.runs, bit) }, forest.root, 6);
      for (const [at, leaf] of leaves ?? []) assert.equal(leaf, forest.leaf(at));
    }),
    { numRuns: 300 },
  );
});

test('a sibling too few or too many is refused', () => {
  const opening = forest.open([2, 40]);
  assert.ok(readOpening(opening, forest.root, 6));
  assert.is(readOpening({ ...opening, siblings: opening.siblings.slice(1) }, forest.root, 6), null);
  assert.is(readOpening({ ...opening, siblings: opening.siblings.slice(0, -1) }, forest.root, 6), null);
  assert.is(readOpening({ ...opening, siblings: [...opening.siblings, zeroHash(0)] }, forest.root, 6), null);
});

test('a run longer than a uint16 is split', () => {
  const elements = 65_540 * 256;
  const wide = new Forest([{ data: new Int32Array(elements).fill(1), width: 1 }], 0, 17);
  const { runs, leaves } = wide.open(Array.from({ length: 65_540 }, (_, i) => i));
  assert.is(runs, '0x0000000000ffff000000ffff0005');
  assert.is(dataLength(leaves), 65_540 * 256);
});

test('positions above 2^32 are whole numbers, not 32-bit ones', () => {
  const deep = new Forest([counting(300, 1), counting(300, 1)], 4, 36);
  const position = 2 ** 36 + 1;
  assert.is(deep.slotOf(position), 1);
  assert.is(deep.open([position]).runs, '0x10000000010001');
  assert.ok(readOpening(deep.open([0, 1, position, 2 ** 40 - 1]), deep.root, 40));
});

test('a forest of nothing is one zero leaf', () => {
  assert.is(new Forest([], 0, 0).root, zeroHash(0));
});

test('a tensor that is too large for its slot, or a slot too many, is refused', () => {
  assert.throws(() => new Forest([counting(257, 1)], 0, 0), /do not fit/);
  assert.throws(() => new Forest([counting(1, 1), counting(1, 1)], 0, 0), /do not fit/);
});

test.run();
