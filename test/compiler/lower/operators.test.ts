/** Every operator of the register in a small graph, in both memory layouts, against float ONNX Runtime. */
import { test } from 'uvu';
import { float, int, ints, node, type TensorProto, tensor, text } from '../../../fixtures/onnx.js';
import { check, int64, one, weightsOf } from '../cases.js';
import type { CaseInput } from '../compare.js';

const weights = weightsOf(7);

// Functions of one tensor. Steep ones move by a unit of the input's 16 bits.
const positive: CaseInput = { shape: [2, 3, 4, 5], low: 0.25, high: 4 };
for (const operator of ['Relu', 'LeakyRelu', 'Elu', 'Selu', 'Celu', 'Sigmoid', 'Tanh', 'Exp', 'Abs', 'Neg', 'Erf'])
  check(operator, one(operator));
for (const operator of ['HardSigmoid', 'HardSwish', 'Softplus', 'Softsign', 'Mish', 'Sin', 'Cos', 'Atan', 'Asinh'])
  check(operator, one(operator), { x: { shape: [2, 3, 4, 5], low: -1.5, high: 1.5 }, opset: 18 });
for (const operator of ['Sinh', 'Cosh', 'ThresholdedRelu', 'Shrink'])
  check(
    operator,
    one(operator),
    operator === 'Sinh' || operator === 'Cosh' ? {} : { x: { shape: [2, 30], low: -0.4, high: 0.4 } },
  );
check('Tan', one('Tan'));
check('Gelu', one('Gelu'), { opset: 20 });
check('Gelu by tanh', one('Gelu', { approximate: text('tanh') }), { opset: 20 });
for (const operator of ['Log', 'Sqrt', 'Reciprocal']) check(operator, one(operator), { x: positive, tolerance: 6e-4 });
for (const operator of ['Asin', 'Acos', 'Atanh'])
  check(operator, one(operator), { x: { shape: [3, 7], low: -0.8, high: 0.8 }, tolerance: 4e-4 });
check('Acosh', one('Acosh'), { x: { shape: [3, 7], low: 1.5, high: 4 } });
check('Clip', one('Clip', {}, 'lowest', 'highest'), {
  initializers: [tensor('lowest', [], Float32Array.of(-0.5)), tensor('highest', [], Float32Array.of(0.25))],
});
check('Clip of opset 6', one('Clip', { min: float(-0.5), max: float(0.25) }), { opset: 9 });
for (const operator of ['Floor', 'Ceil', 'Round', 'Sign'])
  check(operator, one(operator), { x: { shape: [4, 6], low: 1, high: 3 } });
check('Round away from zero and to even', [node('Round', ['x'], ['y'])], {
  x: { shape: [40], low: -9, high: 9, type: 'float32' },
  tolerance: 0.2,
});

// A chain of elementwise nodes.
check(
  'hard swish by Add, Clip, Mul, Div',
  [
    node('Add', ['x', 'three'], ['a']),
    node('Clip', ['a', 'zero', 'six'], ['b']),
    node('Mul', ['x', 'b'], ['c']),
    node('Div', ['c', 'six'], ['y']),
  ],
  {
    x: { shape: [2, 3, 4, 5], low: -5, high: 5 },
    initializers: [3, 0, 6].map((value, i) => tensor(['three', 'zero', 'six'][i]!, [], Float32Array.of(value))),
  },
);
check(
  'swish, with the sigmoid read by another node too',
  [
    node('Sigmoid', ['x'], ['s']),
    node('Mul', ['x', 's'], ['y']),
    node('ReduceMean', ['s'], ['z'], { axes: ints(1), keepdims: int(0) }),
  ],
  { outputs: ['y', 'z'] },
);

// Two tensors.
const other: CaseInput = { shape: [2, 3, 4, 5], low: -0.3, high: 0.7 };
for (const operator of ['Add', 'Sub', 'Mul', 'Max', 'Min', 'Sum', 'Mean']) {
  check(`${operator} of two tensors`, one(operator, {}, 'w'), { inputs: { w: other } });
  check(`${operator} with broadcasting`, one(operator, {}, 'w'), { inputs: { w: { shape: [3, 1, 5] } } });
  check(`${operator} with a constant`, one(operator, {}, 'k'), { initializers: [weights('k', [3, 1, 1])] });
}
for (const operator of ['Max', 'Min', 'Sum', 'Mean'])
  check(`${operator} of three`, one(operator, {}, 'w', 'v'), { inputs: { w: other, v: { shape: [4, 1] } } });
