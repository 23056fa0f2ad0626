/** Runs that go through a real Redis, and everything that may happen to it and to who takes them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'bullmq';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inputRootOf } from '../../src/commit/model.js';
import { PREFIX, QUEUE, replyToJson } from '../../src/queue/messages.js';
import { type QueueState, type RemoteRun, RunQueue } from '../../src/queue/run-queue.js';
import { type Runner, startRunner } from '../../src/queue/runner.js';
import { type Model, Store } from '../../src/store/store.js';
import { ProcessVerifier } from '../../src/verify/process-verifier.js';
import type { Inference } from '../../src/verify/verifier.js';
import { smallArtefact, smallInput, smallTrace } from '../chain/small-model.js';
import { codeOf, errorOf, eventually } from '../chain/world.js';
import { noRedis, RedisServer } from '../helpers/redis.js';

const missing = noRedis();
const test = suite('runs through a queue');
const cases = missing ? test.skip : test;
if (missing) process.stdout.write(`Left out: ${missing}.\n`);

let redis: RedisServer;
let store: Store;
let model: Model;
let ends: (() => Promise<void>)[] = [];
const live = new AbortController().signal;

test.before(async () => {
  if (!missing) redis = await RedisServer.start();
});
test.before.each(async () => {
  await redis?.empty();
  store = new Store(mkdtempSync(join(tmpdir(), 'og-queue-')));
  model = await store.putArtefact(smallArtefact());
});
test.after.each(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
  rmSync(store.folder, { recursive: true });
});
test.after(() => redis?.kill());

function queue() {
  const runs: RemoteRun[] = [];
  const states: QueueState[] = [];
  const made = new RunQueue({
    url: redis.url,
    stateEveryMs: 50,
    onRun: (run) => runs.push(run),
    onState: (state) => states.push(state),
  });
  ends.push(() => made.close());
  return { made, runs, states };
}

function runner(name: string): Runner {
  const verifier = new ProcessVerifier(store, { parallel: 1 });
  const made = startRunner({ url: redis.url, name, verifier });
  ends.push(() => made.close());
  return made;
}

/** Whoever can write to the Redis can answer what it likes. */
function impostor(reply: (data: unknown) => unknown): void {
  const worker = new Worker(QUEUE, async ({ data }) => reply(data), {
    prefix: PREFIX,
    connection: { host: '127.0.0.1', port: Number(new URL(redis.url).port) },
  });
  ends.push(() => worker.close(true));
}

function inference(seed = 1, changes: Partial<Inference> = {}): Inference {
  const input = smallInput(seed);
  return {
    modelId: model.modelId,
    inputRoot: inputRootOf(model.commitment.model, input),
    input,
    artefactPlaces: async () => [],
    ...changes,
  };
}

/** Asks once the connection is there. */
async function reached({ states }: ReturnType<typeof queue>): Promise<void> {
  await eventually(() => states.some(({ problem }) => problem === null));
}

cases('a runner says what this machine would have computed, and by what name', async () => {
  const asking = queue();
  await reached(asking);
  runner('one');
  const { answer, runner: by } = await asking.made.ask(inference(3), live);
  assert.equal(answer, smallTrace(3).answer);
  assert.is(by, 'one');
  assert.equal(
    asking.runs.map(({ outcome, runner }) => ({ outcome, runner })),
    [{ outcome: 'done', runner: 'one' }],
  );
});

cases('what a runner cannot run it refuses, with its reason', async () => {
  const asking = queue();
  await reached(asking);
  runner('one');
  const unknown = await errorOf(asking.made.ask(inference(1, { modelId: `0x${'12'.repeat(32)}` }), live));
  assert.match(unknown.message, 'is not here and cannot be fetched');
  const other = await errorOf(asking.made.ask(inference(1, { input: smallInput(2) }), live));
  assert.match(other.message, 'another root');
  assert.equal(
    asking.runs.map(({ outcome }) => outcome),
    ['refused', 'refused'],
  );
});

cases('a file of this machine that a stranger names is not read', async () => {
  const asking = queue();
  await reached(asking);
  runner('one');
  const place = store.artefactPath(model.modelId);
  rmSync(join(store.folder, 'artefacts'), { recursive: true });
  const refused = await errorOf(asking.made.ask(inference(1, { artefactPlaces: async () => [place] }), live));
  assert.match(refused.message, "a stranger's file paths are not followed");
});

