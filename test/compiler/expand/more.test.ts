/** Operators that few models have, computed as simpler ones, against float ONNX Runtime. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { floats, int, ints, node, tensor, text } from '../../../fixtures/onnx.js';
import { check, int64, one, weightsOf } from '../cases.js';
import { assertClose, type CaseInput, compileCase } from '../compare.js';

const weights = weightsOf(31);

// CumProd.
const factors: CaseInput = { shape: [3, 6], low: 0.5, high: 1.5 };
for (const exclusive of [0, 1])
  for (const reverse of [0, 1])
    check(
      `CumProd, exclusive ${exclusive}, reverse ${reverse}`,
      one('CumProd', { exclusive: int(exclusive), reverse: int(reverse) }, 'axis'),
      { x: factors, opset: 26, initializers: [tensor('axis', [], BigInt64Array.of(1n))], tolerance: 1e-3 },
    );
check('CumProd of whole numbers', one('CumProd', {}, 'axis'), {
  x: { shape: [2, 5], low: -3, high: 4, type: 'int32' },
  opset: 26,
  initializers: [tensor('axis', [], BigInt64Array.of(-1n))],
  tolerance: 0,
});

// Det.
for (const size of [1, 2, 3, 4])
  check(`Det of ${size}x${size}`, one('Det'), { x: { shape: [3, size, size] }, opset: 22, tolerance: 1e-3 });
test('Det of large matrices is refused', async () => {
  try {
    await compileCase({ inputs: { x: { shape: [7, 7] } }, nodes: one('Det'), outputs: ['y'] });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /Det node "y" .*its matrices are 7x7, larger than 6x6/s);
  }
});

// MaxUnpool.
check('MaxUnpool', one('MaxUnpool', { kernel_shape: ints(2, 2), strides: ints(2, 2) }, 'i'), {
  x: { shape: [1, 2, 2, 2] },
  initializers: [tensor('i', [1, 2, 2, 2], BigInt64Array.of(5n, 2n, 8n, 15n, 16n, 19n, 24n, 27n))],
});

// Dropout.
check('Dropout with a mask', [node('Dropout', ['x'], ['y', 'mask'])], { outputs: ['y', 'mask'] });
check('Dropout that is told that it does not train', [node('Dropout', ['x', '', 'no'], ['y'])], {
  initializers: [{ ...tensor('no', [], Uint8Array.of(0)), dataType: 9 }],
});
test('Dropout that trains is refused', async () => {
  const nodes = [node('Dropout', ['x', '', 'yes'], ['y'])];
  const initializers = [{ ...tensor('yes', [], Uint8Array.of(1)), dataType: 9 }];
  try {
    await compileCase({ inputs: { x: { shape: [2, 3] } }, nodes, outputs: ['y'], initializers });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /it is in training mode/);
  }
});

// TensorScatter.
const cache: CaseInput = { shape: [2, 3, 6, 4] };
for (const mode of ['linear', 'circular'])
  check(`TensorScatter, ${mode}`, one('TensorScatter', { mode: text(mode) }, 'update', 'first'), {
    x: cache,
    inputs: {
      update: { shape: [2, 3, 2, 4] },
      first: { shape: [2], low: 0, high: mode === 'linear' ? 5 : 6, type: 'int64' },
    },
    opset: 24,
  });
check('TensorScatter from the start, on another axis', one('TensorScatter', { axis: int(1) }, 'update'), {
  x: cache,
  inputs: { update: { shape: [2, 2, 6, 4] } },
  opset: 24,
});

// DeformConv.
const image: CaseInput = { shape: [2, 4, 5, 6] };
check(
  'DeformConv with groups, a mask, a stride and padding',
  one(
    'DeformConv',
    {
      kernel_shape: ints(2, 3),
      offset_group: int(2),
      group: int(2),
      strides: ints(2, 1),
      pads: ints(1, 1, 0, 1),
      dilations: ints(1, 2),
    },
    'w',
    'o',
    'b',
    'm',
  ),
  {
    x: image,
    inputs: { o: { shape: [2, 24, 3, 4], low: -1.5, high: 1.5 }, m: { shape: [2, 12, 3, 4], low: 0, high: 1 } },
    initializers: [weights('w', [6, 2, 2, 3]), weights('b', [6])],
    opset: 22,
    tolerance: 2e-3,
  },
);

// TfIdfVectorizer.
const words: CaseInput = { shape: [3, 7], low: 1, high: 5, type: 'int32' };
for (const mode of ['TF', 'IDF', 'TFIDF'])
  for (const skips of [0, 2])
    check(
      `TfIdfVectorizer, ${mode}, ${skips} skips`,
      one('TfIdfVectorizer', {
        mode: text(mode),
        min_gram_length: int(1),
        max_gram_length: int(2),
        max_skip_count: int(skips),
        ngram_counts: ints(0, 3),
        ngram_indexes: ints(4, 0, 2, 3, 1, 5),
        pool_int64s: ints(1, 2, 4, 1, 2, 3, 3, 4, 4),
        weights: floats(2, 0.5, 3, 1.5, 1, 4),
      }),
      { x: words, opset: 9 },
    );

test('IsInf and IsNaN of what og computes are false', async () => {
  await assertClose(
    {
      inputs: { x: { shape: [2, 3] } },
      nodes: [
        node('Exp', ['x'], ['e']),
        node('IsInf', ['e'], ['inf']),
        node('IsNaN', ['e'], ['nan']),
        node('Or', ['inf', 'nan'], ['bad']),
        node('Where', ['bad', 'x', 'e'], ['y']),
      ],
      outputs: ['y', 'bad'],
    },
    2e-4,
  );
});
check('Unique of one element', [node('Unique', ['x'], ['y', 'i', 'v', 'n'])], {
  x: { shape: [1] },
  outputs: ['y', 'i', 'v', 'n'],
});
check('Slice of nothing is nothing', one('Slice', {}, 'from', 'to'), {
  initializers: [int64('from', 2), int64('to', 1)],
});

test.run();