check('Div of two tensors', one('Div', {}, 'w'), { inputs: { w: { shape: [2, 3, 4, 5], low: 0.5, high: 2 } } });
check('Div by numbers of both signs', one('Div', {}, 'w'), {
  inputs: { w: { shape: [1, 3, 1, 1], low: -2, high: -0.5 } },
});
check('Div by a constant per channel', one('Div', {}, 'k'), { initializers: [weights('k', [3, 1, 1], 0.5, 2)] });
check('Div of a constant', [node('Div', ['k', 'x'], ['y'])], {
  x: positive,
  initializers: [weights('k', [3, 1, 1], 0.5, 2)],
  tolerance: 4e-4,
});
check('Pow by a constant', one('Pow', {}, 'k'), { x: positive, initializers: [tensor('k', [], Float32Array.of(2.5))] });
check('PRelu', one('PRelu', {}, 'k'), { initializers: [weights('k', [3, 1, 1], 0, 0.5)] });
check('Add then Relu', [node('Add', ['x', 'w'], ['a']), node('Relu', ['a'], ['y'])], { inputs: { w: other } });
check('Add then Sigmoid', [node('Add', ['x', 'w'], ['a']), node('Sigmoid', ['a'], ['y'])], { inputs: { w: other } });

// Comparisons of whole numbers are exact; floating ones are drawn apart.
const whole: CaseInput = { shape: [2, 3, 4, 5], low: 0, high: 4, type: 'int32' };
for (const operator of ['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal']) {
  check(operator, one(operator, {}, 'w'), { x: whole, inputs: { w: { ...whole, shape: [4, 5] } }, tolerance: 0 });
  check(`${operator} with a constant`, one(operator, {}, 'k'), {
    x: whole,
    initializers: [tensor('k', [], Int32Array.of(2))],
    tolerance: 0,
  });
}
for (const operator of ['And', 'Or', 'Xor'])
  check(operator, one(operator, {}, 'w'), {
    x: { shape: [4, 5], type: 'bool' },
    inputs: { w: { shape: [4, 5], type: 'bool' } },
    tolerance: 0,
  });
check('Where', [node('Where', ['c', 'x', 'w'], ['y'])], {
  inputs: { w: { shape: [1, 5], low: -4, high: 4 }, c: { shape: [2, 3, 4, 1], type: 'bool' } },
});
check('whole numbers', [node('Mul', ['x', 'w'], ['p']), node('Add', ['p', 'k'], ['y'])], {
  x: whole,
  inputs: { w: { ...whole, shape: [4, 5] } },
  initializers: [tensor('k', [5], Int32Array.of(1, -2, 3, 100_000, 5))],
  tolerance: 0,
});
check(
  'Cast of bytes, scaled and shifted',
  [node('Cast', ['x'], ['f'], { to: int(1) }), node('Div', ['f', 'full'], ['u']), node('Sub', ['u', 'half'], ['y'])],
  {
    x: { shape: [1, 4, 4], low: 0, high: 256, type: 'uint8' },
    initializers: [tensor('full', [], Float32Array.of(255)), tensor('half', [], Float32Array.of(0.5))],
  },
);
check('Cast to whole numbers', one('Cast', { to: int(7) }), { x: { shape: [50], low: 0.6, high: 0.9 }, tolerance: 0 });

