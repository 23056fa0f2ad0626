/** `og compile` with its options, as a process of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DataType, encode, graph, int, model, node, valueInfo } from '../../fixtures/onnx.js';
import { build, fixture, Terminal } from './og.js';

const test = suite('og compile');
const DIGITS = fixture('digits/digits.onnx');
const SAMPLES = fixture('digits/calibration.npz');
let home: Terminal;

test.before(async () => {
  await build();
  home = new Terminal();
});
test.after(() => {
  home?.close();
});

/** Runs a command that must succeed; its facts. */
async function facts(...args: string[]) {
  const ran = await home.og(...args, '--json');
  assert.is(ran.exitCode, 0, `${args.join(' ')}: ${ran.stderr}${ran.stdout}`);
  return ran.json;
}

const put = (path: string, content: unknown): void => {
  mkdirSync(join(home.folder, path, '..'), { recursive: true });
  writeFileSync(join(home.folder, path), content instanceof Uint8Array ? content : JSON.stringify(content));
};

test('--ranges-from gives the model id again when an input was frozen', async () => {
  const summed = encode(
    model(
      graph({
        name: 'sums',
        inputs: [valueInfo('x', [2, 3]), valueInfo('axes', [1], DataType.INT64)],
        outputs: [valueInfo('y', [2, 1])],
        nodes: [node('ReduceSum', ['x', 'axes'], ['s'], { keepdims: int(1) }), node('Tanh', ['s'], ['y'])],
      }),
      18,
    ),
  );
  put('sums.onnx', summed);
  for (let i = 0; i < 4; i++) {
    put(`samples/${i}/x.json`, [
      [0.1 * i, 0.2, -0.3],
      [0.5, -0.1 * i, 0.4],
    ]);
    put(`samples/${i}/axes.json`, [1]);
  }
  const first = await facts('compile', 'sums.onnx', '-c', 'samples');
  assert.match(first.warnings.join('\n'), /The input "axes" is frozen to \[1\]/);
  const again = await facts('compile', 'sums.onnx', '--ranges-from', 'sums.og', '-o', 'again.og');
  assert.is(again.modelId, first.modelId);
  const other = await facts('compile', 'sums.onnx', '-c', 'samples', '--bits', '9', '-o', 'other.og');
  assert.is.not(other.modelId, first.modelId);

  put('x.json', [
    [0.1, 0.2, 0.3],
    [-0.1, -0.2, -0.3],
  ]);
  const ran = await facts('run', 'again.og', '-i', 'x=x.json');
  (ran.outputs.y.values as number[]).forEach((value, i) => {
    assert.ok(Math.abs(value - Math.tanh(i === 0 ? 0.6 : -0.6)) < 1e-3, `${value}`);
  });

  const withoutSamples = await home.og('compile', 'sums.onnx');
  assert.is(withoutSamples.exitCode, 2);
  assert.match(withoutSamples.stderr, /ReduceSum node "s" \(opset 18\): its axes depends on the input "axes"/);
});

test('a poor report says where the loss is and what to try', async () => {
  const good = await home.og('compile', DIGITS, '-c', SAMPLES);
  assert.is(good.exitCode, 0, good.stderr);
  assert.not.match(good.stdout, /lose most|What to try/);
  const poor = await home.og('compile', DIGITS, '-c', SAMPLES, '--bits', '8');
  assert.is(poor.exitCode, 0, poor.stderr);
  assert.match(poor.stdout, /The steps that lose most \(all together, the outputs are [\d.]+ % off\):/);
  assert.match(poor.stdout, /^ +\d+ +Gemm "dense1" +[\d.]+ % +[\d.]+ % +0 %$/m);
  assert.match(poor.stdout, /What to try:\n {2}Leave out --bits/);
});

test('--explain-loss says it of a good one, too', async () => {
  const { fidelity, advice } = await facts('compile', DIGITS, '-c', SAMPLES, '--explain-loss', '-o', 'explained.og');
  assert.ok(fidelity.cosine > 0.99999);
  assert.equal(advice, []);
  const [worst] = fidelity.losses.steps;
  assert.equal(Object.keys(worst), ['step', 'node', 'operator', 'ownError', 'outputError', 'saturated', 'spread']);
  assert.ok(worst.outputError > 0 && worst.outputError < 1e-3);
  const inspected = await facts('inspect', 'explained.og');
  assert.equal(inspected.fidelity, fidelity, 'the artefact carries it');
});

test.run();
