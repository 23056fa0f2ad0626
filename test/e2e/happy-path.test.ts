/** The whole path of an honest job, each command a process of its own, talking by --json. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readNpy } from '../../src/cli/arrays/npy.js';
import { type RunningDevnet, runDevnet } from './devnet.js';
import { build, fixture, Terminal } from './og.js';

const test = suite('an honest job, process by process');
const HASH = /^0x[0-9a-f]{64}$/;
const SEVEN = fixture('digits/seven.npy');
let home: Terminal;
let devnet: RunningDevnet;

test.before(async () => {
  await build();
  home = new Terminal();
  devnet = await runDevnet(home, '--window', '10m');
});
test.after(async () => {
  await devnet?.stop();
  home?.close();
});

/** Runs a command that must succeed; its facts. */
async function facts(terminal: Terminal, ...args: string[]) {
  const ran = await terminal.og(...args, '--json');
  assert.is(ran.exitCode, 0, `${args.join(' ')}: ${ran.stderr}${ran.stdout}`);
  return ran.json;
}

test('compile, run, register, request, submit, challenge, finalize, result, withdraw', async () => {
  const [client, worker] = [home.with(devnet.as(1)), home.with(devnet.as(2))];

  const compiled = await facts(home, 'compile', fixture('digits/digits.onnx'), '-c', fixture('digits/calibration.npz'));
  assert.match(compiled.modelId, HASH);
  assert.is(compiled.artefact, 'digits.og');
  assert.match(compiled.sourceSha256, /^[0-9a-f]{64}$/);
  assert.ok(compiled.steps > 3 && compiled.parameters > 1000);
  assert.ok(
    compiled.fidelity.cosine > 0.99999 && compiled.fidelity.samples > 0 && compiled.fidelity.top1Agreement === 1,
  );
  assert.ok(
    compiled.price.rounds > 0 &&
      compiled.price.matchGas > compiled.price.worstStep.gas &&
      compiled.price.worstStep.node,
  );

  const again = await facts(
    home,
    'compile',
    fixture('digits/digits.onnx'),
    '--ranges-from',
    'digits.og',
    '-o',
    'again.og',
  );
  assert.is(again.modelId, compiled.modelId, 'the ranges of an artefact give its model id again');

  const ran = await facts(home, 'run', 'digits.og', '-i', SEVEN, '--trace', '-o', 'out');
  assert.match(ran.traceRoot, HASH);
  const written = readNpy(readFileSync(join(home.folder, ran.outputs.logits.file)), 'logits.npy');
  assert.equal(written.dims, [1, 10]);

  const registered = await facts(worker, 'register', 'digits.og', '--uri', 'https://example.org/digits.og');
  assert.is(registered.modelId, compiled.modelId);
  assert.match(registered.txHash, HASH);

  const asked = await facts(
    client,
    'request',
    '--model',
    compiled.modelId,
    '--input',
    `image=${SEVEN}`,
    '--fee',
    '0.001',
  );
  assert.is(asked.jobId, 1);
  assert.is(asked.inputRoot, ran.inputRoot);

  const claimed = await facts(worker, 'submit', '--job', '1');
  assert.is(claimed.outputRoot, ran.outputRoot, 'what runs locally is what is claimed');
  assert.match(claimed.seal, HASH);
  assert.is(claimed.bondWei, '50000000000000000');
  assert.ok(claimed.windowEndsAt > 0 && claimed.claimId === 1);

  const verdict = await facts(home.with(devnet.as(3)), 'challenge', '1', '--dry-run');
  assert.is(verdict.verdict, 'correct');

  const job = await facts(client, 'job', '1');
  assert.is(job.status, 'open');
  assert.equal(
    job.claims.map((claim: { status: string }) => claim.status),
    ['live'],
  );
  assert.equal(
    job.history.map(({ event }: { event: string }) => event),
    ['JobRequested', 'Claimed'],
  );

  await devnet.passSeconds(601);
  const ended = await facts(client, 'finalize', '1');
  assert.is(ended.status, 'final');

  const result = await facts(client, 'result', '1');
  assert.is(result.status, 'final');
  const logits = result.outputs.logits.values as number[];
  assert.is(logits.indexOf(Math.max(...logits)), 7);
  assert.equal(Float32Array.from(logits), written.data);

  const before = await facts(worker, 'account', 'balance');
  assert.is(before.creditWei, '51000000000000000');
  assert.is((await facts(worker, 'withdraw')).amountWei, '51000000000000000');
  assert.is((await facts(worker, 'account', 'balance')).creditWei, '0');
  assert.equal(
    (await facts(client, 'jobs')).jobs.map(({ status }: { status: string }) => status),
    ['final'],
  );
});

test('an input by its root is found in the store, and by nobody who has not got it', async () => {
  const client = home.with(devnet.as(1));
  const asked = await facts(client, 'request', '-m', 'digits.og', '-i', SEVEN, '--fee', '0', '--by-root');
  assert.is(asked.byRoot, true);
  const job = String(asked.jobId);
  const stranger = new Terminal({ ...devnet.as(2) });
  writeFileSync(join(stranger.folder, 'digits.og'), readFileSync(join(home.folder, 'digits.og')));
  await facts(stranger, 'register', 'digits.og');
  const failed = await stranger.og('submit', '--job', job);
  assert.is(failed.exitCode, 2);
  assert.match(failed.stderr, /The input of job \d+ went by its hash/);
  await facts(stranger, 'submit', '--job', job, '-i', SEVEN);
  stranger.close();
});

test('accounts: made, listed, used with a password file', async () => {
  writeFileSync(join(home.folder, 'password'), 'correct horse\n');
  const withKey = home.with({ ...devnet.as(4), OG_PASSWORD_FILE: 'password' });
  const made = await facts(withKey, 'account', 'new', 'bank', '--import');
  assert.is(made.address, devnet.accounts[4]?.address);
  assert.ok(existsSync(made.file));
  assert.equal((await facts(home, 'account', 'list')).accounts, [made]);
  const { OG_PRIVATE_KEY: _, ...chain } = devnet.as(4);
  const banker = home.with({ ...chain, OG_PASSWORD_FILE: 'password' });
  await facts(banker, 'submit', '-m', 'digits.og', '-i', SEVEN, '--account', 'bank');
  writeFileSync(join(home.folder, 'wrong'), 'battery staple\n');
  const locked = await banker.og('withdraw', '--account', 'bank', '--password-file', 'wrong');
  assert.is(locked.exitCode, 2);
  assert.match(locked.stderr, /The password does not open the account "bank"/);
});

test('nothing but JSON on stdout, and progress on stderr only', async () => {
  const ran = await home.og('run', 'digits.og', '-i', SEVEN, '--json');
  assert.match(ran.stderr, /^· running 7 steps/);
  assert.type(ran.json, 'object');
  assert.is((await home.og('run', 'digits.og', '-i', SEVEN, '--quiet')).stderr, '');
});

test.run();
