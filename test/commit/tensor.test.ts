import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { elementBytes, LEAF_BYTES, leafCount, tensorBytes, tensorFromBytes } from '../../src/commit/tensor.js';
import type { ElementWidth } from '../../src/program/step.js';

const WIDTHS = [1, 2, 4] as const;

const tensor = fc.constantFrom<ElementWidth>(...WIDTHS).chain((width) => {
  const half = 2 ** (8 * width - 1);
  const values = fc.array(fc.integer({ min: -half, max: half - 1 }), { maxLength: 400 });
  return values.map((list) => ({ width, data: Int32Array.from(list) }));
});

test('elements are big-endian two’s complement of their width', () => {
  assert.equal([...elementBytes(Int32Array.of(1, -1, -128, 127), 1)], [1, 255, 128, 127]);
  assert.equal([...elementBytes(Int32Array.of(1, -2, 0x1234), 2)], [0, 1, 255, 254, 0x12, 0x34]);
  assert.equal([...elementBytes(Int32Array.of(-2, 0x12345678), 4)], [255, 255, 255, 254, 0x12, 0x34, 0x56, 0x78]);
});

test('a tensor is padded with zero bytes to whole leaves, at every boundary', () => {
  for (const width of WIDTHS) {
    const full = LEAF_BYTES / width;
    for (const [elements, leaves] of [
      [0, 0],
      [1, 1],
      [full - 1, 1],
      [full, 1],
      [full + 1, 2],
      [3 * full, 3],
    ] as const) {
      assert.is(leafCount(elements, width), leaves);
      const bytes = tensorBytes(new Int32Array(elements).fill(-1), width);
      assert.is(bytes.length, leaves * LEAF_BYTES);
      assert.ok(
        bytes.every((byte, i) => byte === (i < elements * width ? 255 : 0)),
        `${elements} of width ${width}`,
      );
    }
  }
});

test('elements come back from their bytes', () => {
  fc.assert(
    fc.property(tensor, ({ data, width }) => {
      assert.equal(tensorFromBytes(tensorBytes(data, width), width, data.length), data);
      assert.equal(tensorFromBytes(elementBytes(data, width), width, data.length), data);
    }),
  );
});

test('a part of another array is read in its place', () => {
  const bytes = Uint8Array.of(7, 7, 7, 0, 5, 255, 255).subarray(3);
  assert.equal(tensorFromBytes(bytes, 2, 2), Int32Array.of(5, -1));
  assert.equal([...elementBytes(Int32Array.of(9, 9, 5).subarray(2), 4)], [0, 0, 0, 5]);
});

test('a value that does not fit is refused, never cut', () => {
  for (const [width, wrong] of [
    [1, 128],
    [1, -129],
    [2, 32_768],
    [2, -32_769],
  ] as const)
    assert.throws(() => tensorBytes(Int32Array.of(0, wrong, 1), width), new RegExp(`Element 1 is ${wrong}`));
});

test('too few bytes are refused', () => {
  assert.throws(() => tensorFromBytes(new Uint8Array(7), 4, 2), /do not hold 2 elements/);
});

test.run();
