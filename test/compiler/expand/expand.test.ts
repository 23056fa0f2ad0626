/** Operators that are computed as simpler ones, in both memory layouts, against float ONNX Runtime. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DataType,
  encode,
  float,
  graph,
  int,
  ints,
  model,
  node,
  subgraph,
  tensor,
  text,
  valueInfo,
} from '../../../fixtures/onnx.js';
import { compile } from '../../../src/compiler/compile.js';
import { check, int64, one, weightsOf } from '../cases.js';
import { assertClose, type CaseInput, compileCase, runtime, samplesFor } from '../compare.js';

const weights = weightsOf(23);
const vector = (name: string, ...values: number[]) => tensor(name, [values.length], Float32Array.from(values));

// Reductions.
const positive: CaseInput = { shape: [2, 3, 4, 5], low: 0.25, high: 2 };
check('ReduceLogSum', one('ReduceLogSum', {}, 'axes'), {
  x: positive,
  opset: 18,
  initializers: [int64('axes', 1, -1)],
});
check('ReduceLogSum of opset 13', one('ReduceLogSum', { axes: ints(2), keepdims: int(0) }), { x: positive, opset: 13 });
check('ReduceLogSumExp', one('ReduceLogSumExp', {}, 'axes'), {
  x: { shape: [2, 3, 4, 5], low: -30, high: 30 },
  opset: 18,
  initializers: [int64('axes', 1, 2)],
});
check('ReduceProd', one('ReduceProd', { axes: ints(1, 3), keepdims: int(0) }), { x: positive, tolerance: 1e-3 });
check('ReduceProd of whole numbers', one('ReduceProd', { axes: ints(1) }), {
  x: { shape: [4, 7], low: -4, high: 5, type: 'int32' },
  tolerance: 0,
});

// A layer of its own.
check('Hardmax', one('Hardmax', { axis: int(1) }), { tolerance: 0 });
check('Hardmax of opset 11', one('Hardmax', { axis: int(2) }), { opset: 11, tolerance: 0 });
const image: CaseInput = { shape: [2, 4, 3, 5], low: -1, high: 2 };
for (const [opset, parameters] of [
  [18, 2],
  [21, 4],
] as const)
  check(`GroupNormalization of opset ${opset}`, one('GroupNormalization', { num_groups: int(2) }, 's', 'b'), {
    x: image,
    opset,
    initializers: [weights('s', [parameters]), weights('b', [parameters])],
  });
check('LRN', one('LRN', { size: int(3), alpha: float(0.3), beta: float(0.6), bias: float(1.5) }), { x: image });
for (const p of [1, 2]) check(`LpNormalization ${p}`, one('LpNormalization', { p: int(p), axis: int(1) }));
for (const p of [1, 2, 3]) check(`GlobalLpPool ${p}`, one('GlobalLpPool', { p: int(p) }), { tolerance: 4e-4 });
check(
  'LayerNormalization with its statistics',
  [node('LayerNormalization', ['x', 's'], ['y', 'mean', 'spread'], { axis: int(2) })],
  { initializers: [weights('s', [4, 5])], outputs: ['y', 'mean', 'spread'], tolerance: 4e-4 },
);
check(
  'BatchNormalization in training mode',
  [node('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y', 'mean', 'variance'], { training_mode: int(1) })],
  {
    initializers: [weights('s', [3]), weights('b', [3]), weights('m', [3]), weights('v', [3], 0.5, 1)],
    outputs: ['y', 'mean', 'variance'],
    tolerance: 4e-4,
  },
);

// Powers.
check('Pow by another tensor', one('Pow', {}, 'w'), {
  x: { shape: [3, 8], low: 0.2, high: 5 },
  inputs: { w: { shape: [8], low: -1, high: 3 } },
  tolerance: 1e-3,
});
check('Pow of numbers from zero', one('Pow', {}, 'w'), {
  x: { shape: [3, 8], low: 0, high: 5 },
  inputs: { w: { shape: [8], low: 0.5, high: 2 } },
  tolerance: 1e-3,
});
check('Pow of whole numbers', one('Pow', {}, 'w'), {
  x: { shape: [3, 8], low: -6, high: 7, type: 'int32' },
  inputs: { w: { shape: [8], low: 0, high: 6, type: 'int32' } },
  tolerance: 0,
});
check('Pow by whole constants', one('Pow', {}, 'w'), {
  x: { shape: [3, 4], low: -2, high: 2 },
  initializers: [vector('w', 0, 1, 2, 5)],
});
test('Pow of numbers below zero is refused', async () => {
  const inputs = { x: { shape: [3], low: -2, high: -1 }, w: { shape: [3], low: 2, high: 2 } };
  try {
    await compileCase({ inputs, nodes: one('Pow', {}, 'w'), outputs: ['y'] });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /Pow node "y".*its base can be negative/);
  }
});

// Losses.
const labels: CaseInput = { shape: [6, 2], low: 0, high: 5, type: 'int64' };
const scores: CaseInput = { shape: [6, 5, 2], low: -4, high: 4 };
for (const reduction of ['none', 'sum', 'mean'])
  for (const ignored of [-1, 2])
    for (const weighted of [false, true]) {
      const attributes = { reduction: text(reduction), ...(ignored < 0 ? {} : { ignore_index: int(ignored) }) };
      const others = weighted ? ['t', 'w'] : ['t'];
      const name = `${reduction}${ignored < 0 ? '' : ', a label ignored'}${weighted ? ', weighted' : ''}`;
      const options = {
        x: scores,
        inputs: { t: labels },
        initializers: weighted ? [weights('w', [5], 0.2, 1)] : [],
      };
      check(`NegativeLogLikelihoodLoss: ${name}`, one('NegativeLogLikelihoodLoss', attributes, ...others), options);
      check(`SoftmaxCrossEntropyLoss: ${name}`, one('SoftmaxCrossEntropyLoss', attributes, ...others), options);
    }
check(
  'SoftmaxCrossEntropyLoss of opset 12 with its probabilities',
  [node('SoftmaxCrossEntropyLoss', ['x', 't'], ['y', 'p'])],
  { x: scores, inputs: { t: labels }, outputs: ['y', 'p'], opset: 12 },
);

// Attention.
const heads = (count: number, length: number, size: number): CaseInput => ({ shape: [2, count, length, size] });
for (const [name, attributes] of [
  ['plain', {}],
  ['causal', { is_causal: int(1) }],
  ['with a soft cap and a scale', { softcap: float(2), scale: float(0.5) }],
] as const)
  check(`Attention, ${name}`, one('Attention', attributes, 'k', 'v'), {
    x: heads(3, 4, 8),
    inputs: { k: heads(3, 6, 8), v: heads(3, 6, 10) },
    opset: 23,
  });
check(
  'Attention of grouped heads in three dimensions',
  one('Attention', { q_num_heads: int(4), kv_num_heads: int(2) }, 'k', 'v', 'm'),
  {
    x: { shape: [2, 5, 32] },
    inputs: { k: { shape: [2, 6, 16] }, v: { shape: [2, 6, 16] }, m: { shape: [5, 6], type: 'bool' } },
    opset: 23,
  },
);
for (const mode of [0, 1, 2, 3])
  check(
    `Attention with keys of earlier turns, showing ${mode}`,
    [
      node('Attention', ['x', 'k', 'v', 'm', 'pk', 'pv'], ['y', 'ak', 'av', 'qk'], {
        qk_matmul_output_mode: int(mode),
        softcap: float(3),
      }),
    ],
    {
      x: heads(2, 3, 4),
      inputs: {
        k: heads(2, 3, 4),
        v: heads(2, 3, 4),
        m: { shape: [3, 7] },
        pk: heads(2, 4, 4),
        pv: heads(2, 4, 4),
      },
      outputs: ['y', 'ak', 'av', 'qk'],
      opset: 24,
    },
  );

for (const interleaved of [0, 1])
  for (const dim of [0, 4])
    check(
      `RotaryEmbedding, interleaved ${interleaved}, of ${dim || 'all'} elements`,
      one(
        'RotaryEmbedding',
        { interleaved: int(interleaved), rotary_embedding_dim: int(dim), num_heads: int(2) },
        'c',
        's',
        'p',
      ),
      {
        x: { shape: [2, 3, 16] },
        inputs: { p: { shape: [2, 3], low: 0, high: 10, type: 'int64' } },
        initializers: [weights('c', [10, (dim || 8) / 2]), weights('s', [10, (dim || 8) / 2])],
        opset: 23,
      },
    );

// Spectra.
check('DFT', one('DFT', { axis: int(1) }), { x: { shape: [2, 10, 3, 2] } });
check('DFT of opset 20, one side, another length', one('DFT', { onesided: int(1) }, 'length', 'axis'), {
  x: { shape: [2, 10, 1] },
  opset: 20,
  initializers: [tensor('length', [], BigInt64Array.of(12n)), tensor('axis', [], BigInt64Array.of(1n))],
});
check('inverse DFT', one('DFT', { inverse: int(1), axis: int(1) }), { x: { shape: [2, 9, 2] } });
check('STFT', one('STFT', {}, 'step', 'window'), {
  x: { shape: [2, 64, 1] },
  initializers: [tensor('step', [], BigInt64Array.of(8n)), weights('window', [16], 0.2, 1)],
});

// What is spelled out.
const large: CaseInput = { shape: [6, 20], low: 9_990, high: 10_000 };
const axis = int64('axis', -1);
const shifted = [
  node('ReduceMax', ['x', 'axis'], ['m']),
  node('Sub', ['x', 'm'], ['z']),
  node('Exp', ['z'], ['e']),
  node('ReduceSum', ['e', 'axis'], ['s']),
];
check('a softmax spelled out', [...shifted, node('Div', ['e', 's'], ['y'])], {
  x: large,
  opset: 18,
  initializers: [axis],
  tolerance: 4e-4,
});
check('a log-softmax spelled out', [...shifted, node('Log', ['s'], ['l']), node('Sub', ['z', 'l'], ['y'])], {
  x: large,
  opset: 18,
  initializers: [axis],
});
check(
  'a log-sum-exp spelled out',
  [node('Exp', ['x'], ['e']), node('ReduceSum', ['e', 'axis'], ['s'], { keepdims: int(0) }), node('Log', ['s'], ['y'])],
  { x: { shape: [2, 3, 4, 5], low: -40, high: 40 }, opset: 13, initializers: [axis] },
);

// If.
const branch = (name: string, operator: string) =>
  graph({
    name,
    inputs: [],
    outputs: [valueInfo(`${name}.y`, [2, 3])],
    nodes: [node(operator, ['x'], ['inner']), node('Add', ['inner', 'one'], [`${name}.y`])],
    initializers: [tensor('one', [], Float32Array.of(1))],
  });
const conditional = (input: 'constant' | 'data') =>
  encode(
    model(
      graph({
        name: 'if',
        inputs: [valueInfo('x', [2, 3]), ...(input === 'data' ? [valueInfo('c', [], DataType.BOOL)] : [])],
        outputs: [valueInfo('y', [2, 3]), valueInfo('z', [2, 3])],
        nodes: [
          node('If', [input === 'data' ? 'c' : 'yes'], ['y'], {
            then_branch: subgraph(branch('a', 'Neg')),
            else_branch: subgraph(branch('b', 'Relu')),
          }),
          node('If', [input === 'data' ? 'c' : 'no'], ['z'], {
            then_branch: subgraph(branch('c', 'Neg')),
            else_branch: subgraph(branch('d', 'Relu')),
          }),
        ],
        initializers: [
          tensor('yes', [], Uint8Array.of(1), DataType.BOOL),
          tensor('no', [], Uint8Array.of(0), DataType.BOOL),
        ],
      }),
      17,
    ),
  );
test('If with a known condition is the branch that is taken', async () => {
  const calibration = samplesFor({ x: { shape: [2, 3] } }, 4);
  const { artefact, fidelity } = await compile(
    { bytes: conditional('constant'), file: 'if.onnx', calibration },
    runtime,
  );
  assert.ok(fidelity.maxAbsError < 2e-4, `error ${fidelity.maxAbsError}`);
  assert.ok(artefact.program.steps.length <= 3);
});
test('If with a condition that depends on the input computes both branches and takes one', async () => {
  const calibration = samplesFor({ x: { shape: [2, 3] }, c: { shape: [], type: 'bool' } }, 16);
  assert.is(new Set(calibration.map(({ c }) => c!.data[0])).size, 2, 'both ways are in the samples');
  const { fidelity } = await compile({ bytes: conditional('data'), file: 'if.onnx', calibration }, runtime);
  assert.ok(fidelity.maxAbsError < 2e-4, `error ${fidelity.maxAbsError}`);
});
test('If whose results have a shape for each way is refused', async () => {
  const flat = (name: string) =>
    graph({
      name,
      inputs: [],
      outputs: [valueInfo(`${name}.y`, [2, 1])],
      nodes: [node('ReduceSum', ['x'], [`${name}.y`], { axes: ints(1) })],
    });
  const bytes = encode(
    model(
      graph({
        name: 'if',
        inputs: [valueInfo('x', [2, 3]), valueInfo('c', [], DataType.BOOL)],
        outputs: [{ ...valueInfo('y', [2, 3]) }],
        nodes: [
          node('If', ['c'], ['t'], {
            then_branch: subgraph(branch('a', 'Neg')),
            else_branch: subgraph(flat('b')),
          }),
          node('Relu', ['t'], ['y']),
        ],
      }),
      11,
    ),
  );
  const calibration = samplesFor({ x: { shape: [2, 3] }, c: { shape: [], type: 'bool' } }, 16);
  try {
    await compile({ bytes, file: 'if.onnx', calibration }, runtime);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /If node .*2x3 or 2x1/);
  }
});
test('what an expansion puts in place of a node is named after it', async () => {
  const compiled = await assertClose({
    inputs: { x: { shape: [2, 4] } },
    nodes: [node('Hardmax', ['x'], ['y'], {}, 'winner')],
    outputs: ['y'],
  });
  // The last step puts the output into its slot.
  const origins = compiled.artefact.program.steps.slice(0, -1).map(({ origin }) => origin.node);
  assert.ok(origins.length > 0 && origins.every((name) => name.startsWith('winner')), origins.join());
});

test.run();
