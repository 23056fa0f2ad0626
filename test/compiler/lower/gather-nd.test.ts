import { test } from 'uvu';
import { int, node } from '../../../fixtures/onnx.js';
import { check, int64Of, one } from '../cases.js';

check('Gather by negative indices', one('Gather', { axis: int(-1) }, 'i'), {
  initializers: [int64Of('i', [2, 2], [-1, 0, 3, -5])],
});
for (const axis of [0, 1, 3, -2])
  check(`GatherElements on axis ${axis}`, one('GatherElements', { axis: int(axis) }, 'i'), {
    initializers: [int64Of('i', [2, 1, 2, 3], [0, 1, 0, 1, -1, 0, 0, 0, 0, 1, -2, 1])],
  });
check('GatherElements by computed indices', one('GatherElements', { axis: int(1) }, 'i'), {
  inputs: { i: { shape: [2, 4, 4, 5], low: -3, high: 3, type: 'int64' } },
});
check('GatherND', one('GatherND', {}, 'i'), { initializers: [int64Of('i', [3, 2], [0, 1, -1, 2, 1, -3])] });
check('GatherND by computed indices', one('GatherND', {}, 'i'), {
  inputs: { i: { shape: [2, 3, 2], low: -2, high: 2, type: 'int64' } },
});
check('GatherND of a batch', one('GatherND', { batch_dims: int(1) }, 'i'), {
  inputs: { i: { shape: [2, 4, 2], low: -3, high: 3, type: 'int64' } },
});
check('GatherND of a transposed tensor', [node('Transpose', ['x'], ['t']), node('GatherND', ['t', 'i'], ['y'])], {
  inputs: { i: { shape: [3, 3], low: 0, high: 3, type: 'int64' } },
});

test.run();
