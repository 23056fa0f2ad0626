import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { node, text } from '../../../fixtures/onnx.js';
import { readEquation } from '../../../src/compiler/lower/einsum.js';
import { check, weightsOf } from '../cases.js';

const weights = weightsOf(7);

const einsum = (equation: string, ...others: string[]) => [
  node('Einsum', ['x', ...others], ['y'], { equation: text(equation) }),
];

check('Einsum transposing', einsum('abcd->dbac'));
check('Einsum summing', einsum('abcd->ca'));
check('Einsum of everything', einsum('abcd->'));
check('Einsum of a diagonal', einsum('abbc->cb'), { x: { shape: [2, 3, 3, 4] } });
check('Einsum of a trace', einsum('ii'), { x: { shape: [4, 4] } });
check('Einsum without a result', einsum('bij, bjk', 'w'), {
  x: { shape: [2, 3, 4] },
  inputs: { w: { shape: [2, 4, 5] } },
});
check('Einsum of attention', einsum('bhqd,bhkd->bhqk', 'w'), { inputs: { w: { shape: [2, 3, 7, 5] } } });
check('Einsum with weights', einsum('...d,hd->h...', 'w'), { initializers: [weights('w', [6, 5])] });
check('Einsum with a diagonal of weights', einsum('abcd,dd->abd', 'w'), { initializers: [weights('w', [5, 5])] });
check('Einsum of an outer product', einsum('i,j->ij', 'w'), { x: { shape: [4] }, inputs: { w: { shape: [5] } } });
check('Einsum with an ellipsis', einsum('...ij,...jk->...ik', 'w'), { inputs: { w: { shape: [2, 3, 5, 2] } } });
check('Einsum of three', einsum('ij,jk,kl->il', 'w', 'v'), {
  x: { shape: [3, 4] },
  inputs: { w: { shape: [4, 5] } },
  initializers: [weights('v', [5, 2])],
  tolerance: 4e-4,
});
check('Einsum of whole numbers', einsum('ij,kj->ik', 'w'), {
  x: { shape: [3, 9], low: -99, high: 99, type: 'int32' },
  inputs: { w: { shape: [2, 9], low: -99, high: 99, type: 'int32' } },
  tolerance: 0,
});

test('An equation without a result takes the labels that occur once, in order', () => {
  assert.equal(readEquation('ba,a', [2, 1]).result, ['b']);
  assert.equal(readEquation('...ba,...a', [3, 2]).result, ['.1', 'b']);
});

test.run();
