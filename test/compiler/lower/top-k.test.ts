import { test } from 'uvu';
import { int, node } from '../../../fixtures/onnx.js';
import { check, int64 } from '../cases.js';

const whole = { shape: [3, 7, 4], low: -4, high: 4, type: 'int32' as const };
for (const largest of [0, 1])
  for (const axis of [1, -1])
    check(
      `TopK with ties, largest ${largest}, axis ${axis}`,
      [node('TopK', ['x', 'k'], ['y', 'i'], { axis: int(axis), largest: int(largest) })],
      { x: whole, outputs: ['y', 'i'], initializers: [int64('k', 3)], tolerance: 0 },
    );
check('TopK of real numbers', [node('TopK', ['x', 'k'], ['y', 'i'], { axis: int(2) })], {
  initializers: [int64('k', 2)],
});
check('TopK of opset 9', [node('TopK', ['x'], ['y', 'i'], { k: int(2) })], {
  x: { shape: [2, 6] },
  outputs: ['y'],
  opset: 9,
});

test.run();