// Convolutions.
const bias = (n: number): TensorProto => weights('b', [n]);
check('Conv', one('Conv', { pads: ints(1, 1, 1, 1) }, 'w', 'b'), {
  initializers: [weights('w', [6, 3, 3, 3]), bias(6)],
});
check('Conv without bias', one('Conv', {}, 'w'), { initializers: [weights('w', [6, 3, 1, 1])] });
check(
  'Conv with strides, dilations and uneven pads',
  one('Conv', { strides: ints(2, 1), dilations: ints(1, 2), pads: ints(0, 2, 1, 1) }, 'w', 'b'),
  {
    initializers: [weights('w', [4, 3, 2, 3]), bias(4)],
  },
);
check('Conv of groups', one('Conv', { group: int(3), pads: ints(1, 1, 1, 1) }, 'w', 'b'), {
  x: { shape: [2, 6, 4, 5] },
  initializers: [weights('w', [9, 2, 3, 3]), bias(9)],
});
check('depthwise Conv', one('Conv', { group: int(3), pads: ints(1, 1, 1, 1) }, 'w', 'b'), {
  initializers: [weights('w', [3, 1, 3, 3]), bias(3)],
});
for (const mode of ['SAME_UPPER', 'SAME_LOWER', 'VALID'])
  check(`Conv ${mode}`, one('Conv', { auto_pad: text(mode), strides: ints(2, 2) }, 'w'), {
    initializers: [weights('w', [2, 3, 3, 2])],
  });
check('Conv of one dimension', one('Conv', { pads: ints(2, 0) }, 'w', 'b'), {
  x: { shape: [2, 3, 9] },
  initializers: [weights('w', [4, 3, 3]), bias(4)],
});
check('Conv of three dimensions', one('Conv', { pads: ints(1, 0, 0, 0, 1, 0) }, 'w', 'b'), {
  x: { shape: [1, 2, 3, 4, 3] },
  initializers: [weights('w', [3, 2, 2, 2, 2]), bias(3)],
});
check('Conv with computed weights', one('Conv', {}, 'w', 'b'), {
  inputs: { w: { shape: [4, 3, 2, 2] }, b: { shape: [4] } },
});
check(
  'Conv, BatchNormalization, Relu',
  [
    node('Conv', ['x', 'w'], ['c'], { pads: ints(1, 1, 1, 1) }),
    node('BatchNormalization', ['c', 's', 'b', 'm', 'v'], ['n']),
    node('Relu', ['n'], ['y']),
  ],
  {
    initializers: [
      weights('w', [4, 3, 3, 3]),
      weights('s', [4]),
      bias(4),
      weights('m', [4]),
      weights('v', [4], 0.5, 2),
    ],
  },
);
check('BatchNormalization by itself', one('BatchNormalization', {}, 's', 'b', 'm', 'v'), {
  initializers: [weights('s', [3]), bias(3), weights('m', [3]), weights('v', [3], 0.5, 2)],
});
check('weights of very different sizes', one('Conv', {}, 'w', 'b'), {
  initializers: [
    tensor('w', [3, 3, 1, 1], Float32Array.of(100, -50, 25, 0, 0, 0, 0.01, 0.02, -0.03)),
    tensor('b', [3], Float32Array.of(1000, 0.5, -0.001)),
  ],
});