cases('replies that are of another run, or contradict themselves, are none', async () => {
  const asking = queue();
  await reached(asking);
  const { answer } = smallTrace(1);
  const replies: unknown[] = [
    null,
    { runner: 'x' },
    replyToJson('x', smallTrace(2).answer),
    replyToJson('x', { ...answer, output: answer.output.map((value) => value + 1) }),
    replyToJson('x', { ...answer, model: { ...answer.model, stepCount: answer.model.stepCount + 1 } }),
  ];
  const count = replies.length;
  impostor(() => replies.shift());
  for (let i = 0; i < count; i++)
    assert.match((await errorOf(asking.made.ask(inference(1), live))).message, 'the reply is none');
  assert.ok(asking.runs.every(({ outcome, runner }) => outcome === 'invalid' && runner === null));
});

cases('a queue that was emptied, or a Redis that was started again, is asked again', async () => {
  const asking = queue();
  await reached(asking);
  const emptied = asking.made.ask(inference(1), live);
  await eventually(async () => (await redis.with((client) => client.dbsize())) > 1);
  await redis.empty();
  const begun = runner('one');
  assert.equal((await emptied).answer, smallTrace(1).answer);
  await begun.close();

  const restarted = asking.made.ask(inference(2), live);
  await eventually(async () => (await redis.with((client) => client.dbsize())) > 1);
  await redis.kill();
  await eventually(() => asking.states.at(-1)?.problem != null);
  const meanwhile = asking.made.ask(inference(5), live);
  await redis.startAgain();
  runner('two');
  assert.equal((await restarted).answer, smallTrace(2).answer);
  assert.equal((await meanwhile).answer, smallTrace(5).answer, 'also what was asked while nobody was there');
  await eventually(() => asking.states.at(-1)?.problem === null);
});

cases(
  'a Redis that takes nothing is said to be unusable, and given everything when it takes something again',
  async () => {
    const asking = queue();
    await reached(asking);
    await redis.with((client) => client.config('SET', 'maxmemory', '1'));
    const asked = asking.made.ask(inference(1), live);
    await eventually(() => /takes no runs: OOM/.test(asking.states.at(-1)?.problem ?? ''));
    await redis.with((client) => client.config('SET', 'maxmemory', '0'));
    runner('one');
    assert.equal((await asked).answer, smallTrace(1).answer);
    await eventually(() => asking.states.at(-1)?.problem === null);
  },
);

cases('a runner that stops gives back what it has begun', async () => {
  const asking = queue();
  await reached(asking);
  const hung = new ProcessVerifier(store, { parallel: 1 });
  const first = startRunner({ url: redis.url, name: 'first', verifier: hung });
  await asking.made.ask(inference(1), live);
  process.kill(hung.pids[0] as number, 'SIGSTOP');
  const asked = asking.made.ask(inference(2), live);
  await eventually(() => hung.running === 1);
  await first.close();
  runner('second');
  const { answer, runner: by } = await asked;
  assert.equal(answer, smallTrace(2).answer);
  assert.is(by, 'second');
});

cases('what nobody wants to know any more is taken out of the queue', async () => {
  const asking = queue();
  await reached(asking);
  const control = new AbortController();
  const asked = errorOf(asking.made.ask(inference(1), control.signal));
  const waiting = () => redis.with((client) => client.llen(`${PREFIX}:${QUEUE}:wait`));
  await eventually(async () => (await waiting()) === 1);
  control.abort();
  assert.match((await asked).message, 'nobody wants to know');
  await eventually(async () => (await waiting()) === 0);
});

cases('what waits and who is there can be seen; nobody at the address is a state, and no error', async () => {
  const asking = queue();
  await reached(asking);
  const asked = asking.made.ask(inference(1), live);
  await eventually(() => asking.states.some(({ waiting, runners }) => waiting === 1 && runners === 0));
  runner('one');
  await asked;
  await eventually(() => asking.states.some(({ waiting, runners }) => waiting === 0 && runners === 1));

  const states: QueueState[] = [];
  const lonely = new RunQueue({
    url: 'redis://user:secret@127.0.0.1:9',
    stateEveryMs: 50,
    onState: (state) => states.push(state),
  });
  await eventually(() => states.length > 0);
  assert.match(states[0]?.problem ?? '', /^redis:\/\/127\.0\.0\.1:9 cannot be reached: /);
  const unheard = errorOf(lonely.ask(inference(1), live));
  await lonely.close();
  assert.match((await unheard).message, /nobody wants to know|closed/);
});

test('an address that is none is refused, and no password is shown', async () => {
  for (const url of ['nowhere', 'http://user:secret@host:1', '//user:secret@host']) {
    const open = async () => new RunQueue({ url });
    assert.is(await codeOf(open()), 'OG_BAD_QUEUE');
    assert.not.match((await errorOf(open())).message, 'secret');
  }
});

test.run();
