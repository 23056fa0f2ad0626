/** Model files that are whole and wrong, as `npm run fuzz:files` found them: each is refused with a sentence, or compiled right. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  encode,
  type GraphProto,
  graph,
  int,
  model,
  type NodeProto,
  node,
  subgraph,
  type TensorProto,
  tensor,
  text,
  valueInfo,
} from '../../fixtures/onnx.js';
import { compile } from '../../src/compiler/compile.js';
import { UserError } from '../../src/errors.js';
import { assertClose, errorsOf, runtime } from './compare.js';

const X = valueInfo('x', [2, 3]);
const Y = valueInfo('y', [2, 3]);
const relu = node('Relu', ['x'], ['y']);

const fileOf = (parts: Partial<Omit<GraphProto, '$typeName'>>): Uint8Array =>
  encode(model({ ...graph({ name: 'g', inputs: [X], outputs: [Y], nodes: [relu] }), ...parts }, 17));

function refused(name: string, bytes: Uint8Array, message: RegExp): void {
  test(`refused: ${name}`, async () => {
    try {
      await compile({ bytes, file: 'case.onnx' }, runtime);
    } catch (error) {
      assert.instance(error, UserError, String((error as Error).stack));
      assert.is.not((error as UserError).code, 'OG_ILLEGAL_PROGRAM');
      assert.match((error as UserError).message, message);
      assert.ok((error as UserError).hint);
      return;
    }
    assert.unreachable('it was compiled');
  });
}

refused('an output twice', fileOf({ output: [Y, Y] }), /two outputs named "y"/);
refused('an output that nothing gives', fileOf({ output: [valueInfo('z', [2, 3])] }), /nothing gives its output "z"/);
refused('an input twice', fileOf({ input: [X, X] }), /input "x" is given twice/);
refused('an input without a name', fileOf({ input: [X, valueInfo('', [1])] }), /an input has no name/);
refused('a result twice', fileOf({ node: [relu, node('Neg', ['x'], ['y'])] }), /result "y" is given twice/);
const k: TensorProto = tensor('k', [3], Float32Array.of(1, 2, 3));
refused('an initialiser twice', fileOf({ initializer: [k, k] }), /initialiser "k" is given twice/);
refused('a name that objects have', fileOf({ input: [X, valueInfo('__proto__', [1])] }), /is named "__proto__"/);
refused('a tensor that nothing gives', fileOf({ node: [node('Add', ['x', 'k'], ['y'])] }), /Add node "y" reads "k"/);
refused('a node that reads itself', fileOf({ node: [node('Add', ['x', 'y'], ['y'])] }), /in a cycle/);
refused(
  'a cycle',
  fileOf({ node: [node('Add', ['x', 'b'], ['a']), node('Relu', ['a'], ['b']), node('Neg', ['a'], ['y'])] }),
  /in a cycle/,
);

function nested(levels: number): GraphProto {
  let body = graph({ name: 'body', inputs: [], outputs: [Y], nodes: [relu] });
  for (let level = 0; level < levels; level++) {
    const branches = { then_branch: subgraph(body), else_branch: subgraph(body) };
    body = graph({ name: 'body', inputs: [], outputs: [Y], nodes: [node('If', ['yes'], ['y'], branches)] });
  }
  return { ...body, input: [X], initializer: [tensor('yes', [], Uint8Array.of(1), 9)] };
}
refused('bodies in bodies in bodies', encode(model(nested(18), 17)), /nested more than 16 deep/);

refused('negative shapes', fileOf({ initializer: [{ ...k, dims: [-1n, -3n] }] }), /cannot be negative/);
refused('an input of 2^42 elements', fileOf({ input: [valueInfo('x', [2 ** 40, 4])] }), /4398046511104 elements/);
refused(
  'an axis that grows to thousands of times its length',
  fileOf({
    input: [valueInfo('x', [1, 1, 2, 9000])],
    node: [node('Resize', ['x', '', 'factors'], ['y'], { mode: text('linear') })],
    initializer: [tensor('factors', [4], Float32Array.of(1, 1, 1, 4))],
  }),
  /Resize node "y".* axis 3 grows from 9000 to 36000/s,
);

const weights = (...values: number[]): TensorProto => tensor('w', [3, 1], Float32Array.from(values));
const dense = (...values: number[]): Uint8Array =>
  fileOf({
    node: [node('MatMul', ['x', 'w'], ['y'])],
    output: [valueInfo('y', [2, 1])],
    initializer: [weights(...values)],
  });
refused('an infinite weight', dense(1, Number.POSITIVE_INFINITY, 1), /MatMul node "y".*too far apart|infin|NaN/);
refused('a weight of 3e38', dense(1, 3e38, 1), /MatMul node "y".*too far apart/);
refused(
  'a scale of 1e-38',
  fileOf({
    node: [node('QuantizeLinear', ['x', 's'], ['q']), node('DequantizeLinear', ['q', 'big'], ['y'])],
    initializer: [tensor('s', [], Float32Array.of(1e-38)), tensor('big', [], Float32Array.of(1e38))],
  }),
  /too far apart/,
);

test('a negative scale is a scale', async () => {
  const nodes = [node('DequantizeLinear', ['x', 's'], ['y'])];
  const initializers = [tensor('s', [], Float32Array.of(-0.5))];
  const definition = {
    inputs: { x: { shape: [2, 3], type: 'int8', low: -90, high: 90 } as const },
    nodes,
    outputs: ['y'],
  };
  await assertClose({ ...definition, initializers });
});

test('nodes out of order are put in order', async () => {
  const nodes: NodeProto[] = [
    node('Neg', ['b'], ['y']),
    node('Concat', ['a', 'x'], ['c'], { axis: int(0) }),
    node('Exp', ['x'], ['a']),
    node('Add', ['a', 'x'], ['b']),
  ];
  const definition = { inputs: { x: { shape: [2, 3] } }, nodes, outputs: ['y', 'c'] };
  const bytes = fileOf({ node: nodes, output: [Y, valueInfo('c', [4, 3])] });
  const compiled = await compile({ bytes, file: 'case.onnx' }, runtime);
  for (const error of await errorsOf(definition, compiled)) assert.ok(error <= 1e-3, String(error));
});

test.run();
