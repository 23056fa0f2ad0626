import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RunningDevnet, runDevnet } from './devnet.js';
import { build, Terminal } from './og.js';

const doctor = suite('a first start');
let devnet: RunningDevnet;
const terminal = new Terminal();

doctor.before(async () => {
  await build();
  devnet = await runDevnet(terminal);
});
doctor.after(async () => {
  await devnet.stop();
  terminal.close();
});

const results = (findings: readonly { check: string; result: string }[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, result }) => [check, result]));

doctor('everything in order', async () => {
  const { exitCode, json } = await terminal.with(devnet.as(1)).og('doctor', '--json');
  assert.is(exitCode, 0);
  assert.ok(json.ok);
  assert.equal([...new Set(Object.values(results(json.findings)))], ['ok']);
});

doctor('no node, no account: the rest is still looked at, and each says what to do', async () => {
  const alone = terminal.with({ OG_RPC_URL: 'http://127.0.0.1:9' });
  const { exitCode, json } = await alone.og('doctor', '--json', '--model', `0x${'31'.repeat(32)}`);
  assert.is(exitCode, 2);
  assert.equal(results(json.findings), {
    arithmetic: 'ok',
    node: 'failed',
    key: 'failed',
    contracts: 'skipped',
    clock: 'skipped',
    balance: 'skipped',
    models: 'failed',
  });
  for (const { result, todo } of json.findings) assert.is(typeof todo === 'string', result === 'failed');
});

doctor('an account without money', async () => {
  const poor = terminal.with({ ...devnet.as(1), OG_PRIVATE_KEY: `0x${'7'.repeat(64)}` });
  const { exitCode, stdout } = await poor.og('doctor');
  assert.is(exitCode, 2);
  assert.match(stdout, /failed {2}balance .*\n +Send ether to 0x/);
});

doctor.run();
