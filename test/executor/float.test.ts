import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DataType, encode, graph, ints, model, node, tensor, valueInfo } from '../../fixtures/onnx.js';
import type { FloatSession } from '../../src/compiler/float-runtime.js';
import { UserError } from '../../src/errors.js';
import { loadFloatRuntime } from '../../src/executor/float.js';

const runtime = loadFloatRuntime();

/** y = relu(x · 2 + 1), with its intermediates as outputs. */
const bytes = encode(
  model(
    graph({
      name: 'g',
      inputs: [valueInfo('x', [2, 2])],
      outputs: [valueInfo('y', [2, 2]), valueInfo('twice', [2, 2]), valueInfo('more', [2, 2])],
      nodes: [
        node('Mul', ['x', 'two'], ['twice']),
        node('Add', ['twice', 'one'], ['more']),
        node('Relu', ['more'], ['y']),
      ],
      initializers: [tensor('two', [], Float32Array.of(2)), tensor('one', [], Float32Array.of(1))],
    }),
    18,
  ),
);

const x = { type: 'float32' as const, dims: [2, 2], data: Float32Array.of(-1, 0, 1, 0.5) };

async function withSession(file: Uint8Array, use: (session: FloatSession) => Promise<void>): Promise<void> {
  const session = await runtime.open(file);
  try {
    await use(session);
  } finally {
    await session.close();
  }
}

async function refusal(work: Promise<unknown>): Promise<UserError> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, UserError);
    return error as UserError;
  }
  return assert.unreachable('nothing was thrown') as never;
}

test('gives the outputs that are asked for, or all', () =>
  withSession(bytes, async (session) => {
    assert.equal(session.inputs, ['x']);
    assert.equal(session.outputs, ['y', 'twice', 'more']);
    const all = await session.run({ x });
    assert.equal(Object.keys(all), ['y', 'twice', 'more']);
    assert.equal(all['y'], { type: 'float32', dims: [2, 2], data: Float32Array.of(0, 1, 3, 2) });
    const some = await session.run({ x }, ['twice']);
    assert.equal(some, { twice: { type: 'float32', dims: [2, 2], data: Float32Array.of(-2, 0, 2, 1) } });
  }));

test('int64, bool and float16 go in and come out', async () => {
  const casts = [
    ['int64', DataType.INT64, BigInt64Array.of(3n, -4n)],
    ['bool', DataType.BOOL, Uint8Array.of(1, 0)],
    ['float16', DataType.FLOAT16, Uint16Array.of(0x3c00, 0xc000)],
    ['uint8', DataType.UINT8, Uint8Array.of(3, 250)],
    ['float64', DataType.DOUBLE, Float64Array.of(0.1, -2)],
  ] as const;
  for (const [type, dataType, data] of casts) {
    const file = encode(
      model(
        graph({
          name: 'g',
          inputs: [valueInfo('a', [2], dataType)],
          outputs: [valueInfo('b', [2], dataType)],
          nodes: [node('Identity', ['a'], ['b'])],
        }),
        18,
      ),
    );
    await withSession(file, async (session) => {
      const { b } = await session.run({ a: { type, dims: [2], data } });
      assert.is(b!.type, type);
      assert.equal([...(b!.data as Iterable<unknown>)], [...(data as Iterable<unknown>)], type);
    });
  }
});

test('a file that is not a model is refused in one sentence', async () => {
  const error = await refusal(runtime.open(Uint8Array.of(1, 2, 3, 4)));
  assert.match(error.message, /^ONNX Runtime refuses the model: [^\n]+\.$/);
});

test('an operator without a kernel is named with its node', async () => {
  const file = encode(
    model(
      graph({
        name: 'g',
        inputs: [valueInfo('a', [1, 1, 4, 4], DataType.DOUBLE), valueInfo('w', [1, 1, 2, 2], DataType.DOUBLE)],
        outputs: [valueInfo('b', [1, 1, 3, 3], DataType.DOUBLE)],
        nodes: [node('Conv', ['a', 'w'], ['b'], { kernel_shape: ints(2, 2) }, 'stem')],
      }),
      18,
    ),
  );
  const error = await refusal(runtime.open(file));
  assert.match(error.message, /^ONNX Runtime refuses the model at node "stem" \(Conv/);
});

test('a missing input, a wrong shape and an output that does not exist are refused', () =>
  withSession(bytes, async (session) => {
    assert.is((await refusal(session.run({}))).message, 'The model\'s input "x" was not given.');
    const shape = await refusal(session.run({ x: { ...x, dims: [4], data: x.data } }));
    assert.match(shape.message, /^ONNX Runtime could not run the model: .*rank.*\.$/i);
    const output = await refusal(session.run({ x }, ['z']));
    assert.is(output.message, 'The model has no output "z"; its outputs are y, twice, more.');
  }));

test.run();
