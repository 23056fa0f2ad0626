import { test } from 'uvu';
import { ints } from '../../../fixtures/onnx.js';
import { check, int64, one } from '../cases.js';

const image = (...sizes: number[]) => ({ opset: 18, initializers: [int64('image', ...sizes), int64('block', 2, 3)] });
check('Col2Im', one('Col2Im', {}, 'image', 'block'), { x: { shape: [2, 18, 12] }, ...image(4, 6) });
check(
  'Col2Im with pads and strides',
  one('Col2Im', { pads: ints(1, 0, 1, 2), strides: ints(2, 2) }, 'image', 'block'),
  {
    x: { shape: [1, 12, 12] },
    ...image(5, 7),
  },
);
check('Col2Im with dilations', one('Col2Im', { dilations: ints(2, 1) }, 'image', 'block'), {
  x: { shape: [1, 12, 10] },
  ...image(4, 7),
});
check('AffineGrid', one('AffineGrid', {}, 'size'), {
  x: { shape: [2, 2, 3] },
  opset: 20,
  initializers: [int64('size', 2, 3, 4, 5)],
});

test.run();
