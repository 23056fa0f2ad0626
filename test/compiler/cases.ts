/** Small cases as tests, in both memory layouts. */
import { test } from 'uvu';
import { type NodeProto, node, type TensorProto, tensor } from '../../fixtures/onnx.js';
import { Random } from '../../fixtures/random.js';
import { assertClose, type Case, type CaseInput } from './compare.js';

export type Attributes = Parameters<typeof node>[3];

/** Seeded random constants. */
export function weightsOf(seed: number) {
  const random = new Random(seed);
  return (name: string, dims: number[], low = -1, high = 1): TensorProto =>
    tensor(
      name,
      dims,
      Float32Array.from({ length: dims.reduce((n, dim) => n * dim, 1) }, () => random.between(low, high)),
    );
}

export const int64 = (name: string, ...values: number[]): TensorProto =>
  tensor(name, [values.length], BigInt64Array.from(values, BigInt));

export type CaseOptions = Partial<Case> & { x?: CaseInput };

/**
 * The same nodes with `x` as an input (row-major in its slot) and as the result of a 1x1 convolution (channels-last).
 * `x` is [2, 3, 4, 5] unless told.
 */
export function bothLayouts(nodes: NodeProto[], options: CaseOptions = {}): Case[] {
  const { x = { shape: [2, 3, 4, 5] }, inputs = {}, initializers = [], outputs = ['y'], opset = 17 } = options;
  const plain: Case = { inputs: { x, ...inputs }, nodes, outputs, initializers, opset };
  if (x.shape.length !== 4 || (x.type && x.type !== 'float32')) return [plain];
  const channels = x.shape[1]!;
  const identity = new Float32Array(channels * channels);
  for (let c = 0; c < channels; c++) identity[c * channels + c] = 1;
  const conv = node('Conv', ['source', 'identity'], ['x']);
  return [
    plain,
    {
      inputs: { source: x, ...inputs },
      nodes: [conv, ...nodes],
      outputs,
      initializers: [...initializers, tensor('identity', [channels, channels, 1, 1], identity)],
      opset,
    },
  ];
}

export function check(name: string, nodes: NodeProto[], options: CaseOptions & { tolerance?: number } = {}): void {
  bothLayouts(nodes, options).forEach((definition, i) => {
    test(`${name}${i === 1 ? ' of a channels-last tensor' : ''}`, async () => {
      await assertClose(definition, options.tolerance);
    });
  });
}

/** One node from `x` (and others) to `y`. */
export const one = (operator: string, attributes: Attributes = {}, ...others: string[]): NodeProto[] => [
  node(operator, ['x', ...others], ['y'], attributes),
];

/** One axis of floats. */
export const floatList = (name: string, ...values: number[]): TensorProto =>
  tensor(name, [values.length], Float32Array.from(values));

export const int64Of = (name: string, dims: number[], values: number[]): TensorProto =>
  tensor(name, dims, BigInt64Array.from(values, BigInt));