// Matrices.
const k45 = (): TensorProto => weights('w', [5, 6]);
check('MatMul with weights', one('MatMul', {}, 'w'), { initializers: [k45()] });
check('MatMul with weights of a batch', one('MatMul', {}, 'w'), { initializers: [weights('w', [3, 5, 6])] });
check('MatMul with weights on the left', [node('MatMul', ['w', 'x'], ['y'])], { initializers: [weights('w', [6, 4])] });
check('MatMul of two tensors', one('MatMul', {}, 'w'), { inputs: { w: { shape: [3, 5, 6] } } });
check('MatMul of vectors', one('MatMul', {}, 'w'), { x: { shape: [5] }, inputs: { w: { shape: [5] } } });
check('MatMul with a vector of weights', one('MatMul', {}, 'w'), {
  x: { shape: [2, 3, 5] },
  initializers: [weights('w', [5])],
});
check('MatMul of a vector', one('MatMul', {}, 'w'), { x: { shape: [5] }, initializers: [k45()] });
check('MatMul then Add', [node('MatMul', ['x', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])], {
  initializers: [k45(), bias(6)],
});
check(
  'transposed keys',
  [node('Transpose', ['w'], ['t'], { perm: ints(0, 1, 3, 2) }), node('MatMul', ['x', 't'], ['y'])],
  { inputs: { w: { shape: [2, 3, 7, 5] } } },
);
const matrix: CaseInput = { shape: [4, 5] };
check('Gemm', one('Gemm', {}, 'w', 'b'), { x: matrix, initializers: [k45(), bias(6)] });
check(
  'Gemm with transB, alpha and beta',
  one('Gemm', { transB: int(1), alpha: float(0.5), beta: float(2) }, 'w', 'b'),
  { x: matrix, initializers: [weights('w', [6, 5]), bias(6)] },
);
check('Gemm with transA', one('Gemm', { transA: int(1) }, 'w', 'b'), {
  x: matrix,
  initializers: [weights('w', [4, 6]), weights('b', [5, 1])],
});
check('Gemm of three tensors', one('Gemm', { alpha: float(0.5), beta: float(3) }, 'w', 'b'), {
  x: matrix,
  inputs: { w: { shape: [5, 6] }, b: { shape: [1, 6] } },
});
check(
  'Gemm, Mul, Tanh',
  [
    node('Gemm', ['x', 'w', 'b'], ['g'], { alpha: float(2) }),
    node('Mul', ['g', 's'], ['m']),
    node('Tanh', ['m'], ['y']),
  ],
  {
    x: matrix,
    initializers: [k45(), bias(6), weights('s', [6])],
  },
);

// Pools.
const window = { kernel_shape: ints(2, 3) };
check('MaxPool', one('MaxPool', { ...window, strides: ints(2, 1) }));
check(
  'MaxPool with padding and dilation',
  one('MaxPool', { ...window, pads: ints(1, 1, 0, 1), dilations: ints(2, 1) }),
);
check('MaxPool, rounded up', one('MaxPool', { ...window, strides: ints(2, 2), ceil_mode: int(1) }));
check('MaxPool of negative numbers', one('MaxPool', { ...window, pads: ints(1, 1, 1, 1) }), {
  x: { shape: [1, 2, 4, 5], low: -3, high: -2 },
});
check('MaxPool then Relu', [node('MaxPool', ['x'], ['p'], window), node('Relu', ['p'], ['y'])]);
check('AveragePool', one('AveragePool', { ...window, strides: ints(2, 1) }));
check('AveragePool with padding', one('AveragePool', { ...window, pads: ints(1, 1, 0, 1) }));
check(
  'AveragePool counting the padding',
  one('AveragePool', { ...window, pads: ints(1, 1, 0, 1), count_include_pad: int(1) }),
);
check('AveragePool, SAME_UPPER', one('AveragePool', { ...window, strides: ints(2, 2), auto_pad: text('SAME_UPPER') }));
check('GlobalAveragePool', one('GlobalAveragePool'));
check('GlobalMaxPool', one('GlobalMaxPool'));
check('MaxPool of one dimension', one('MaxPool', { kernel_shape: ints(2) }), { x: { shape: [2, 3, 9] } });

