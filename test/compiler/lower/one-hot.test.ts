import { test } from 'uvu';
import { int } from '../../../fixtures/onnx.js';
import { check, floatList, int64, one } from '../cases.js';

const depth = int64('depth', 5);
for (const axis of [0, 1, -1])
  check(`OneHot on axis ${axis}`, one('OneHot', { axis: int(axis) }, 'depth', 'values'), {
    x: { shape: [3, 4], low: -6, high: 6, type: 'int64' },
    initializers: [depth, floatList('values', -0.5, 2)],
  });
check('OneHot of whole values', one('OneHot', {}, 'depth', 'values'), {
  x: { shape: [7], low: 0, high: 5, type: 'int64' },
  initializers: [depth, int64('values', 3, -100_000)],
  tolerance: 0,
});

test.run();
