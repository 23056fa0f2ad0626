import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readJob } from '../../src/chain/requests.js';
import { type JobId, wei } from '../../src/units.js';
import type { DecisionLine } from '../../src/watch/line.js';
import { NOBODY } from '../../src/watch/observer.js';
import { watch } from '../../src/watch/watch.js';
import { playOwnClaims } from '../../src/worker/play.js';
import { tamper } from '../../src/worker/tamper.js';
import { type WorkOptions, work } from '../../src/worker/worker.js';
import { CLIENT, errorOf, eventually, LIAR, WATCHTOWER, WORKER, World } from '../chain/world.js';

let world: World;
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after(() => world.stop());

function worker(changes: Partial<WorkOptions> = {}) {
  const control = new AbortController();
  const lines: DecisionLine[] = [];
  const { contracts, store, devnet, verifier } = world;
  const sender = devnet.sender(WORKER);
  const working = work({
    contracts,
    store,
    sender,
    verifier,
    log: (line) => lines.push(line),
    pollMs: 20,
    signal: control.signal,
    ...changes,
  });
  const said = (decision: string): DecisionLine[] => lines.filter((line) => line.decision === decision);
  const stop = async (): Promise<void> => {
    control.abort();
    await working;
  };
  return { lines, said, stop, working, sender };
}

const isFinal = async (job: JobId): Promise<boolean> => (await readJob(world.contracts, job)).status === 'final';

test('requests are answered, finalised and paid out', async () => {
  const daemon = worker();
  const jobs = [await world.request(), await world.request(), await world.request()];
  await eventually(() => daemon.said('submit').length === 3);
  await world.passWindow();
  await eventually(async () => (await Promise.all(jobs.map(isFinal))).every(Boolean));
  await daemon.stop();
  assert.is(daemon.said('submit').length, 3, 'one claim for each');
  assert.equal(daemon.said('failed'), []);
  assert.equal(daemon.said('refused'), []);
});

test("others' jobs are no reason for alerts", async () => {
  const theirs = await world.request();
  await world.claim(LIAR, theirs, tamper(world.truth, { slot: 3, element: 3 }));
  const ours = await world.request();
  const visited = new Set<JobId>();
  const daemon = worker({ observer: { ...NOBODY, visited: ({ job }) => visited.add(job.id) } });
  await eventually(() => visited.has(ours));
  await daemon.stop();
  assert.ok(
    daemon.lines.some(({ job }) => job === Number(theirs)),
    'it was looked at',
  );
  assert.not.ok(visited.has(theirs));
});

test('a claim is defended against a liar who challenges it', async () => {
  const daemon = worker();
  const job = await world.request();
  await eventually(() => daemon.said('submit').length === 1);
  const lie = tamper(world.truth, { slot: 3, element: 3 });
  await world.challenge(LIAR, job, lie);
  const { contracts, devnet } = world;
  await playOwnClaims({ contracts, sender: devnet.sender(LIAR), jobId: job, trace: lie, pollMs: 20 });
  await world.passWindow();
  await eventually(() => isFinal(job));
  await daemon.stop();
  assert.is((await readJob(contracts, job)).winner, 1n);
  assert.is(daemon.said('proveStep').length, 1);
});

test('cheap requests, strange models and answered jobs are left alone', async () => {
  const cheap = await world.request({ feeWei: wei(1) });
  const daemon = worker({ minFeeWei: wei(2) });
  await eventually(() => daemon.said('wait').some(({ reason }) => reason.includes('the fee of 1 wei is less than 2')));
  await daemon.stop();
  const other = worker({ models: [`0x${'55'.repeat(32)}`], once: true });
  await other.working;
  assert.equal(other.lines, []);
  await world.claim(LIAR, cheap);
  const late = worker({ once: true });
  await late.working;
  assert.match(late.said('wait')[0]?.reason ?? '', 'a claim is live already');
  assert.is(late.sender.meter.entries.length, 0);
});

test('a lying worker, an honest worker and a watchtower: the job ends with the truth', async () => {
  const job = await world.request();
  const lie = tamper(world.truth, { slot: 6, element: 0 });
  await world.claim(LIAR, job, lie);
  const { contracts, store, devnet, verifier } = world;
  const control = new AbortController();
  const watching = watch({
    contracts,
    store,
    verifier,
    sender: devnet.sender(WATCHTOWER),
    log: () => undefined,
    pollMs: 20,
    signal: control.signal,
  });
  const daemon = worker();
  await playOwnClaims({ contracts, sender: devnet.sender(LIAR), jobId: job, trace: lie, pollMs: 20 });
  await world.passWindow();
  await eventually(() => isFinal(job));
  control.abort();
  await Promise.all([watching, daemon.stop()]);
  const { bytes } = await (await import('../../src/chain/requests.js')).readOutput(contracts, job);
  assert.equal([...(bytes ?? [])], [0, 50]);
  assert.is(daemon.said('submit').length, 0);
});

test('lying is for devnets', async () => {
  const { contracts, devnet, truth } = world;
  const elsewhere = new Proxy(contracts.node, {
    get: (node, key) => (key === 'isDevnet' ? false : Reflect.get(node, key)),
  });
  const options = {
    contracts: { ...contracts, node: elsewhere },
    sender: devnet.sender(CLIENT),
    jobId: 1n as JobId,
    trace: truth,
  };
  assert.is((await errorOf(playOwnClaims(options))).code, 'OG_NOT_A_DEVNET');
});

test.run();