// Shapes.
const reshape = (...dims: number[]) => ({ initializers: [int64('shape', ...dims)] });
check('Reshape', one('Reshape', {}, 'shape'), reshape(2, 3, 20));
check('Reshape to one axis', one('Reshape', {}, 'shape'), reshape(-1));
check(
  'Reshape of a Transpose',
  [node('Transpose', ['x'], ['t'], { perm: ints(0, 2, 3, 1) }), node('Reshape', ['t', 'shape'], ['y'])],
  reshape(2, 20, 3),
);
check('Flatten', one('Flatten', { axis: int(2) }));
check('Flatten then Gemm', [node('Flatten', ['x'], ['f']), node('Gemm', ['f', 'w'], ['y'])], {
  initializers: [weights('w', [60, 4])],
});
check('Transpose', one('Transpose', { perm: ints(3, 1, 0, 2) }));
check('Transpose without perm', one('Transpose'));
check('Unsqueeze and Squeeze', [node('Unsqueeze', ['x', 'a'], ['u']), node('Squeeze', ['u', 'b'], ['y'])], {
  x: { shape: [1, 3, 4, 5] },
  initializers: [int64('a', 2), int64('b', 0)],
});
check('Squeeze of opset 11', one('Squeeze', { axes: ints(1) }), { x: { shape: [2, 1, 4, 5] }, opset: 11 });
check('Expand', one('Expand', {}, 'shape'), { x: { shape: [2, 1, 4, 1] }, initializers: [int64('shape', 2, 3, 4, 5)] });
check('Tile', one('Tile', {}, 'repeats'), { initializers: [int64('repeats', 1, 2, 1, 3)] });
check('Slice', one('Slice', {}, 'starts', 'ends', 'axes', 'steps'), {
  initializers: [int64('starts', 1, -1), int64('ends', 3, -6), int64('axes', 2, 3), int64('steps', 1, -2)],
});
check('Slice of opset 9', one('Slice', { starts: ints(1, 0), ends: ints(9, 2), axes: ints(1, 3) }), { opset: 9 });
check('Split', [node('Split', ['x', 'parts'], ['p', 'q', 'r'], { axis: int(3) })], {
  initializers: [int64('parts', 1, 2, 2)],
  outputs: ['p', 'q', 'r'],
});
check('Split of opset 11', [node('Split', ['x'], ['p', 'q'], { axis: int(-2), split: ints(1, 3) })], {
  outputs: ['q', 'p'],
  opset: 11,
});
check('Concat of four', [node('Concat', ['x', 'w', 'k', 'x'], ['y'], { axis: int(1) })], {
  inputs: { w: { shape: [2, 2, 4, 5], low: -3, high: 3 } },
  initializers: [weights('k', [2, 1, 4, 5])],
});
check('Concat on the last axis', [node('Concat', ['x', 'w'], ['y'], { axis: int(-1) })], {
  inputs: { w: { shape: [2, 3, 4, 2] } },
});
check('Pad', one('Pad', {}, 'pads', 'value'), {
  initializers: [int64('pads', 0, 1, 0, 2, 0, 0, 1, 0), tensor('value', [], Float32Array.of(0.5))],
});
check('Pad of opset 9', one('Pad', { pads: ints(0, 0, 1, 1, 0, 0, 1, 1) }), { opset: 9 });
check('Pad that cuts', one('Pad', {}, 'pads'), { initializers: [int64('pads', 0, 0, -1, 0, 0, 0, 0, -2)] });
check('DepthToSpace', one('DepthToSpace', { blocksize: int(2) }), { x: { shape: [1, 8, 2, 3] } });
check('DepthToSpace CRD', one('DepthToSpace', { blocksize: int(2), mode: text('CRD') }), {
  x: { shape: [1, 8, 2, 3] },
});
check('SpaceToDepth', one('SpaceToDepth', { blocksize: int(2) }), { x: { shape: [1, 2, 4, 6] } });
check('Identity and Dropout', [node('Identity', ['x'], ['i']), node('Dropout', ['i'], ['y'])]);
check(
  'shape arithmetic',
  [
    node('Shape', ['x'], ['s']),
    node('Slice', ['s', 'zero', 'two'], ['head']),
    node('Concat', ['head', 'rest'], ['shape'], { axis: int(0) }),
    node('Reshape', ['x', 'shape'], ['y']),
  ],
  { initializers: [int64('zero', 0), int64('two', 2), int64('rest', -1)] },
);
check(
  'an output that is a constant, and one that is an input',
  [node('Relu', ['x'], ['y']), node('Identity', ['k'], ['z']), node('Identity', ['x'], ['i'])],
  {
    initializers: [weights('k', [3])],
    outputs: ['y', 'z', 'i'],
  },
);

