import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import parsePrometheus from 'parse-prometheus-text-format';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hash } from '../../src/commit/hash.js';
import { type Alert, Alerts } from '../../src/ops/alerts.js';
import { Operations } from '../../src/ops/operations.js';
import { type OpsServer, parseListen, serveOps } from '../../src/ops/server.js';
import { Webhook } from '../../src/ops/webhook.js';
import type { DecisionLine } from '../../src/watch/line.js';
import { watch } from '../../src/watch/watch.js';
import { tamper } from '../../src/worker/tamper.js';
import { errorOf, eventually, LIAR, WATCHTOWER, World } from '../chain/world.js';

let world: World;
let operations: Operations;
let server: OpsServer;
let alerts: Alert[] = [];
/** Stops the test's watchtower, if it runs: also when the test failed, or the process would not end. */
let stop: () => Promise<void> = async () => {};
test.before(async () => {
  world = await World.create();
});
test.before.each(async () => {
  await world.reset();
  alerts = [];
  const { contracts, devnet, verifier } = world;
  operations = new Operations({
    contracts,
    sender: devnet.sender(WATCHTOWER),
    tell: (alert) => alerts.push(alert),
    queueLength: () => verifier.queueLength,
  });
  server = await serveOps(operations, '127.0.0.1:0');
});
test.after.each(async () => {
  await stop();
  operations.close();
  await server.close();
});
test.after(() => world.stop());

