/** Functions that a model defines for itself. */
import { create } from '@bufbuild/protobuf';
import { AttributeProtoSchema, FunctionProtoSchema, type ModelProto, type NodeProto } from 'onnx-buf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encode, float, graph, model, node, subgraph, tensor, valueInfo } from '../../../fixtures/onnx.js';
import { compile } from '../../../src/compiler/compile.js';
import { readModel } from '../../../src/compiler/onnx/read.js';
import { runtime, samplesFor } from '../compare.js';

interface FunctionParts {
  readonly name: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly nodes: NodeProto[];
  readonly attributes?: string[];
  readonly defaults?: Record<string, number>;
  readonly opset?: number;
}

const functionOf = ({ name, inputs, outputs, nodes, attributes = [], defaults = {}, opset = 17 }: FunctionParts) =>
  create(FunctionProtoSchema, {
    name,
    domain: 'own',
    input: inputs,
    output: outputs,
    node: nodes,
    attribute: attributes,
    attributeProto: Object.entries(defaults).map(([key, value]) =>
      create(AttributeProtoSchema, { type: 1, f: value, name: key }),
    ),
    opsetImport: [
      { domain: '', version: BigInt(opset) },
      { domain: 'own', version: 1n },
    ],
  });

/** A node of the domain of the functions. */
const call = (name: string, inputs: string[], outputs: [string, ...string[]], attributes = {}): NodeProto => {
  const made = node(name, inputs, outputs, attributes, `call of ${name} for ${outputs[0]}`);
  made.domain = 'own';
  return made;
};

/** A node whose attribute is that of the call. */
function referring(made: NodeProto, name: string, attribute: string): NodeProto {
  made.attribute.push(create(AttributeProtoSchema, { name, refAttrName: attribute, type: 1 }));
  return made;
}

const leaky = functionOf({
  name: 'Leaky',
  inputs: ['x'],
  outputs: ['y'],
  attributes: ['slope'],
  defaults: { absent: 0.25 },
  nodes: [
    referring(node('LeakyRelu', ['x'], ['t']), 'alpha', 'slope'),
    referring(node('LeakyRelu', ['t'], ['y']), 'alpha', 'absent'),
  ],
});
const twice = functionOf({
  name: 'Twice',
  inputs: ['a'],
  outputs: ['b'],
  nodes: [call('Leaky', ['a'], ['t'], { slope: float(0.5) }), call('Leaky', ['t'], ['b'], { slope: float(2) })],
});

const modelOf = (functions: ModelProto['functions'], nodes: NodeProto[], outputs = ['y']): Uint8Array => {
  const made = model(
    graph({
      name: 'g',
      inputs: [valueInfo('x', [2, 3])],
      outputs: outputs.map((name) => valueInfo(name, [2, 3])),
      nodes,
      initializers: [tensor('t', [], Float32Array.of(3))],
    }),
    17,
    { own: 1 },
  );
  made.functions = functions;
  return encode(made);
};

test('functions, functions of functions, and their attributes', async () => {
  const bytes = modelOf(
    [twice, leaky],
    [call('Twice', ['x'], ['u']), call('Leaky', ['u'], ['v'], { slope: float(0.1) }), node('Mul', ['v', 't'], ['y'])],
  );
  const { graph: read } = readModel(bytes, 'm.onnx');
  assert.equal(read.nodes.map(({ operator }) => operator).sort(), [
    ...Array.from({ length: 6 }, () => 'LeakyRelu'),
    'Mul',
  ]);
  assert.match(read.nodes[0]!.name, /^call of Twice for u\//);
  const calibration = samplesFor({ x: { shape: [2, 3] } }, 8);
  const { fidelity } = await compile({ bytes, file: 'm.onnx', calibration }, runtime);
  assert.ok(fidelity.maxAbsError < 1e-3, `error ${fidelity.maxAbsError}`);
});

test('an output that is an input', () => {
  const pass = functionOf({ name: 'Pass', inputs: ['a', 'b'], outputs: ['b'], nodes: [node('Relu', ['a'], ['c'])] });
  const { graph: read } = readModel(modelOf([pass], [call('Pass', ['x', 'x'], ['y'])]), 'm.onnx');
  assert.equal(
    read.nodes.map(({ operator, inputs, outputs }) => [operator, inputs[0], outputs[0]]),
    [
      ['Relu', 'x', 'call of Pass for y/c'],
      ['Identity', 'x', 'y'],
    ],
  );
});

test('a call in a branch', async () => {
  const branch = graph({
    name: 'branch',
    inputs: [],
    outputs: [valueInfo('r', [2, 3])],
    nodes: [call('Twice', ['x'], ['r'])],
  });
  const nodes = [
    node('Constant', [], ['yes'], { value: { type: 4, t: tensor('c', [], Uint8Array.of(1), 9) } }),
    node('If', ['yes'], ['y'], { then_branch: subgraph(branch), else_branch: subgraph(branch) }),
  ];
  const calibration = samplesFor({ x: { shape: [2, 3] } }, 8);
  const { fidelity } = await compile({ bytes: modelOf([twice, leaky], nodes), file: 'm.onnx', calibration }, runtime);
  assert.ok(fidelity.maxAbsError < 1e-3, `error ${fidelity.maxAbsError}`);
});

const refuses = (bytes: Uint8Array, message: RegExp): void => {
  assert.throws(
    () => readModel(bytes, 'm.onnx'),
    (error: Error) => message.test(error.message),
  );
};

test('circles, other opsets and explosions are refused', () => {
  const circle = functionOf({ name: 'Circle', inputs: ['a'], outputs: ['b'], nodes: [call('Circle', ['a'], ['b'])] });
  refuses(modelOf([circle], [call('Circle', ['x'], ['y'])]), /"Circle" calls itself/);
  const old = functionOf({ name: 'Old', inputs: ['a'], outputs: ['b'], nodes: [node('Relu', ['a'], ['b'])], opset: 9 });
  refuses(modelOf([old], [call('Old', ['x'], ['y'])]), /"Old" is of opset 9 .* and the model of opset 17/);
  const doubling = Array.from({ length: 24 }, (_, i) =>
    functionOf({
      name: `F${i}`,
      inputs: ['a'],
      outputs: ['c'],
      nodes:
        i === 0 ? [node('Relu', ['a'], ['c'])] : [call(`F${i - 1}`, ['a'], ['b']), call(`F${i - 1}`, ['b'], ['c'])],
    }),
  );
  refuses(modelOf(doubling, [call('F23', ['x'], ['y'])]), /more than 50000 nodes/);
});

test.run();
