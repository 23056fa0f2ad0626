/** Quantised operators, alone and as whole nets in both forms, against ONNX Runtime. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { int, ints, type NodeProto, node, type TensorProto, tensor } from '../../../fixtures/onnx.js';
import { Random } from '../../../fixtures/random.js';
import { toNumbers } from '../../../src/compiler/onnx/tensor.js';
import { evaluate } from '../../../src/program/evaluate.js';
import { packInputs, unpackOutputs } from '../../../src/program/layout.js';
import { assertClose, type Case, type CaseInput, compileCase, modelOf, runtime, samplesFor } from '../compare.js';

const random = new Random(11);
const scalarOf = (name: string, value: number): TensorProto => tensor(name, [], Float32Array.of(value));
const bytes = (name: string, dims: number[], low: number, high: number): TensorProto => {
  const length = dims.reduce((n, dim) => n * dim, 1);
  const values = Array.from({ length }, () => Math.floor(random.between(low, high)));
  return tensor(name, dims, low < 0 ? Int8Array.from(values) : Uint8Array.from(values));
};
const floats = (name: string, ...values: number[]): TensorProto =>
  tensor(name, [values.length], Float32Array.from(values));
const zeroOf = (name: string, value: number, signed = false): TensorProto =>
  tensor(name, [], signed ? Int8Array.of(value) : Uint8Array.of(value));

const exact = (name: string, definition: Case): void =>
  test(name, async () => {
    await assertClose(definition, 0);
  });

/** Of whole outputs, or real ones on a grid of `quantum`: within one of it everywhere and equal nearly everywhere. */
async function assertQuanta(definition: Case, quantum: number, count = 20): Promise<void> {
  const compiled = await compileCase(definition);
  const { program } = compiled.artefact;
  const session = await runtime.open(modelOf(definition));
  let [all, equal] = [0, 0];
  for (const sample of samplesFor(definition.inputs, count, 5)) {
    const expected = await session.run(sample);
    const inputs = Object.fromEntries(
      Object.entries(sample).map(([key, value]) => [key, { shape: value.dims, data: toNumbers(value) }]),
    );
    const actual = unpackOutputs(program, evaluate(program, packInputs(program, inputs)).at(-1)!);
    for (const name of definition.outputs)
      toNumbers(expected[name]!).forEach((value, i) => {
        const difference = Math.round((value - actual[name]!.data[i]!) / quantum);
        assert.ok(Math.abs(difference) <= 1, `${name}[${i}] is ${actual[name]!.data[i]} and not ${value}`);
        all++;
        if (difference === 0) equal++;
      });
  }
  await session.close();
  assert.ok(equal / all >= 0.999, `${all - equal} of ${all} differ`);
}

const near = (name: string, definition: Case, quantum = 1): void => test(name, () => assertQuanta(definition, quantum));

const real: CaseInput = { shape: [2, 3, 4, 5], low: -3, high: 5 };
near('QuantizeLinear', {
  inputs: { x: real },
  nodes: [node('QuantizeLinear', ['x', 's', 'z'], ['y'])],
  outputs: ['y'],
  initializers: [scalarOf('s', 0.031), zeroOf('z', 97)],
});
near('QuantizeLinear to int8 for each channel', {
  inputs: { x: real },
  nodes: [node('QuantizeLinear', ['x', 's', 'z'], ['y'], { axis: int(1) })],
  outputs: ['y'],
  initializers: [floats('s', 0.02, 0.05, 0.01), tensor('z', [3], Int8Array.of(3, -7, 0))],
});
exact('QuantizeLinear of halves', {
  inputs: { x: { shape: [60], low: -30, high: 30, type: 'int32' } },
  nodes: [node('Cast', ['x'], ['f'], { to: int(1) }), node('QuantizeLinear', ['f', 's', 'z'], ['y'])],
  outputs: ['y'],
  initializers: [scalarOf('s', 2), zeroOf('z', 128)],
});
near('QuantizeLinear by a computed scale', {
  inputs: { x: real, s: { shape: [1, 1], low: 0.02, high: 0.04 } },
  nodes: [node('ReduceMax', ['s'], ['m'], { keepdims: int(0) }), node('QuantizeLinear', ['x', 'm'], ['y'])],
  outputs: ['y'],
});
for (const type of ['uint8', 'int8'] as const)
  test(`DequantizeLinear of ${type}`, async () => {
    const x: CaseInput = {
      shape: [2, 3, 4],
      low: type === 'uint8' ? 0 : -128,
      high: type === 'uint8' ? 256 : 128,
      type,
    };
    const zeros = type === 'uint8' ? Uint8Array.of(1, 128, 30) : Int8Array.of(1, -128, 30);
    const definition = (parameters: TensorProto[]): Case => ({
      inputs: { x },
      nodes: [node('DequantizeLinear', ['x', 's', 'z'], ['y'])],
      outputs: ['y'],
      initializers: parameters,
    });
    await assertClose(definition([scalarOf('s', 0.1), zeroOf('z', 77, type === 'int8')]), 1e-6);
    await assertClose(definition([floats('s', 0.1, 0.3, 2), tensor('z', [3], zeros)]), 1e-5);
  });
