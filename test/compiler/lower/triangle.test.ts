import { test } from 'uvu';
import { int, tensor } from '../../../fixtures/onnx.js';
import { check, int64, one } from '../cases.js';

for (const upper of [0, 1])
  for (const k of [-9, -2, 0, 1, 9])
    check(`Trilu, upper ${upper}, diagonal ${k}`, one('Trilu', { upper: int(upper) }, 'k'), {
      initializers: [tensor('k', [], BigInt64Array.of(BigInt(k)))],
    });
check('Trilu of whole numbers', one('Trilu'), { x: { shape: [4, 3], low: 1, high: 9, type: 'int64' }, tolerance: 0 });
for (const exclusive of [0, 1])
  for (const reverse of [0, 1])
    check(
      `CumSum, exclusive ${exclusive}, reverse ${reverse}`,
      one('CumSum', { exclusive: int(exclusive), reverse: int(reverse) }, 'a'),
      { initializers: [tensor('a', [], BigInt64Array.of(-2n))] },
    );
check('CumSum of whole numbers', one('CumSum', {}, 'a'), {
  x: { shape: [3, 50], low: -1000, high: 1000, type: 'int32' },
  initializers: [int64('a', 1)],
  tolerance: 0,
});

test.run();
