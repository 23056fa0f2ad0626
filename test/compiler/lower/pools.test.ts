/** Pools in all their forms, in both memory layouts, against float ONNX Runtime. */
import { test } from 'uvu';
import { int, ints, node, text } from '../../../fixtures/onnx.js';
import { check, one } from '../cases.js';
import type { CaseInput } from '../compare.js';

const image: CaseInput = { shape: [2, 3, 7, 8] };
const forms = {
  plain: {},
  'with strides and pads': { strides: ints(2, 3), pads: ints(2, 0, 1, 1) },
  'of a shape rounded up': { strides: ints(3, 3), ceil_mode: int(1) },
  'of a shape rounded up, with pads': { strides: ints(2, 2), pads: ints(1, 1, 1, 1), ceil_mode: int(1) },
  'padded to the same shape': { strides: ints(2, 2), auto_pad: text('SAME_UPPER') },
  'padded to the same shape before': { strides: ints(2, 2), auto_pad: text('SAME_LOWER') },
  'with dilations': { dilations: ints(2, 2) },
};
for (const [name, attributes] of Object.entries(forms)) {
  const kernel = { kernel_shape: ints(3, 2), ...attributes };
  const options = { x: image, opset: 22 };
  check(`MaxPool ${name}`, one('MaxPool', kernel), options);
  check(
    `MaxPool ${name} with indices`,
    [node('MaxPool', ['x'], ['values', 'y'], kernel)],
    // Row-major over the whole input, exactly.
    { ...options, outputs: ['y'], x: { ...image, low: 0, high: 100 }, tolerance: 0 },
  );
  if (!name.startsWith('of a shape rounded up, with'))
    for (const counted of [0, 1])
      check(
        `AveragePool ${name}, padding counted ${counted}`,
        one('AveragePool', { ...kernel, count_include_pad: int(counted) }),
        options,
      );
  if (name !== 'with dilations' && !name.startsWith('of a shape'))
    for (const p of [1, 2, 3]) check(`LpPool ${p} ${name}`, one('LpPool', { ...kernel, p: int(p) }), options);
}
check('MaxPool of both results', [node('MaxPool', ['x'], ['y', 'i'], { kernel_shape: ints(2, 2) })], {
  x: { shape: [1, 2, 4, 5], low: 0, high: 90, type: 'uint8' },
  outputs: ['y', 'i'],
  tolerance: 0,
});
check(
  'MaxPool with indices by columns',
  [node('MaxPool', ['x'], ['v', 'y'], { kernel_shape: ints(2, 2), storage_order: int(1) })],
  { x: { shape: [1, 2, 4, 5], low: 0, high: 90, type: 'uint8' }, tolerance: 0 },
);
check('MaxPool of one dimension', one('MaxPool', { kernel_shape: ints(3), strides: ints(2) }), {
  x: { shape: [2, 3, 20] },
});
check('AveragePool of three', one('AveragePool', { kernel_shape: ints(2, 2, 3), pads: ints(1, 0, 0, 0, 1, 1) }), {
  x: { shape: [1, 2, 5, 6, 4] },
});

test.run();
