/** Every mistake that issue 2 names: one clear sentence, the right exit code, and nothing on stdout but JSON when it was asked for. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { npy } from '../../fixtures/npy.js';
import { encode, graph, model, node, valueInfo } from '../../fixtures/onnx.js';
import { startDevnet } from '../../src/chain/devnet.js';
import { type RunningDevnet, runDevnet } from './devnet.js';
import { build, fixture, type Ran, Terminal } from './og.js';

const test = suite('wrong usage and bad input');
const SEVEN = fixture('digits/seven.npy');
let home: Terminal;
let devnet: RunningDevnet;
let client: Terminal;
let jobId: string;

test.before(async () => {
  await build();
  home = new Terminal();
  devnet = await runDevnet(home);
  client = home.with(devnet.as(1));
  const compiled = await home.og(
    'compile',
    fixture('digits/digits.onnx'),
    '-c',
    fixture('digits/calibration.npz'),
    '--json',
  );
  assert.is(compiled.exitCode, 0, compiled.stderr);
  await client.og('register', 'digits.og');
  jobId = String((await client.og('request', '-m', 'digits.og', '-i', SEVEN, '--fee', '0.001', '--json')).json.jobId);
});
test.after(async () => {
  await devnet?.stop();
  home?.close();
});

const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(home.folder, name), content);
  return name;
};

/** One sentence on stderr (and perhaps a line that says what to try), nothing on stdout, no stack. */
function refused(ran: Ran, exitCode: number, sentence: RegExp): void {
  assert.is(ran.exitCode, exitCode, ran.stderr);
  const lines = ran.stderr.split('\n').filter((line) => !line.startsWith('·') && line !== '');
  assert.match(lines[0] ?? '', sentence);
  assert.match(lines[0] ?? '', /^Error: \S.*\S[.:]$/);
  assert.not.match(ran.stderr, /\bat .*\.js:\d+|bug in og/);
  assert.is(ran.stdout, '');
}

test('a text file instead of a model', async () => {
  refused(
    await home.og('compile', put('notes.onnx', 'These are my notes.\n')),
    2,
    /notes\.onnx is a text file and not an ONNX model/,
  );
  refused(await home.og('run', put('notes.og', 'These are my notes.\n'), '-i', SEVEN), 2, /notes\.og/);
});

test('a Git LFS pointer instead of a model', async () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
  refused(await home.og('compile', put('pointer.onnx', pointer)), 2, /pointer\.onnx is a Git LFS pointer/);
});

