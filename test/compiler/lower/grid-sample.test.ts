import { test } from 'uvu';
import { int, text } from '../../../fixtures/onnx.js';
import { check, one } from '../cases.js';

const grid = { shape: [2, 3, 4, 2], low: -1.4, high: 1.4 };
for (const mode of ['bilinear', 'bicubic'])
  for (const padding of ['zeros', 'border', 'reflection'])
    for (const align of [0, 1])
      check(
        `GridSample, ${mode}, ${padding}, align_corners ${align}`,
        one('GridSample', { mode: text(mode), padding_mode: text(padding), align_corners: int(align) }, 'g'),
        { inputs: { g: grid }, tolerance: 5e-4 },
      );
// Apart from the middle between two elements.
for (const padding of ['zeros', 'border', 'reflection'])
  check(
    `GridSample of the nearest, ${padding}`,
    one('GridSample', { mode: text('nearest'), padding_mode: text(padding) }, 'g'),
    { inputs: { g: { shape: [2, 3, 4, 2], low: -0.19, high: 0.19 } } },
  );
check('GridSample of three dimensions', one('GridSample', {}, 'g'), {
  x: { shape: [1, 2, 3, 4, 5] },
  inputs: { g: { shape: [1, 2, 2, 3, 3], low: -1.2, high: 1.2 } },
  opset: 20,
  tolerance: 5e-4,
});

test.run();
