import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  broadcastTo,
  contiguousStrides,
  isContiguous,
  memoryOrder,
  reshape,
  slice,
  type Tensor,
  transpose,
} from '../../../src/compiler/build/tensor.js';

const dense = (shape: readonly number[]): Tensor => ({
  source: { kind: 'slot', index: 0 },
  shape,
  strides: contiguousStrides(shape),
  offset: 0,
  scale: 1,
  range: { lo: 0, hi: 0 },
  integer: false,
});

/** Flat positions of all elements in row-major order of the logical shape. */
function positions({ shape, strides, offset }: Tensor): number[] {
  let result = [offset];
  shape.forEach((dim, axis) => {
    result = result.flatMap((position) => Array.from({ length: dim }, (_, i) => position + i * strides[axis]!));
  });
  return result;
}

const views = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      permutation: fc.shuffledSubarray(
        shape.map((_, i) => i),
        { minLength: shape.length },
      ),
      sliced: fc.nat(shape.length - 1),
      backwards: fc.boolean(),
      broadcast: fc.boolean(),
    }),
  )
  .map(({ shape, permutation, sliced, backwards, broadcast }) => {
    let tensor = transpose(dense(shape), permutation);
    const dim = tensor.shape[sliced]!;
    if (dim > 1) tensor = backwards ? slice(tensor, sliced, dim - 1, -1, dim) : slice(tensor, sliced, 1, 1, dim - 1);
    return broadcast ? broadcastTo(tensor, [2, ...tensor.shape]) : tensor;
  });

/** Some shape with this many elements. */
function factor(elements: number, choices: readonly number[]): number[] {
  const shape: number[] = [];
  let rest = elements;
  for (const choice of choices) {
    const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter((d) => rest % d === 0);
    const dim = divisors[choice % divisors.length]!;
    shape.push(dim);
    rest /= dim;
  }
  return [...shape, rest];
}

test('a reshape that needs no copy keeps every element in its place', () => {
  let [views_, copies] = [0, 0];
  fc.assert(
    fc.property(views, fc.array(fc.nat(20), { maxLength: 3 }), (tensor, choices) => {
      const before = positions(tensor);
      const shape = factor(before.length, choices);
      const after = reshape(tensor, shape);
      if (!after) {
        copies++;
        return;
      }
      views_++;
      assert.equal(after.shape, shape);
      assert.equal(positions(after), before);
    }),
    { numRuns: 2_000, seed: 1 },
  );
  assert.ok(views_ > 500 && copies > 100, 'both outcomes occur');
});

test('a contiguous tensor reshapes to anything', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }), fc.array(fc.nat(9)), (shape, choices) => {
      const tensor = dense(shape);
      const elements = positions(tensor).length;
      const result = reshape(tensor, factor(elements, choices.slice(0, 4)));
      assert.ok(result && isContiguous(result));
    }),
  );
});

test('memory order is the order of the strides', () => {
  assert.equal(memoryOrder(transpose(dense([2, 3, 4, 5]), [0, 3, 1, 2])), [0, 2, 3, 1]);
});

test.run();
