/** Inputs that a node needs constant. */
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
  tensor,
  valueInfo,
} from '../../../fixtures/onnx.js';
import { commitModel } from '../../../src/commit/model.js';
import { compile, type FloatSample } from '../../../src/compiler/compile.js';
import type { FloatTensor } from '../../../src/compiler/float-runtime.js';
import { inputValues } from '../../../src/compiler/input-values.js';
import { inspect } from '../../../src/compiler/inspect.js';
import { toNumbers } from '../../../src/compiler/onnx/tensor.js';
import { UserError } from '../../../src/errors.js';
import { decodeArtefact, encodeArtefact } from '../../../src/program/artefact.js';
import { evaluate } from '../../../src/program/evaluate.js';
import { packInputs, unpackOutputs } from '../../../src/program/layout.js';
import { runtime } from '../compare.js';

const whole = (...values: number[]): FloatTensor => ({
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const real = (dims: number[], ...values: number[]): FloatTensor => ({
  type: 'float32',
  dims,
  data: Float32Array.from(values),
});

const X = real([2, 3], 1, -2, 3, 4, 5, -6);
const X2 = real([2, 3], 2, 1, -3, 0, 5, 6);

const bytesOf = (nodes: NodeProto[], inputs: Record<string, FloatTensor>, opset = 18): Uint8Array =>
  encode(
    model(
      graph({
        name: 'case',
        inputs: Object.entries(inputs).map(([name, { dims, type }]) =>
          valueInfo(name, dims, type === 'int64' ? DataType.INT64 : DataType.FLOAT),
        ),
        outputs: [{ ...valueInfo('y', []), type: undefined } as never],
        nodes,
        initializers: [tensor('one', [1], BigInt64Array.of(1n))],
      }),
      opset,
    ),
  );

/** Compiles with the samples, and compares the program on the first with the float model. */
async function check(nodes: NodeProto[], samples: FloatSample[], left: string[], opset?: number) {
  const first = samples[0]!;
  const bytes = bytesOf(nodes, first, opset);
  const { artefact, warnings } = await compile({ bytes, file: 'case.onnx', calibration: samples }, runtime);
  assert.equal(
    artefact.program.inputs.map(({ name }) => name),
    left,
  );
  const session = await runtime.open(bytes);
  const expected = (await session.run(first)).y!;
  await session.close();
  const inputs = Object.fromEntries(left.map((name) => [name, { shape: first[name]!.dims, data: first[name]!.data }]));
  const { y } = unpackOutputs(
    artefact.program,
    evaluate(artefact.program, packInputs(artefact.program, inputs)).at(-1)!,
  );
  assert.equal(y!.shape, expected.dims);
  toNumbers(expected).forEach((value, i) => {
    assert.ok(Math.abs(value - y!.data[i]!) < 1e-3, `${y!.data[i]} is not ${value}`);
  });
  assert.equal(artefact.notes, warnings);
  return warnings.join('\n');
}

test('axes that all samples agree on are frozen, with a note', async () => {
  const nodes = [node('ReduceSum', ['x', 'axes'], ['y'], {}, 'sum')];
  const notes = await check(
    nodes,
    [
      { x: X, axes: whole(-1) },
      { x: X2, axes: whole(-1) },
    ],
    ['x'],
  );
  assert.match(notes, /"axes" is frozen to \[-1\].*ReduceSum node "sum" needs its axes constant/);
});

test('so are inputs that a shape is computed from', async () => {
  const nodes = [
    node('Mul', ['rows', 'one'], ['r']),
    node('Concat', ['r', 'columns'], ['shape'], { axis: int(0) }),
    node('Reshape', ['x', 'shape'], ['y']),
  ];
  await check(nodes, [{ x: X, rows: whole(3), columns: whole(2) }], ['x']);
});

test('so are the statistics of BatchNormalization', async () => {
  const nodes = [node('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'])];
  const statistics = { s: real([3], 1, 2, 3), b: real([3], 0, 1, -1), m: real([3], 0.5, 0, 1), v: real([3], 1, 4, 9) };
  await check(
    nodes,
    [
      { x: X, ...statistics },
      { x: X2, ...statistics },
    ],
    ['x'],
    15,
  );
});

test('an input without elements is dropped', async () => {
  const nodes = [node('ReduceSum', ['x', 'axes'], ['y'], { noop_with_empty_axes: int(1) })];
  const shapes = { x: [2, 3], axes: [0] };
  const bytes = bytesOf(nodes, { x: X, axes: whole() });
  const { artefact } = await compile({ bytes, file: 'case.onnx', shapes }, runtime);
  assert.equal(
    artefact.program.inputs.map(({ name }) => name),
    ['x'],
  );
});

async function refusal(nodes: NodeProto[], inputs: FloatSample, calibration: FloatSample[]): Promise<UserError> {
  try {
    await compile({ bytes: bytesOf(nodes, inputs), file: 'case.onnx', calibration }, runtime);
  } catch (error) {
    assert.instance(error, UserError);
    return error as UserError;
  }
  throw new Error('It compiled.');
}

test('without samples the input is named, and what to try', async () => {
  const nodes = [node('ReduceSum', ['x', 'axes'], ['y'], {}, 'sum')];
  const error = await refusal(nodes, { x: X, axes: whole(1) }, []);
  assert.match(error.message, /ReduceSum node "sum" \(opset 18\): its axes depends? on the input "axes"/);
  assert.match(error.hint!, /--calibration/);
});

test('samples that disagree are no reason to freeze', async () => {
  const nodes = [node('ReduceSum', ['x', 'axes'], ['y'], {}, 'sum')];
  const samples = [0, 1].map((axis) => ({ x: X, axes: whole(axis) }));
  const error = await refusal(nodes, samples[0]!, samples);
  assert.match(error.message, /"axes", and the calibration samples disagree on it/);
});

test('real data that a shape is computed from is not frozen', async () => {
  const nodes = [
    node('ReduceSum', ['x'], ['total'], { keepdims: int(0) }),
    node('Cast', ['total'], ['n'], { to: int(DataType.INT64) }),
    node('Unsqueeze', ['n', 'zero'], ['shape']),
    node('Mul', ['one', 'shape'], ['both']),
    node('Expand', ['x', 'both'], ['y']),
    node('Sub', ['one', 'one'], ['zero']),
  ];
  const order = [nodes[5]!, ...nodes.slice(0, 5)];
  await refusal(order, { x: X }, [{ x: X }]);
});

test('the artefact says what inputs were frozen to, and the same model comes of it without samples', async () => {
  const nodes = [node('Expand', ['x', 'shape'], ['y'])];
  const samples = [{ x: X, shape: whole(2, 2, 3) }];
  const bytes = bytesOf(nodes, samples[0]!);
  const first = await compile({ bytes, file: 'case.onnx', calibration: samples }, runtime);
  const { ranges, frozen } = decodeArtefact(encodeArtefact(first.artefact), 'case.og');
  assert.equal(frozen, { shape: { type: 'int64', dims: [3], values: [2, 2, 3] } });
  const again = await compile({ bytes, file: 'case.onnx', ranges, frozen }, runtime);
  assert.is(commitModel(again.artefact.program).modelId, commitModel(first.artefact.program).modelId);
});

test('an input that is fixed by its value is frozen whether a node needs it or not', async () => {
  const nodes = [node('ReduceSum', ['x', 'axes'], ['sum']), node('Mul', ['sum', 'factor'], ['y'])];
  const bytes = bytesOf(nodes, { x: X, axes: whole(1), factor: real([1], 3) });
  const inputValues = { axes: [1], factor: [3] };
  const first = await compile({ bytes, file: 'case.onnx', inputValues }, runtime);
  const { program, ranges, frozen } = first.artefact;
  assert.equal(
    program.inputs.map(({ name }) => name),
    ['x'],
  );
  const { y } = unpackOutputs(
    program,
    evaluate(program, packInputs(program, { x: { shape: [2, 3], data: [0.1, -0.2, 0.3, 0.4, 0.5, -0.6] } })).at(-1)!,
  );
  assert.ok(Math.abs(y!.data[0]! - 0.6) < 1e-3 && Math.abs(y!.data[1]! - 0.9) < 1e-3, y!.data.join());
  const again = await compile({ bytes, file: 'case.onnx', ranges, frozen }, runtime);
  assert.is(commitModel(again.artefact.program).modelId, commitModel(program).modelId);
});

test('one number fills an input that is fixed; what does not fit is refused', () => {
  const inputs = [
    { name: 'mask', type: 'int64' as const, dims: [1, 3] },
    { name: 'small', type: 'int8' as const, dims: [2] },
  ];
  assert.equal(inputValues(inputs, {}, { mask: [1] }).get('mask')!.data, BigInt64Array.of(1n, 1n, 1n));
  const refused = (values: Record<string, number[]>, reason: RegExp) =>
    assert.throws(() => inputValues(inputs, {}, values), reason);
  refused({ mask: [1, 2] }, /has 2 elements; the input is int64 1x3/);
  refused({ mask: [1.5] }, /int64, and 1.5 is not/);
  refused({ small: [300] }, /int8, which does not hold 300/);
  refused({ other: [1] }, /no input "other"/);
});

test('og inspect tells which inputs have to be constant, before anything is run', () => {
  const nodes = [node('ReduceSum', ['x', 'axes'], ['y'], {}, 'sum')];
  const { constantInputs, unsupported } = inspect(bytesOf(nodes, { x: X, axes: whole(1) }), 'case.onnx');
  assert.equal(constantInputs, [{ input: 'axes', node: 'sum', operator: 'ReduceSum', operand: 'axes' }]);
  assert.equal(unsupported, []);
});

test('every input may be frozen', async () => {
  const nodes = [node('ConstantOfShape', ['shape'], ['y'])];
  await check(nodes, [{ shape: whole(2, 3) }], []);
});

test.run();