near('DynamicQuantizeLinear', {
  inputs: { x: real },
  nodes: [node('DynamicQuantizeLinear', ['x'], ['y', 's', 'z'])],
  outputs: ['y', 'z'],
});
exact('MatMulInteger', {
  inputs: {
    x: { shape: [2, 4, 7], low: 0, high: 256, type: 'uint8' },
    w: { shape: [7, 3], low: -128, high: 128, type: 'int8' },
  },
  nodes: [node('MatMulInteger', ['x', 'w', 'xz', 'wz'], ['y'])],
  outputs: ['y'],
  initializers: [zeroOf('xz', 113), zeroOf('wz', -3, true)],
});
exact('MatMulInteger with weights and a zero point for each column', {
  inputs: { x: { shape: [4, 7], low: 0, high: 256, type: 'uint8' } },
  nodes: [node('MatMulInteger', ['x', 'w', 'xz', 'wz'], ['y'])],
  outputs: ['y'],
  initializers: [bytes('w', [7, 3], -128, 128), zeroOf('xz', 113), tensor('wz', [3], Int8Array.of(1, -2, 9))],
});
near(
  'a dynamically quantised layer',
  {
    inputs: { x: { shape: [6, 16] } },
    nodes: [
      node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z']),
      node('MatMulInteger', ['q', 'w', 'z', 'wz'], ['i']),
      node('Cast', ['i'], ['f'], { to: int(1) }),
      node('Mul', ['s', 'ws'], ['both']),
      node('Mul', ['f', 'both'], ['y']),
    ],
    outputs: ['y'],
    initializers: [bytes('w', [16, 5], -128, 128), zeroOf('wz', 0, true), scalarOf('ws', 0.01)],
  },
  0.02,
);
exact('ConvInteger', {
  inputs: { x: { shape: [1, 4, 5, 6], low: 0, high: 256, type: 'uint8' } },
  nodes: [node('ConvInteger', ['x', 'w', 'xz', 'wz'], ['y'], { pads: ints(1, 0, 1, 2), group: int(2) })],
  outputs: ['y'],
  initializers: [bytes('w', [6, 2, 3, 3], 0, 256), zeroOf('xz', 113), zeroOf('wz', 9)],
});
exact('ConvInteger by computed weights and zero point', {
  inputs: {
    x: { shape: [1, 2, 5, 6], low: 0, high: 256, type: 'uint8' },
    w: { shape: [3, 2, 3, 3], low: 0, high: 256, type: 'uint8' },
    xz: { shape: [1], low: 0, high: 256, type: 'uint8' },
  },
  nodes: [node('ConvInteger', ['x', 'w', 'xz'], ['y'])],
  outputs: ['y'],
});
near('QLinearMatMul of two tensors', {
  inputs: {
    x: { shape: [2, 4, 7], low: 0, high: 256, type: 'uint8' },
    w: { shape: [2, 7, 3], low: 0, high: 256, type: 'uint8' },
  },
  nodes: [node('QLinearMatMul', ['x', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz'], ['y'])],
  outputs: ['y'],
  initializers: [
    scalarOf('xs', 0.0066),
    zeroOf('xz', 113),
    scalarOf('ws', 0.00705),
    zeroOf('wz', 114),
    scalarOf('ys', 0.0107),
    zeroOf('yz', 118),
  ],
});

/** A small convolutional net: Conv, MaxPool, Conv of groups, Add, Flatten, Gemm. */
const net = {
  w1: bytes('w1', [8, 3, 3, 3], -127, 128),
  w2: bytes('w2', [8, 4, 3, 3], -127, 128),
  w3: bytes('w3', [128, 5], -127, 128),
  s1: floats('s1', ...Array.from({ length: 8 }, () => random.between(0.001, 0.004))),
  b1: tensor(
    'b1',
    [8],
    Int32Array.from({ length: 8 }, () => Math.floor(random.between(-2000, 2000))),
  ),
  b2: tensor(
    'b2',
    [8],
    Int32Array.from({ length: 8 }, () => Math.floor(random.between(-2000, 2000))),
  ),
};
const constants = [
  ...Object.values(net),
  ...Object.entries({ xs: 0.0078, as: 0.012, s2: 0.002, bs: 0.02137, cs: 0.02431, s3: 0.0017, ys: 0.05 }).map(
    ([name, value]) => scalarOf(name, value),
  ),
  ...Object.entries({ xz: 121, az: 0, bz: 99, cz: 90, yz: 128 }).map(([name, value]) => zeroOf(name, value)),
  zeroOf('wz', 0, true),
];
const image: CaseInput = { shape: [1, 3, 8, 8] };
const pads = { pads: ints(1, 1, 1, 1) };
const pool = { kernel_shape: ints(2, 2), strides: ints(2, 2) };

near('a net of QLinear operators', {
  inputs: { image },
  nodes: [
    node('QuantizeLinear', ['image', 'xs', 'xz'], ['x']),
    node('QLinearConv', ['x', 'xs', 'xz', 'w1', 's1', 'wz8', 'as', 'az', 'b1'], ['a'], pads),
    node('MaxPool', ['a'], ['p'], pool),
    node('QLinearConv', ['p', 'as', 'az', 'w2', 's2', 'wz', 'bs', 'bz', 'b2'], ['b'], { ...pads, group: int(2) }),
    node('Flatten', ['b'], ['f']),
    node('QLinearMatMul', ['f', 'bs', 'bz', 'w3', 's3', 'wz', 'ys', 'yz'], ['y']),
  ],
  outputs: ['y'],
  initializers: [...constants, tensor('wz8', [8], new Int8Array(8))],
});

const pair = (name: string, to: string, scale: string, zero: string): NodeProto[] => [
  node('QuantizeLinear', [name, scale, zero], [`${to}:q`]),
  node('DequantizeLinear', [`${to}:q`, scale, zero], [to]),
];
const qdq: Case = {
  inputs: { image },
  nodes: [
    ...pair('image', 'x', 'xs', 'xz'),
    node('DequantizeLinear', ['w1', 's1', 'wz8'], ['W1'], { axis: int(0) }),
    node('DequantizeLinear', ['w2', 's2', 'wz'], ['W2']),
    node('DequantizeLinear', ['w3', 's3', 'wz'], ['W3']),
    node('DequantizeLinear', ['b2', 'b2s'], ['B2']),
    node('Conv', ['x', 'W1', 'B1'], ['c1'], pads),
    node('Relu', ['c1'], ['r1']),
    ...pair('r1', 'a', 'as', 'az'),
    node('MaxPool', ['a'], ['m'], pool),
    ...pair('m', 'p', 'as', 'az'),
    node('Conv', ['p', 'W2', 'B2'], ['c2'], { ...pads, group: int(2) }),
    ...pair('c2', 'b', 'bs', 'bz'),
    node('Add', ['b', 'p'], ['sum']),
    ...pair('sum', 'c', 'cs', 'cz'),
    node('Flatten', ['c'], ['f']),
    node('MatMul', ['f', 'W3'], ['g']),
    ...pair('g', 'y', 'ys', 'yz'),
  ],
  outputs: ['y'],
  initializers: [
    ...constants,
    scalarOf('b2s', 0.012 * 0.002),
    tensor('wz8', [8], new Int8Array(8)),
    floats('B1', ...Array.from({ length: 8 }, () => random.between(-0.1, 0.1))),
  ],
};
near('a net of QuantizeLinear and DequantizeLinear pairs', qdq, 0.05);
test('roundings to quanta are done in the steps before them', async () => {
  const { artefact } = await compileCase(qdq);
  assert.ok(artefact.program.steps.length <= 8, artefact.program.steps.map(({ name }) => name).join(', '));
});

test.run();
