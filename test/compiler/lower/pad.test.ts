import { test } from 'uvu';
import { float, ints, tensor, text } from '../../../fixtures/onnx.js';
import { check, int64, one } from '../cases.js';

const pads = { initializers: [int64('pads', 0, 1, 2, 0, 1, 0, 3, 2)] };
for (const mode of ['constant', 'reflect', 'edge'])
  check(`Pad, ${mode}`, one('Pad', { mode: text(mode) }, 'pads'), pads);
check('Pad, wrap', one('Pad', { mode: text('wrap') }, 'pads'), {
  opset: 19,
  initializers: [int64('pads', 0, 1, 2, 0, 1, 0, 3, 2)],
});
check('Pad with a value', one('Pad', {}, 'pads', 'value'), {
  initializers: [...pads.initializers, tensor('value', [], Float32Array.of(-0.75))],
});
check('Pad that cuts off', one('Pad', {}, 'pads'), { initializers: [int64('pads', 0, 0, -1, 2, 0, 0, 1, -2)] });
check('Pad of opset 10', one('Pad', { mode: text('reflect'), pads: ints(0, 0, 1, 2, 0, 0, 2, 1), value: float(1) }), {
  opset: 10,
});
check('Pad of some axes', one('Pad', {}, 'pads', '', 'axes'), {
  opset: 18,
  initializers: [int64('pads', 1, 0, 2, 1), int64('axes', -1, 1)],
});

test.run();
