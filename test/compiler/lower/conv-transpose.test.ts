import { test } from 'uvu';
import { int, ints, node, text } from '../../../fixtures/onnx.js';
import { check, one, weightsOf } from '../cases.js';

const weights = weightsOf(7);

const w = { initializers: [weights('w', [3, 4, 3, 2]), weights('b', [4])] };
const transposed = (attributes: Parameters<typeof one>[1]) => one('ConvTranspose', attributes, 'w', 'b');

check('ConvTranspose', transposed({}), w);
check('ConvTranspose by strides', transposed({ strides: ints(3, 2) }), w);
check(
  'ConvTranspose with uneven pads and output padding',
  transposed({ strides: ints(2, 3), pads: ints(1, 2, 0, 1), output_padding: ints(1, 0) }),
  w,
);
check('ConvTranspose with dilations', transposed({ dilations: ints(2, 3) }), w);
check('ConvTranspose with strides and dilations', transposed({ strides: ints(2, 3), dilations: ints(3, 2) }), w);
check('ConvTranspose with strides larger than its kernel', transposed({ strides: ints(4, 3) }), w);
check('ConvTranspose of groups', one('ConvTranspose', { group: int(3), strides: ints(2, 2) }, 'w', 'b'), {
  x: { shape: [2, 6, 4, 5] },
  initializers: [weights('w', [6, 2, 3, 3]), weights('b', [6])],
});
for (const mode of ['SAME_UPPER', 'SAME_LOWER', 'VALID'])
  check(`ConvTranspose ${mode}`, transposed({ auto_pad: text(mode), strides: ints(2, 2) }), w);
check('ConvTranspose to a given shape', transposed({ output_shape: ints(9, 10), strides: ints(2, 2) }), w);
check('ConvTranspose of one dimension', one('ConvTranspose', { strides: ints(2), pads: ints(1, 1) }, 'w'), {
  x: { shape: [2, 3, 5] },
  initializers: [weights('w', [3, 2, 4])],
});
check('ConvTranspose of three dimensions', one('ConvTranspose', { strides: ints(2, 1, 2) }, 'w'), {
  x: { shape: [1, 2, 3, 2, 3] },
  initializers: [weights('w', [2, 3, 2, 2, 3])],
});
for (const dilation of [1, 2])
  check(
    `ConvTranspose with computed weights, dilation ${dilation}`,
    one('ConvTranspose', { strides: ints(2, 2), pads: ints(1, 0, 0, 1), dilations: ints(dilation, 1) }, 'w', 'b'),
    { inputs: { w: { shape: [3, 4, 3, 2] }, b: { shape: [4] } } },
  );
check(
  'ConvTranspose, BatchNormalization, Sigmoid',
  [
    node('ConvTranspose', ['x', 'w', 'b'], ['c'], { strides: ints(2, 2) }),
    node('BatchNormalization', ['c', 's', 'o', 'm', 'v'], ['n']),
    node('Sigmoid', ['n'], ['y']),
  ],
  {
    initializers: [
      ...w.initializers,
      weights('s', [4]),
      weights('o', [4]),
      weights('m', [4]),
      weights('v', [4], 0.5, 2),
    ],
  },
);
check(
  'ConvTranspose with a computed bias, then Relu',
  [node('ConvTranspose', ['x', 'w', 'b'], ['c']), node('Sigmoid', ['c'], ['y'])],
  { inputs: { b: { shape: [4] } }, initializers: [weights('w', [3, 4, 3, 2])] },
);

test.run();
