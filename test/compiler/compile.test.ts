/** What the compiler says and does beside computing: refusals, determinism, options, the shape of programs. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DataType,
  encode,
  graph,
  int,
  ints,
  model,
  type NodeProto,
  node,
  tensor,
  text,
  valueInfo,
} from '../../fixtures/onnx.js';
import { Random } from '../../fixtures/random.js';
import { commitModel } from '../../src/commit/model.js';
import { compile } from '../../src/compiler/compile.js';
import { inspect } from '../../src/compiler/inspect.js';
import { SUPPORTED_OPERATORS } from '../../src/compiler/lower/register.js';
import { UserError } from '../../src/errors.js';
import { decodeArtefact, encodeArtefact } from '../../src/program/artefact.js';
import { evaluate } from '../../src/program/evaluate.js';
import { packInputs, unpackOutputs } from '../../src/program/layout.js';
import { fitsOneTransaction } from '../../src/program/price.js';
import { elementCount } from '../../src/program/step.js';
import { assertClose, type Case, compileCase, modelOf, runner, runtime, samplesFor } from './compare.js';

const mlp = new Uint8Array(readFileSync('fixtures/mlp/mlp.onnx'));

async function refusal(work: () => Promise<unknown>): Promise<UserError> {
  try {
    await work();
  } catch (error) {
    assert.instance(error, UserError, String(error));
    return error as UserError;
  }
  return assert.unreachable('it was accepted') as never;
}

const simple = (nodes: NodeProto[], rest: Partial<Case> = {}): Case => ({
  inputs: { x: { shape: [2, 3, 4, 5] } },
  nodes,
  outputs: ['y'],
  ...rest,
});

test('the same bytes, options and samples give the same artefact, byte for byte', async () => {
  const make = async () =>
    encodeArtefact((await compile({ bytes: mlp, file: '/some/folder/mlp.onnx' }, runtime)).artefact);
  const [first, second] = [await make(), await make()];
  assert.equal(first, second);
  const artefact = decodeArtefact(first, 'mlp.og');
  assert.is(artefact.source.file, 'mlp.onnx');
  assert.not.match(new TextDecoder('latin1').decode(first), /some.folder/);
  assert.is(artefact.source.sha256.length, 64);
  assert.equal(artefact.source.opset, { '': 17 });
});

test('the ranges of an artefact give the same model id without its samples', async () => {
  const calibration = samplesFor({ x: { shape: [1, 16], low: -3, high: 3 } }, 20);
  const first = await compile({ bytes: mlp, file: 'mlp.onnx', calibration }, runtime);
  const again = await compile({ bytes: mlp, file: 'mlp.onnx', ranges: first.artefact.ranges, seed: 99 }, runtime);
  const other = await compile({ bytes: mlp, file: 'mlp.onnx' }, runtime);
  const id = (compiled: typeof first): string => commitModel(compiled.artefact.program).modelId;
  assert.is(id(again), id(first));
  assert.is.not(id(other), id(first));
  assert.equal(again.artefact.ranges, first.artefact.ranges);
  const error = await refusal(() => compile({ bytes: mlp, file: 'mlp.onnx', ranges: { x: [0, 1] } }, runtime));
  assert.match(error.message, /ranges given say nothing of \d+ tensors/);
});

test('unsupported nodes are refused all at once, even when the float model cannot be run', async () => {
  const unsupported = simple([
    node('NonZero', ['x'], ['a'], {}, 'finder'),
    node('Relu', ['x'], ['b']),
    node('RoiAlign', ['b'], ['y'], {}, 'regions'),
    node('Sum', ['a'], ['z']),
  ]);
  const never = { open: () => assert.unreachable('the float model was run') as never };
  const definition = { ...unsupported, outputs: ['y', 'z'] };
  const error = await refusal(() => compile({ bytes: modelOf(definition), file: 'f.onnx' }, never));
  assert.is(error.code, 'OG_UNSUPPORTED_NODE');
  assert.match(error.message, /f\.onnx cannot be compiled because of 2 nodes/);
  assert.match(error.message, /NonZero node "finder" \(opset 17, inputs 2x3x4x5\)/);
  assert.match(error.message, /RoiAlign node "regions"/);
});

test('nodes are refused for what they are used for, too', async () => {
  const definition = simple(
    [
      node('Cast', ['x'], ['whole'], { to: int(6) }),
      node('Resize', ['whole', '', 'scales'], ['y'], { mode: text('linear') }, 'larger'),
    ],
    { initializers: [tensor('scales', [4], Float32Array.of(1, 1, 2, 2))] },
  );
  const error = await refusal(() => compileCase(definition));
  assert.match(
    error.message,
    /Resize node "larger" \(opset 17, inputs 2x3x4x5, -, 4\): it interpolates between whole numbers/,
  );
});

test('nodes that no output depends on, and constant ones, may be anything', async () => {
  await assertClose(
    simple(
      [
        node('NonZero', ['x'], ['unused']),
        node('Range', ['zero', 'five', 'one'], ['r']),
        node('Add', ['x', 'r'], ['y']),
      ],
      { initializers: [0, 5, 1].map((v, i) => tensor(['zero', 'five', 'one'][i]!, [], Float32Array.of(v))) },
    ),
  );
});

test('samples that do not fit, and other wrong options', async () => {
  const cases: readonly (readonly [Parameters<typeof compile>[0], RegExp])[] = [
    [{ bytes: mlp, file: 'm', calibration: [{}] }, /sample 0 has no tensor for the input "x"/],
    [{ bytes: mlp, file: 'm', calibration: samplesFor({ x: { shape: [1, 15] } }, 1) }, /float32 1x15; .* float32 1x16/],
    [{ bytes: mlp, file: 'm', calibration: samplesFor({ z: { shape: [1] } }, 1) }, /no such input/],
    [{ bytes: mlp, file: 'm', bits: 17 }, /17 bits/],
  ];
  for (const [request, message] of cases)
    assert.match((await refusal(() => compile(request, runtime))).message, message);
});

test('a sample that the model makes NaN of is named', async () => {
  const definition = simple([node('ReduceMean', ['x'], ['m'], { axes: ints(1) }), node('Log', ['m'], ['y'])]);
  const error = await refusal(() => compileCase(definition));
  assert.match(error.message, /"y" is not a number/);
});

test('fewer bits cost accuracy and still work', async () => {
  const random = new Random(3);
  const w = tensor(
    'w',
    [4, 3, 3, 3],
    Float32Array.from({ length: 108 }, () => random.between(-1, 1)),
  );
  const definition = simple([node('Conv', ['x', 'w'], ['c']), node('Tanh', ['c'], ['y'])], { initializers: [w] });
  await assertClose(definition, 0.05, { bits: 8 });
  await assertClose(definition, 2e-4);
});

const names = (compiled: Awaited<ReturnType<typeof compileCase>>): string[] =>
  compiled.artefact.program.steps.map(({ origin }) => origin.operator);

test('elementwise functions go into the step before them', async () => {
  const scalars = [3, 0, 6].map((value, i) => tensor(['three', 'zero', 'six'][i]!, [], Float32Array.of(value)));
  const w = tensor(
    'w',
    [3, 3, 1, 1],
    Float32Array.from({ length: 9 }, (_, i) => i / 9 - 0.4),
  );
  const swish = simple(
    [
      node('Conv', ['x', 'w'], ['c']),
      node('Add', ['c', 'three'], ['a']),
      node('Clip', ['a', 'zero', 'six'], ['b']),
      node('Mul', ['c', 'b'], ['m']),
      node('Div', ['m', 'six'], ['s']),
      node('Relu', ['s'], ['y']),
    ],
    { initializers: [...scalars, w] },
  );
  // The convolution with its table, and the copy to the order of the output.
  assert.equal(names(await assertClose(swish)), ['Conv+Add+Clip+Mul+Div+Relu', 'output']);
  const line = simple(
    [node('Add', ['x', 'three'], ['a']), node('Clip', ['a', 'zero', 'six'], ['b']), node('Div', ['b', 'six'], ['y'])],
    { initializers: scalars },
  );
  const compiled = await assertClose(line);
  assert.equal(names(compiled), ['Add+Clip+Div']);
  assert.is(compiled.artefact.program.steps[0]!.lookup, null);
});

test('a function of a tensor that others read as well is a step of its own', async () => {
  const definition = simple([node('Add', ['x', 'x'], ['a']), node('Tanh', ['a'], ['y']), node('Neg', ['y'], ['z'])], {
    outputs: ['y', 'z', 'a'],
  });
  await assertClose(definition);
});

test('a reduction that is too long for one check is split', async () => {
  const random = new Random(5);
  const k = 40_000;
  const w = tensor(
    'w',
    [k, 2],
    Float32Array.from({ length: 2 * k }, () => random.between(-0.5, 1)),
  );
  const definition: Case = {
    inputs: { x: { shape: [1, k], low: 0 } },
    nodes: [node('MatMul', ['x', 'w'], ['m']), node('Relu', ['m'], ['y'])],
    outputs: ['y'],
    initializers: [w],
  };
  const compiled = await assertClose(definition, 2e-4, { runProgram: runner() });
  assert.is(compiled.artefact.program.steps.length, 2);
  assert.ok(compiled.price.steps.every(fitsOneTransaction));
});

test('a step is split into few partial results, though more would be cheaper to dispute', async () => {
  const random = new Random(5);
  const [channels, side] = [720, 12];
  const w = tensor(
    'w',
    [1, channels, 3, 3],
    Float32Array.from({ length: channels * 9 }, () => random.between(-0.5, 1)),
  );
  const definition: Case = {
    inputs: { x: { shape: [1, channels, side, side], low: 0 } },
    nodes: [node('Conv', ['x', 'w'], ['y'], { strides: ints(9, 9) })],
    outputs: ['y'],
    initializers: [w],
  };
  const compiled = await assertClose(definition, 2e-4, { runProgram: runner() });
  const { steps } = compiled.artefact.program;
  assert.is(steps.length, 2);
  assert.ok(elementCount(steps[0]!.outDims) <= 32 * elementCount(steps[1]!.outDims), `${steps[0]!.outDims}`);
  assert.ok(compiled.price.steps.every(fitsOneTransaction));
});

test('masks of negative infinity leave nothing to a softmax', async () => {
  const causal = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 <= Math.floor(i / 4) ? 1 : 0));
  for (const mask of [Number.NEGATIVE_INFINITY, -1e9, -3.4e38]) {
    await assertClose(
      simple([node('Where', ['c', 'x', 'far'], ['w']), node('Softmax', ['w'], ['y'], { axis: int(-1) })], {
        inputs: { x: { shape: [2, 3, 4, 4], low: -3, high: 3 } },
        initializers: [tensor('far', [], Float32Array.of(mask)), tensor('c', [4, 4], causal, DataType.BOOL)],
      }),
    );
  }
});

test('inspect tells what is in a file and what would not compile', () => {
  const bytes = encode(
    model(
      graph({
        name: 'g',
        inputs: [valueInfo('x', ['n', 3, 'h', 'w'])],
        outputs: [valueInfo('y', ['n'])],
        nodes: [node('Relu', ['x'], ['a']), node('NonZero', ['a'], ['y'], {}, 'z'), node('Relu', ['a'], ['b'])],
        initializers: [],
      }),
      17,
    ),
  );
  const inspected = inspect(bytes, 'some/file.onnx');
  assert.equal(inspected.operators, { NonZero: 1, Relu: 2 });
  assert.equal(inspected.inputs, [{ name: 'x', type: 'float32', dims: ['n', 3, 'h', 'w'] }]);
  assert.equal(
    inspected.unsupported.map(({ node: name, operator, shapes }) => ({ name, operator, shapes })),
    [{ name: 'z', operator: 'NonZero', shapes: ['?'] }],
  );
  assert.is(inspect(mlp, 'mlp.onnx').unsupported.length, 0);
});

test('the register says which operators there are', () => {
  for (const operator of ['Conv', 'Gemm', 'Softmax', 'Relu', 'Gather', 'ai.onnx.ml.TreeEnsemble'])
    assert.ok(SUPPORTED_OPERATORS.includes(operator));
  assert.ok(SUPPORTED_OPERATORS.every((operator) => !operator.startsWith('og.')));
});

test('a model without inputs, and outputs without elements', async () => {
  const definition: Case = {
    inputs: {},
    nodes: [node('Neg', ['table'], ['y']), node('Slice', ['table', 'one', 'one'], ['none'])],
    outputs: ['y', 'none'],
    initializers: [tensor('table', [3], Float32Array.of(1, -2, 4)), tensor('one', [1], BigInt64Array.of(1n))],
  };
  for (const outputs of [['y', 'none'], ['none'], ['y']]) {
    const { artefact, warnings, fidelity } = await compileCase({ ...definition, outputs }, { calibration: [] });
    assert.equal(warnings, []);
    assert.is(fidelity.maxAbsError < 1e-4, true);
    const { program } = decodeArtefact(encodeArtefact(artefact), 'case.og');
    const input = packInputs(program, {});
    assert.equal([...input], [0]);
    const packed = await runner()(program, input);
    assert.equal(packed, evaluate(program, input).at(-1));
    const { y, none } = unpackOutputs(program, packed);
    if (outputs.includes('y')) assert.equal([...y!.data].map(Math.round), [-1, 2, -4]);
    if (outputs.includes('none')) assert.equal(none!.shape, [0]);
    assert.is(commitModel(program).model.inputElements, 1);
  }
});

test('an output that is always infinite is refused', async () => {
  const definition: Case = {
    inputs: {},
    nodes: [node('Log', ['zero'], ['y'])],
    outputs: ['y'],
    initializers: [tensor('zero', [1], Float32Array.of(0))],
  };
  const error = await refusal(() => compileCase(definition, { calibration: [] }));
  assert.match(error.message, /output "y" is constant, and holds infinity/);
});

test('finer activations are made again from the ranges and the bits of an artefact', async () => {
  const request = { bytes: readFileSync('fixtures/mlp/mlp.onnx'), file: 'mlp.onnx' };
  const plain = await compile(request, runtime);
  assert.is(plain.artefact.options.activationBits, undefined, 'sixteen bits are enough');
  const fine = await compile({ ...request, activationBits: 20 }, runtime);
  const { ranges, options } = fine.artefact;
  assert.is(options.activationBits, 20);
  assert.not.equal(fine.artefact.program, plain.artefact.program);
  const again = await compile({ ...request, ranges, activationBits: options.activationBits! }, runtime);
  assert.equal(again.artefact.program, fine.artefact.program);
});

test.run();
