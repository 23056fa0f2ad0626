/** Where the error comes from: models in which it is known. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { int, type NodeProto, node, tensor } from '../../../fixtures/onnx.js';
import { Random } from '../../../fixtures/random.js';
import type { Compiled, CompileRequest } from '../../../src/compiler/compile.js';
import type { FloatTensor } from '../../../src/compiler/float-runtime.js';
import { decodeArtefact, encodeArtefact, type StepLoss } from '../../../src/program/artefact.js';
import { type Case, compileCase, samplesFor } from '../compare.js';

const random = new Random(5);
const WIDTH = 16;

/** A square weight whose columns are so many times as large as usual. */
const weight = (name: string, sizes: (column: number) => number = () => 1) =>
  tensor(
    name,
    [WIDTH, WIDTH],
    Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => random.between(-1, 1) * sizes(i % WIDTH)),
  );

const layers = (nodes: NodeProto[], initializers: Case['initializers']): Case => ({
  inputs: { x: { shape: [4, 1, WIDTH] } },
  nodes,
  outputs: ['y'],
  initializers: initializers ?? [],
});

const stepLosses = (compiled: Compiled): readonly StepLoss[] => compiled.fidelity.losses?.steps ?? [];

function worstOf(compiled: Compiled): StepLoss {
  const [worst] = stepLosses(compiled);
  assert.ok(worst, 'some step loses');
  return worst!;
}

const explained = (definition: Case, request: Partial<CompileRequest> = {}): Promise<Compiled> =>
  compileCase(definition, { losses: 'always', ...request });

/** One channel is 300 times as large as the others, and the next layer takes it as many times less. */
const OUTLIER = 300;
const outliers = layers(
  [
    node('MatMul', ['x', 'first'], ['a'], {}, 'before'),
    node('Relu', ['a'], ['b'], {}, 'rectified'),
    node('MatMul', ['b', 'large'], ['c'], {}, 'uneven'),
    node('Tanh', ['c'], ['d'], {}, 'bounded'),
    node('MatMul', ['c', 'small'], ['e'], {}, 'evened'),
    node('Add', ['d', 'e'], ['y'], {}, 'total'),
  ],
  [
    weight('first'),
    weight('large', (column) => (column === 0 ? OUTLIER : 1)),
    tensor(
      'small',
      [WIDTH, WIDTH],
      Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => random.between(-1, 1) / (i < WIDTH ? OUTLIER : 1)),
    ),
  ],
);

test('a step whose scale an outlier makes coarse is the one that loses most', async () => {
  const compiled = await explained(outliers, { bits: 12 });
  const worst = worstOf(compiled);
  assert.is(worst.node, 'uneven');
  assert.is(worst.operator, 'MatMul');
  assert.is(compiled.artefact.program.steps[worst.step - 1]?.origin.node, 'uneven');
  assert.is(worst.saturated, 0);
  assert.ok(worst.spread !== null && worst.spread > OUTLIER / 2, `${worst.spread}`);
  assert.ok(worst.outputError > 0.5 * compiled.fidelity.losses!.outputError);
});

test('losses are told apart, and together are about what the outputs lose', async () => {
  const compiled = await explained(outliers, { bits: 12 });
  const { outputError, steps } = compiled.fidelity.losses!;
  const together = Math.hypot(...steps.map((step) => step.outputError));
  assert.ok(together > outputError / 2 && together < outputError * 2, `${together} and ${outputError}`);
  for (const [i, step] of steps.entries())
    assert.ok(i === 0 || step.outputError <= steps[i - 1]!.outputError, 'the worst first');
});

test('values beyond the measured ranges are named, and samples asked for', async () => {
  const definition = layers(
    [node('MatMul', ['x', 'w'], ['a'], {}, 'product'), node('Tanh', ['a'], ['y'])],
    [weight('w')],
  );
  const calibration = samplesFor(definition.inputs, 10);
  // One in five is kept from calibration: these are as large as none before them.
  const larger = calibration.map((sample, i) => {
    const x = sample.x as FloatTensor & { data: Float32Array };
    return i % 5 === 4 ? { x: { ...x, data: x.data.map((value) => value * 5) } } : sample;
  });
  const compiled = await explained(definition, { calibration: larger });
  const worst = worstOf(compiled);
  assert.is(worst.step, 0);
  assert.is(worst.node, 'x');
  assert.is(worst.operator, 'input');
  assert.ok(worst.saturated > 0.1);
  assert.match(compiled.advice[0] ?? '', /beyond the ranges that the calibration samples showed/);
});

test('only a poor report is explained unless somebody asks, and a good one advises nothing', async () => {
  const good = await compileCase(outliers, { losses: 'poor' });
  assert.is(good.fidelity.losses, undefined);
  assert.equal(good.advice, []);
  const poor = await compileCase(outliers, { losses: 'poor', bits: 8 });
  assert.ok(stepLosses(poor).length > 0);
  assert.match(poor.advice.join('\n'), /Leave out --bits/);
  assert.match(poor.advice.join('\n'), /MatMul node "uneven" are \d+ times the usual ones/);
  assert.is((await compileCase(outliers, { bits: 8 })).fidelity.losses, undefined);
});

test('generated ranges ask for samples', async () => {
  const { advice } = await compileCase(outliers, { bits: 8, calibration: [] });
  assert.match(advice.join('\n'), /your own samples: --calibration/);
});

test('the artefact carries them', async () => {
  const { artefact } = await explained(outliers);
  assert.equal(decodeArtefact(encodeArtefact(artefact), 'a.og').fidelity, artefact.fidelity);
});

test('whole numbers, indices and several inputs', async () => {
  const compiled = await explained({
    inputs: { x: { shape: [2, 8] }, ids: { shape: [2, 3], type: 'int64', low: 0, high: 8 } },
    nodes: [
      node('Exp', ['x'], ['e'], {}, 'steep'),
      node('GatherElements', ['e', 'ids'], ['g'], { axis: int(1) }, 'picked'),
      node('ArgMax', ['e'], ['best']),
      node('Neg', ['g'], ['y']),
    ],
    outputs: ['y', 'best'],
  });
  assert.ok(stepLosses(compiled).length > 0);
  assert.ok(
    stepLosses(compiled).every(({ node: name }) => ['x', 'steep'].includes(name)),
    'what moves values loses none',
  );
});

test.run();
