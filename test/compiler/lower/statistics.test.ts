/** Reductions and normalisations by the input's own statistics, in both memory layouts, against float ONNX Runtime. */
import { test } from 'uvu';
import { float, int, ints, node, tensor } from '../../../fixtures/onnx.js';
import { check, int64, one, weightsOf } from '../cases.js';
import type { CaseInput } from '../compare.js';

const weights = weightsOf(31);
const whole: CaseInput = { shape: [2, 3, 4, 5], low: -40, high: 50, type: 'int32' };

for (const operator of ['ReduceL1', 'ReduceL2', 'ReduceSumSquare']) {
  check(operator, one(operator, { axes: ints(1, -1) }));
  check(`${operator} of everything`, one(operator, { keepdims: int(0) }));
  check(`${operator} of opset 18`, one(operator, { keepdims: int(0) }, 'axes'), {
    opset: 18,
    initializers: [int64('axes', 1)],
  });
  check(`${operator} of whole numbers`, one(operator, { axes: ints(2) }), { x: whole, tolerance: 0 });
}
check('ReduceL1 then Sqrt', [node('ReduceL1', ['x'], ['n'], { axes: ints(3) }), node('Sqrt', ['n'], ['y'])]);
check('ReduceL2 of a wide tensor', [node('Identity', ['x'], ['i']), ...one('ReduceL2', { axes: ints(-1) })], {
  x: { shape: [2, 2000] },
});
check('ReduceMean of whole numbers', one('ReduceMean', { axes: ints(1, 2) }), { x: whole, tolerance: 0 });
for (const operator of ['ReduceMax', 'ReduceMin'])
  check(`${operator} that is an output has its input's precision`, one(operator, { axes: ints(1) }), {
    x: { shape: [3, 40], low: 0, high: 1000 },
    tolerance: 1e-6,
  });
check('ReduceMax of truth values', one('ReduceMax', {}, 'axes'), {
  x: { shape: [2, 3, 4], type: 'bool' },
  opset: 20,
  initializers: [int64('axes', 1)],
  tolerance: 0,
});
check('a reduction of no axes', one('ReduceSum', { noop_with_empty_axes: int(1) }, 'axes'), {
  initializers: [tensor('axes', [0], BigInt64Array.of())],
});

check('MeanVarianceNormalization', one('MeanVarianceNormalization'), { tolerance: 4e-4 });
check('MeanVarianceNormalization of other axes', one('MeanVarianceNormalization', { axes: ints(0, -1) }));
check('RMSNormalization', one('RMSNormalization', { epsilon: float(1e-3) }, 's'), {
  opset: 23,
  initializers: [weights('s', [5])],
});
check('RMSNormalization of several axes', one('RMSNormalization', { axis: int(1) }, 's'), {
  opset: 23,
  initializers: [weights('s', [3, 4, 5])],
});
check('RMSNormalization with a computed scale', one('RMSNormalization', {}, 's'), {
  opset: 23,
  inputs: { s: { shape: [5] } },
});
check('RMSNormalization of a long axis', one('RMSNormalization', {}, 's'), {
  x: { shape: [3, 3000], low: -2, high: 3 },
  opset: 23,
  initializers: [weights('s', [3000])],
});
check('PRelu with a computed slope', one('PRelu', {}, 'w'), {
  inputs: { w: { shape: [3, 1, 1], low: -0.5, high: 1 } },
});
check('Swish', one('Swish', { alpha: float(1.5) }), { x: { shape: [2, 3, 4, 5], low: -3, high: 3 }, opset: 24 });
check(
  'Concat with a part without elements',
  [
    node('Split', ['x', 'lengths'], ['p', 'q'], { axis: int(3) }),
    node('Concat', ['q', 'p', 'q'], ['y'], { axis: int(3) }),
  ],
  { initializers: [int64('lengths', 5, 0)] },
);

test.run();
