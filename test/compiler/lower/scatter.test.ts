import { test } from 'uvu';
import { int, text } from '../../../fixtures/onnx.js';
import { check, int64Of, one } from '../cases.js';

const u = { shape: [2, 3, 2, 5], low: -3, high: 3 };
const indices = Array.from({ length: 60 }, (_, i) => ((i * 7) % 4) - (i % 3 === 0 ? 4 : 0));
const elements = { inputs: { u }, initializers: [int64Of('i', [2, 3, 2, 5], indices)] };
// Without a reduction no element may be written twice.
const apart = Array.from({ length: 60 }, (_, i) => (Math.floor(i / 5) % 2 === 0 ? i % 2 : 2 + (i % 2)));
check('ScatterElements', one('ScatterElements', { axis: int(2) }, 'i', 'u'), {
  inputs: { u },
  initializers: [int64Of('i', [2, 3, 2, 5], apart)],
});
check('Scatter of opset 9', one('Scatter', { axis: int(2) }, 'i', 'u'), {
  opset: 9,
  inputs: { u },
  initializers: [int64Of('i', [2, 3, 2, 5], apart)],
});
for (const reduction of ['add', 'mul', 'max', 'min'])
  check(
    `ScatterElements, ${reduction}`,
    one('ScatterElements', { axis: int(-2), reduction: text(reduction) }, 'i', 'u'),
    { opset: 18, ...elements },
  );
const tuples = { inputs: { u: { shape: [3, 4, 5] } }, initializers: [int64Of('i', [3, 2], [0, 1, -1, 2, 1, 0])] };
const repeated = { ...tuples, initializers: [int64Of('i', [3, 2], [0, 1, -2, 1, 1, 0])] };
check('ScatterND', one('ScatterND', {}, 'i', 'u'), tuples);
for (const reduction of ['add', 'mul', 'max', 'min'])
  check(`ScatterND, ${reduction}`, one('ScatterND', { reduction: text(reduction) }, 'i', 'u'), {
    opset: 18,
    ...repeated,
  });
check('ScatterND of whole numbers', one('ScatterND', { reduction: text('add') }, 'i', 'u'), {
  opset: 18,
  x: { shape: [2, 3, 4], low: -50, high: 50, type: 'int64' },
  inputs: { u: { shape: [3, 4], low: -50, high: 50, type: 'int64' } },
  initializers: [int64Of('i', [3, 2], [0, 1, 0, 1, 1, 0])],
  tolerance: 0,
});

test.run();