const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`);

/** The value of a metric, as Prometheus would read it. */
async function metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | null> {
  const found = parsePrometheus(await (await get('/metrics')).text()).find((family) => family.name === name);
  const sample = found?.metrics.find((each) =>
    Object.entries(labels).every(([label, value]) => each.labels?.[label] === value),
  );
  return sample?.value === undefined ? null : Number(sample.value);
}

function watchtower(): void {
  const control = new AbortController();
  const { contracts, store, devnet, verifier } = world;
  const log = (line: DecisionLine): void => operations.wrote(line);
  const sender = devnet.sender(WATCHTOWER);
  const { signal } = control;
  const watching = watch({ contracts, store, sender, verifier, observer: operations, log, pollMs: 20, signal });
  stop = async () => {
    control.abort();
    await watching;
  };
}

test('a caught lie can be seen in the metrics, and its alert begins and ends', async () => {
  const job = await world.request();
  await world.claim(LIAR, job, tamper(world.truth, { slot: 3, element: 3 }));
  watchtower();
  await eventually(async () => (await metric('og_transactions_total', { kind: 'revealAndMove' })) === 1);
  assert.is(await metric('og_verdicts_total', { verdict: 'wrong' }), 1);
  await eventually(async () => (await metric('og_matches', { phase: 'descend' })) === 1);
  assert.is(await metric('og_wrong_claims'), 1);
  assert.is(await metric('og_jobs_seen_total'), 1);
  assert.is(await metric('og_alerts', { kind: 'wrongResult' }), 1);
  await eventually(async () => ((await metric('og_bonds_at_risk_ether')) ?? 0) > 0);
  await world.devnet.passSeconds(world.contracts.parameters.clockSeconds + 1);
  await eventually(() => alerts.length === 2);
  await stop();
  assert.equal(
    alerts.map(({ kind, status, job }) => ({ kind, status, job })),
    [
      { kind: 'wrongResult', status: 'firing', job: 1 },
      { kind: 'wrongResult', status: 'resolved', job: 1 },
    ],
  );
});

test('it is healthy before it is ready, and ready when the chain was read', async () => {
  assert.is((await get('/healthz')).status, 200);
  const unready = await get('/readyz');
  assert.is(unready.status, 503);
  assert.equal(await unready.json(), { ok: false, problems: ['The chain was not read yet.'] });
  watchtower();
  await eventually(async () => (await get('/readyz')).status === 200);
  await stop();
  assert.is((await get('/elsewhere')).status, 404);
});

test('without a look at the chain for two minutes it is not healthy', async () => {
  const { now } = Date;
  try {
    Date.now = () => now() + 121_000;
    assert.is((await get('/healthz')).status, 503);
  } finally {
    Date.now = now;
  }
});

test('queues and runners can be seen; what runners call themselves cannot fill the metrics', async () => {
  const queue = 'redis://10.0.0.5:6379';
  const run = { queue, outcome: 'done', milliseconds: 20, reason: null } as const;
  for (let i = 0; i < 150; i++) operations.remoteRan({ ...run, runner: `runner-${i}` });
  operations.remoteRan({ ...run, runner: 'a"} 1\nmade_up{x="' });
  operations.remoteRan({ ...run, runner: 'runner-0', outcome: 'refused' });
  operations.queueIs({ queue, problem: null, waiting: 3, runners: 2 });
  operations.rechecked(true);
  assert.is(await metric('og_runner_runs_total', { runner: 'runner-0', outcome: 'done' }), 1);
  assert.is(await metric('og_runner_runs_total', { runner: '(other)' }), 51);
  assert.is(await metric('og_runner_runs_total', { outcome: 'refused' }), 1);
  assert.is(await metric('og_queue_waiting', { queue }), 3);
  assert.is(await metric('og_queue_runners', { queue }), 2);
  assert.is(await metric('og_runner_rechecks_total', { result: 'same' }), 1);
  operations.queueIs({ queue, problem: 'gone', waiting: null, runners: null });
  assert.is(await metric('og_queue_up', { queue }), 0);
  assert.is(await metric('og_alerts', { kind: 'queueUnreachable' }), 1);
  operations.queueIs({ queue, problem: null, waiting: 0, runners: 2 });
  const said: Hash = `0x${'11'.repeat(32)}`;
  const computed: Hash = `0x${'22'.repeat(32)}`;
  operations.contradicted({ modelId: said, inputRoot: said, queue, runner: 'runner-0', said, computed });
  assert.equal(
    alerts.map(({ kind, status }) => `${kind} ${status}`),
    ['queueUnreachable firing', 'queueUnreachable resolved', 'runnerContradicted firing'],
  );
  assert.match(
    alerts[2]?.message ?? '',
    /^Runner runner-0 of redis:.* comes to trace root 0x11.*; here it comes to 0x22/,
  );
});

test('an alert is told once when it begins and once when it is over', () => {
  const told: string[] = [];
  const all = new Alerts(({ key, status }) => told.push(`${key} ${status}`));
  all.set('stuck', 'x', null);
  for (const message of ['a', 'a', 'b', null, null, 'c']) all.set('stuck', 'x', message);
  assert.equal(told, ['stuck:x firing', 'stuck:x resolved', 'stuck:x firing']);
  assert.is(all.count('stuck'), 1);
});

test('a webhook that fails is tried again, in order, and its giving up is told', async () => {
  const got: string[] = [];
  let failures = 2;
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const fails = failures-- > 0;
      if (!fails) got.push((JSON.parse(body) as Alert).status);
      response.writeHead(fails ? 500 : 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const lost: string[] = [];
  const webhook = new Webhook({ url, retries: 2, minPauseMs: 5, onFailure: ({ status }) => lost.push(status) });
  const firing: Alert = { kind: 'stuck', key: 'stuck:x', status: 'firing', message: 'm', job: null, since: '' };
  webhook.tell(firing);
  webhook.tell({ ...firing, status: 'resolved' });
  await webhook.flushed();
  assert.equal(got, ['firing', 'resolved']);
  failures = 3;
  webhook.tell(firing);
  await webhook.flushed();
  assert.equal(lost, ['firing']);
  receiver.close();
  receiver.closeAllConnections();
});

test('where to listen', async () => {
  assert.equal(parseListen('0.0.0.0:9464'), { host: '0.0.0.0', port: 9464 });
  assert.equal(parseListen('9464'), { host: '127.0.0.1', port: 9464 });
  assert.equal(parseListen('[::1]:9464'), { host: '::1', port: 9464 });
  assert.throws(() => parseListen('localhost'), 'is not host:port');
  assert.match((await errorOf(serveOps(operations, `127.0.0.1:${server.port}`))).message, 'cannot be listened at');
});

test.run();
