/** `og demo`: the story, and its facts. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { build, fixture, Terminal } from './og.js';

const test = suite('og demo');
let home: Terminal;

test.before(async () => {
  await build();
  home = new Terminal();
});
test.after(() => home?.close());

test('--json: the liar is found where it lied, and pays for it', async () => {
  const startedAt = performance.now();
  const { exitCode, json, stderr } = await home.og('demo', '--json');
  assert.is(exitCode, 0, stderr);
  assert.ok(performance.now() - startedAt < 60_000, 'it takes less than a minute');
  const { honest, fraud } = json;
  assert.equal([honest.status, honest.answer, honest.label], ['final', 7, 7]);
  assert.is(fraud.status, 'final');
  assert.is(fraud.foundStep, fraud.liarStep);
  assert.is(fraud.foundElement, fraud.liarElement);
  assert.is(fraud.answer, fraud.label);
  assert.is.not(fraud.liedAnswer, fraud.answer, 'the lie turned the answer');
  assert.ok(fraud.liarStep > 1, 'in a middle layer');
  assert.ok(fraud.rounds > 0);
  assert.is(fraud.winner, 'watchtower');
  assert.is(BigInt(fraud.slashedWei), BigInt(fraud.burnedWei) + BigInt(fraud.potWei));
  assert.ok(BigInt(fraud.slashedWei) > 0n);
  for (const kind of [
    'submit',
    'challenge',
    'reveal+open',
    'reveal+descend',
    'descendToLeaf',
    'proveStep',
    'finalize',
    'total',
  ])
    assert.ok(fraud.gas[kind] > 20_000, kind);
});

test('for people: the digit, both answers, the narrowing by layer, gas, and who paid whom', async () => {
  const { exitCode, stdout, stderr } = await home.og('demo', '--lie', '3:17');
  assert.is(exitCode, 0, stderr);
  for (const part of [
    /[#@%]{3}/,
    /what the model says +what the liar says/,
    /round 1: they part in/,
    /step 3 "conv2"/,
    /gas/,
    /burned +0\.025 ETH/,
  ])
    assert.match(stdout, part);
});

test('any model, any input', async () => {
  const { exitCode, json, stderr } = await home.og('demo', '--model', fixture('mlp/mlp.onnx'), '--json');
  assert.is(exitCode, 0, stderr);
  assert.is(json.fraud.foundStep, json.fraud.liarStep);
  const bad = await home.og('demo', '--lie', '99');
  assert.is(bad.exitCode, 2);
  assert.match(bad.stderr, /--lie takes <step>/);
});

test.run();
