/** Every node that cannot be compiled is named at once, whatever stops the compiler on the way. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DataType,
  encode,
  graph,
  int,
  model,
  type NodeProto,
  node,
  subgraph,
  type TensorProto,
  tensor,
  text,
  type ValueInfoProto,
  valueInfo,
} from '../../fixtures/onnx.js';
import { compile } from '../../src/compiler/compile.js';
import { UserError } from '../../src/errors.js';
import { runtime } from './compare.js';

const untyped = (name: string): ValueInfoProto => ({ ...valueInfo(name, []), type: undefined }) as never;

interface Bad {
  readonly nodes: NodeProto[];
  readonly outputs: string[];
  readonly inputs?: ValueInfoProto[];
  readonly initializers?: TensorProto[];
}

async function refusal({ nodes, outputs, inputs = [valueInfo('x', [1, 2, 4, 4])], initializers = [] }: Bad) {
  const bytes = encode(
    model(graph({ name: 'bad', inputs, outputs: outputs.map(untyped), nodes, initializers }), 17, { 'com.example': 3 }),
  );
  try {
    await compile({ bytes, file: 'bad.onnx' }, runtime);
  } catch (error) {
    assert.instance(error, UserError, String(error));
    return error as UserError;
  }
  return assert.unreachable('it was accepted') as never;
}

const names = ({ message }: UserError): string[] => [...message.matchAll(/node "([^"]+)"/g)].map(([, name]) => name!);

const finder = node('NonZero', ['x'], ['found'], {}, 'finder');
const resize = [
  node('Cast', ['x'], ['whole'], { to: int(6) }),
  node('Resize', ['whole', '', 'scales'], ['larger'], { mode: text('linear') }, 'resizer'),
];
const scales = tensor('scales', [4], Float32Array.of(1, 1, 2, 2));
const foreign = node('Magic', ['x'], ['magic'], {}, 'wand', 'com.example');
/** As many turns as an input says, which also goes into what is computed. */
const loop = (inner: NodeProto) =>
  node(
    'Loop',
    ['count', '', 'x'],
    ['looped'],
    {
      body: subgraph(
        graph({
          name: 'body',
          inputs: [
            valueInfo('i', [], DataType.INT64),
            valueInfo('go', [], DataType.BOOL),
            valueInfo('state', [1, 2, 4, 4]),
          ],
          outputs: [valueInfo('go_on', [], DataType.BOOL), valueInfo('next', [1, 2, 4, 4])],
          nodes: [node('Identity', ['go'], ['go_on']), inner],
        }),
      ),
    },
    'turns',
  );
const plain = node('Relu', ['state'], ['next'], {}, 'inner');

test('what no lowering is for, and what a lowering refuses', async () => {
  const error = await refusal({ nodes: [finder, ...resize], outputs: ['found', 'larger'], initializers: [scales] });
  assert.equal(names(error).sort(), ['finder', 'resizer']);
  assert.match(error.message, /because of 2 nodes/);
  assert.match(error.message, /NonZero node "finder" \(opset 17, inputs 1x2x4x4\): the shape of its result depends/);
  assert.match(
    error.message,
    /Resize node "resizer" \(opset 17, inputs 1x2x4x4, -, 4\): it interpolates between whole/,
  );
});

test('a node that ONNX Runtime does not know hides no others', async () => {
  const error = await refusal({
    nodes: [finder, foreign, node('Relu', ['magic'], ['after']), ...resize],
    outputs: ['found', 'after', 'larger'],
    initializers: [scales],
  });
  assert.equal(names(error).sort(), ['finder', 'resizer', 'wand']);
  assert.match(error.message, /com\.example\.Magic node "wand" \(opset 3, .*"com\.example" are not supported/);
});

test('a loop that cannot be unrolled, with what is in it and around it', async () => {
  const error = await refusal({
    inputs: [valueInfo('x', [1, 2, 4, 4])],
    nodes: [
      finder,
      ...resize,
      node('ArgMax', ['x'], ['counts'], { axis: int(3), keepdims: int(0) }),
      node('ReduceMax', ['counts'], ['count'], { keepdims: int(0) }),
      loop(node('Bernoulli', ['state'], ['next'], {}, 'dice')),
      node('NonZero', ['looped'], ['later'], {}, 'afterwards'),
    ],
    outputs: ['found', 'larger', 'later'],
    initializers: [scales],
  });
  assert.equal(names(error).sort(), ['afterwards', 'finder', 'resizer', 'turns', 'turns/dice']);
  assert.match(error.message, /Loop node "turns" \(opset 17, inputs -?.*\): its number of turns depends on the input/);
});

test('what is around a loop that can be unrolled', async () => {
  const error = await refusal({
    nodes: [finder, loop(plain), node('NonZero', ['looped'], ['later'], {}, 'afterwards')],
    outputs: ['found', 'later'],
    initializers: [tensor('count', [], BigInt64Array.of(2n))],
  });
  assert.equal(names(error).sort(), ['afterwards', 'finder']);
});

test('a node in a body that ONNX Runtime does not know', async () => {
  const error = await refusal({
    nodes: [finder, loop(node('Magic', ['state'], ['next'], {}, 'wand', 'com.example')), ...resize],
    outputs: ['found', 'looped', 'larger'],
    initializers: [tensor('count', [], BigInt64Array.of(2n)), scales],
  });
  assert.equal(names(error).sort(), ['finder', 'resizer', 'turns/wand']);
});

test('a shape that is missing is asked for together with what cannot be compiled', async () => {
  const error = await refusal({ inputs: [valueInfo('x', [1, 2, 'h', 'w'])], nodes: [finder], outputs: ['found'] });
  assert.equal(names(error), ['finder']);
  assert.match(error.message, /Besides: The shape of the input "x" is not fixed/);
});

test('branches that are not taken may hold anything', async () => {
  const branch = (name: string, inner: NodeProto) =>
    subgraph(graph({ name, inputs: [], outputs: [untyped(inner.output[0]!)], nodes: [inner] }));
  const nodes = [
    node('If', ['never'], ['y'], {
      then_branch: branch('then', node('Bernoulli', ['x'], ['a'], {}, 'dice')),
      else_branch: branch('else', node('Relu', ['x'], ['b'], {}, 'plain')),
    }),
  ];
  const bytes = encode(
    model(
      graph({
        name: 'branches',
        inputs: [valueInfo('x', [1, 2, 4, 4])],
        outputs: [untyped('y')],
        nodes,
        initializers: [tensor('never', [], Uint8Array.of(0), DataType.BOOL)],
      }),
      17,
    ),
  );
  await compile({ bytes, file: 'branches.onnx' }, runtime);
});

test.run();