// Gathering.
check('Gather by constants', one('Gather', { axis: int(1) }, 'i'), { initializers: [int64('i', 2, 0, 0, -1)] });
check('Gather of one', one('Gather', { axis: int(2) }, 'i'), {
  initializers: [tensor('i', [], BigInt64Array.of(-1n))],
});
check(
  'a function of what is gathered',
  [node('Gather', ['x', 'i'], ['g'], { axis: int(1) }), node('Exp', ['g'], ['y'])],
  {
    initializers: [tensor('i', [], BigInt64Array.of(1n))],
  },
);
check(
  'a multiple of a slice of channels',
  [node('Gather', ['x', 'i'], ['g'], { axis: int(1) }), node('Mul', ['g', 'c'], ['y'])],
  {
    initializers: [int64('i', 2, 1), tensor('c', [], Float32Array.of(0.3))],
  },
);
check('Gather by a matrix', one('Gather', { axis: int(2) }, 'i'), {
  initializers: [tensor('i', [2, 2], BigInt64Array.of(0n, 1n, 3n, 2n))],
});
check('Gather by computed indices', one('Gather', { axis: int(3) }, 'i'), {
  inputs: { i: { shape: [2, 3], low: -5, high: 5, type: 'int64' } },
});
check('an embedding', [node('Gather', ['k', 'x'], ['y'])], {
  x: { shape: [2, 7], low: 0, high: 11, type: 'int64' },
  initializers: [weights('k', [11, 4])],
});

// Reductions.
for (const operator of ['ReduceMean', 'ReduceMax', 'ReduceMin']) {
  check(operator, one(operator, { axes: ints(1, 3) }));
  check(`${operator} without the axes`, one(operator, { axes: ints(-1), keepdims: int(0) }));
  check(`${operator} of everything`, one(operator, { keepdims: int(0) }));
}
check('ReduceSum', one('ReduceSum', {}, 'axes'), { initializers: [int64('axes', 1, 2)] });
check('ReduceSum of opset 11', one('ReduceSum', { axes: ints(0, 3), keepdims: int(0) }), { opset: 11 });
check('ReduceMean of opset 18', one('ReduceMean', {}, 'axes'), { initializers: [int64('axes', -1)], opset: 18 });
check('ReduceMean then Sqrt', [node('ReduceMean', ['x'], ['m'], { axes: ints(3) }), node('Sqrt', ['m'], ['y'])], {
  x: positive,
});
for (const operator of ['ArgMax', 'ArgMin']) {
  check(operator, one(operator, { axis: int(1) }), { x: whole, tolerance: 0 });
  check(`${operator} of the last`, one(operator, { axis: int(-1), keepdims: int(0), select_last_index: int(1) }), {
    x: whole,
    tolerance: 0,
  });
}

// Normalisations.
for (const axis of [-1, 1])
  check(`Softmax on axis ${axis}`, one('Softmax', { axis: int(axis) }), {
    x: { shape: [2, 3, 4, 5], low: -6, high: 6 },
  });
check('Softmax of opset 11', one('Softmax', { axis: int(1) }), {
  x: { shape: [2, 3, 4, 5], low: -6, high: 6 },
  opset: 11,
});
check('Softmax of a long axis', one('Softmax'), { x: { shape: [1, 3000], low: -8, high: 8 }, tolerance: 4e-4 });
check('Softmax that is multiplied', [node('Softmax', ['x'], ['p']), node('MatMul', ['p', 'w'], ['y'])], {
  x: { shape: [2, 3, 4, 5], low: -6, high: 6 },
  inputs: { w: { shape: [5, 6] } },
});
check('LogSoftmax', one('LogSoftmax'), { x: { shape: [2, 3, 4, 5], low: -6, high: 6 } });
check('LogSoftmax on axis 1', one('LogSoftmax', { axis: int(1) }), { x: { shape: [2, 40, 3, 2], low: -2, high: 2 } });
check('LayerNormalization', one('LayerNormalization', {}, 's', 'b'), {
  initializers: [weights('s', [5]), weights('b', [5])],
});
check('LayerNormalization of several axes, no bias', one('LayerNormalization', { axis: int(1) }, 's'), {
  initializers: [weights('s', [3, 4, 5])],
});
check('LayerNormalization of a long axis', one('LayerNormalization', {}, 's', 'b'), {
  x: { shape: [3, 768], low: -2, high: 5 },
  initializers: [weights('s', [768]), weights('b', [768])],
});
check('InstanceNormalization', one('InstanceNormalization', {}, 's', 'b'), {
  initializers: [weights('s', [3]), weights('b', [3])],
});

test.run();