test('an unsupported operator, named with its node', async () => {
  const nodes = [node('NonMaxSuppression', ['boxes', 'scores'], ['picked'], {}, 'pick')];
  const inputs = [valueInfo('boxes', [1, 4, 4]), valueInfo('scores', [1, 1, 4])];
  const file = put(
    'nms.onnx',
    encode(model(graph({ name: 'g', inputs, outputs: [valueInfo('picked', [1, 3])], nodes }), 17)),
  );
  const ran = await home.og('compile', file);
  refused(ran, 2, /nms\.onnx cannot be compiled because of one node:/);
  assert.match(ran.stderr, /NonMaxSuppression node "pick" \(opset 17/);
  const inspected = await home.og('inspect', file, '--json');
  assert.is(inspected.exitCode, 0);
  assert.is(inspected.json.unsupported[0].node, 'pick');
  assert.equal(inspected.json.operators, { NonMaxSuppression: 1 });
});

test('a wrong input shape, a missing file, a missing input', async () => {
  const wide = put('wide.npy', npy({ dims: [1, 1, 32, 32], data: new Float32Array(1024) }));
  refused(
    await home.og('run', 'digits.og', '-i', wide),
    2,
    /Input "image" \(wide\.npy\) is 1x1x32x32; the model takes 1x1x28x28/,
  );
  refused(await home.og('run', 'digits.og', '-i', 'none.npy'), 2, /There is no file none\.npy/);
  refused(await home.og('run', 'digits.og'), 2, /Input image \(float32 1x1x28x28\) is missing/);
});

test('a missing flag, a missing argument, an unknown flag, an unknown command', async () => {
  refused(await client.og('request', '-m', 'digits.og', '-i', SEVEN), 2, /The flag --fee is missing/);
  refused(await home.og('run'), 2, /The argument MODEL is missing/);
  refused(await home.og('run', 'digits.og', '--imput', SEVEN), 2, /Unknown flag: --imput/);
  refused(await home.og('rum', 'digits.og'), 2, /There is no command "og rum"/);
  refused(await client.og('submit'), 2, /Neither --job nor --model is given/);
  refused(await client.og('request', '-m', 'digits.og', '-i', SEVEN, '--fee', 'lots'), 2, /"lots" is not an amount/);
  refused(await client.og('job', 'seven'), 2, /"seven" is not the number of a job/);
});

test('an unreachable node', async () => {
  const nowhere = home.with({ OG_RPC_URL: `http://127.0.0.1:${await getPort()}` });
  refused(
    await nowhere.og('jobs'),
    3,
    /The node at http:\/\/127\.0\.0\.1:\d+ could not be asked: nothing listens there/,
  );
  refused(await home.og('jobs', '--rpc-url', 'localhost'), 2, /"localhost" is not an address of a node/);
});

test('an empty account', async () => {
  const pauper = client.with({ OG_PRIVATE_KEY: `0x${'11'.repeat(32)}` });
  refused(await pauper.og('request', '-m', 'digits.og', '-i', SEVEN, '--fee', '0.001'), 2, /0 ?ETH|has/);
});

test('no account at all', async () => {
  const { OG_PRIVATE_KEY: _, ...nobody } = devnet.as(1);
  refused(await home.with(nobody).og('withdraw'), 2, /No account was named/);
});

test('a wrong chain id', async () => {
  refused(await client.og('jobs', '--chain-id', '1'), 2, /is on chain 31337, but chain 1 was asked for/);
});

test('no contracts at the address', async () => {
  refused(await client.og('jobs', '--deployment', `0x${'22'.repeat(20)}`), 2, /There is no og deployment at 0x2222/);
  refused(await client.og('jobs', '--deployment', '0x22'), 2, /is "0x22", which is not an address/);
});

test('a job and a match that do not exist', async () => {
  refused(await client.og('job', '999'), 2, /There is no job 999 in the deployment/);
  refused(await client.og('challenge', '999', '--dry-run'), 2, /There is no job 999/);
  refused(await client.og('match', '999'), 2, /"999" is not a match/);
  refused(await client.og('match', '998-999'), 2, /There is no match 998-999/);
});

test('a result before there is one, an end before its time, nothing to withdraw', async () => {
  const early = await client.og('result', jobId, '--json');
  assert.is(early.exitCode, 0);
  assert.is(early.json.status, 'open');
  assert.is(early.json.outputs, null);
  refused(await client.og('finalize', jobId), 2, /job \d+ /i);
  refused(await client.og('withdraw'), 2, /Nothing is credited/);
});

test('a second submit for the same job', async () => {
  const worker = home.with(devnet.as(2));
  const first = await worker.og('submit', '--job', jobId, '--json');
  assert.is(first.exitCode, 0, first.stderr);
  refused(await home.with(devnet.as(3)).og('submit', '--job', jobId), 2, /Job \d+ has a claim already/);
});

test('a lie that does not exist, and lying anywhere but on a devnet', async () => {
  const args = ['submit', '-m', 'digits.og', '-i', SEVEN, '--tamper'];
  refused(await client.og(...args, '99'), 2, /--tamper takes <step>/);
  refused(await client.og(...args, '7:10'), 2, /has the elements 0 to 9, and no element 10/);
  const real = await startDevnet({ chainId: 777 });
  const there = home.with({
    OG_RPC_URL: real.url,
    OG_DEPLOYMENT: real.contracts.address,
    OG_PRIVATE_KEY: real.accounts[1]!.privateKey,
  });
  refused(
    await there.og(...args, '3'),
    2,
    /--tamper exists only on chain id 31337, the devnet; this node is on chain 777/,
  );
  await real.stop();
});

test('with --json an error is an object on stdout', async () => {
  const ran = await client.og('job', '999', '--json');
  assert.is(ran.exitCode, 2);
  assert.is(ran.json.error.code, 'OG_UNKNOWN_JOB');
  assert.match(ran.json.error.message, /There is no job 999/);
  assert.type(ran.json.error.hint, 'string');
  const usage = await home.og('run', '--json');
  assert.is(usage.json.error.code, 'OG_USAGE');
});

test('a setting that og does not know', async () => {
  const other = new Terminal();
  writeFileSync(join(other.folder, 'og.config.json'), '{"rpcurl": "http://127.0.0.1:1"}');
  refused(await other.og('jobs'), 2, /"rpcurl" in .*og\.config\.json is not a setting of og/);
  other.close();
});

test('help for everything, with an example each', async () => {
  const root = await home.og('--help');
  assert.is(root.exitCode, 0);
  const commands = [...root.stdout.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}\S/gm)].map((match) => match[1] as string);
  const files = readdirSync(new URL('../../src/commands', import.meta.url), { recursive: true, withFileTypes: true });
  assert.is(commands.length, files.filter((file) => file.isFile()).length, commands.join(', '));
  await Promise.all(
    commands.map(async (command) => {
      const { stdout, exitCode } = await home.og(...command.split(' '), '--help');
      assert.is(exitCode, 0, command);
      assert.match(stdout, /EXAMPLES?\n/, command);
      assert.match(stdout, /--json/, command);
    }),
  );
});

test.run();
