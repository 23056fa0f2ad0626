import { test } from 'uvu';
import { DataType, int, ints, tensor } from '../../../fixtures/onnx.js';
import { check, int64, one } from '../cases.js';

const taken = (...flags: number[]) => [tensor('c', [flags.length], Uint8Array.from(flags), DataType.BOOL)];
check('Compress', one('Compress', { axis: int(2) }, 'c'), { initializers: taken(1, 0, 0, 1) });
check('Compress of unevenly spaced elements', one('Compress', { axis: int(-1) }, 'c'), {
  initializers: taken(1, 1, 0, 1, 0),
});
check('Compress of all elements', one('Compress', {}, 'c'), { initializers: taken(0, 1, 1, 0, 1) });
check('ReverseSequence', one('ReverseSequence', {}, 'n'), {
  x: { shape: [4, 3, 2, 2] },
  initializers: [int64('n', 4, 1, 3)],
});
check('ReverseSequence, batch first', one('ReverseSequence', { batch_axis: int(0), time_axis: int(1) }, 'n'), {
  x: { shape: [2, 5, 3] },
  initializers: [int64('n', 2, 5)],
});
check('CenterCropPad', one('CenterCropPad', {}, 's'), { opset: 18, initializers: [int64('s', 2, 5, 1, 8)] });
check('CenterCropPad of some axes', one('CenterCropPad', { axes: ints(-1, 1) }, 's'), {
  opset: 18,
  initializers: [int64('s', 2, 6)],
});

test.run();
