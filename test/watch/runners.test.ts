/** A watchtower with runners that lie: nothing is ever put up, or ended, on their word. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TraceSource } from '../../src/dispute/trace.js';
import { type Contradiction, type OwnRuns, SharedVerifier } from '../../src/verify/shared-verifier.js';
import type { Inference } from '../../src/verify/verifier.js';
import type { DecisionLine } from '../../src/watch/line.js';
import { type WatchOptions, watch } from '../../src/watch/watch.js';
import { tamper } from '../../src/worker/tamper.js';
import { smallInput, smallTrace } from '../chain/small-model.js';
import { eventually, LIAR, WATCHTOWER, WORKER, World } from '../chain/world.js';

let world: World;
let stop: () => Promise<void> = async () => {};
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after.each(() => stop());
test.after(() => world.stop());

/** A watchtower whose own processes are busy until `free`, and whose runners all say the same of everything. */
function watchtower(runners: readonly TraceSource[], changes: Partial<WatchOptions> = {}) {
  const lines: DecisionLine[] = [];
  const contradictions: Contradiction[] = [];
  const asked: string[] = [];
  let free: () => void = () => undefined;
  const busy = new Promise<void>((resolve) => {
    free = resolve;
  });
  const { contracts, store, devnet, verifier: processes } = world;
  const own: OwnRuns = {
    parallel: 1,
    known: async () => null,
    answer: async (inference, urgency) => {
      await busy;
      return processes.answer(inference, urgency);
    },
    slots: (inference, urgency) => processes.slots(inference, urgency),
    forget: (inference) => processes.forget(inference),
    close: async () => undefined,
  };
  const verifier = new SharedVerifier({
    own,
    queues: runners.map(({ answer }, i) => ({
      name: `queue ${i}`,
      ask: async ({ inputRoot }) => {
        asked.push(inputRoot);
        return { answer, runner: `runner-${i}` };
      },
      close: async () => undefined,
    })),
    onContradiction: (contradiction) => contradictions.push(contradiction),
  });
  const { modelId, inputRoot } = smallTrace(2).answer;
  const other: Inference = { modelId, inputRoot, input: smallInput(2), artefactPlaces: async () => [] };
  const keptBusy = verifier.answer(other, 0);
  const control = new AbortController();
  const sender = devnet.sender(WATCHTOWER);
  const log = (line: DecisionLine): number => lines.push(line);
  const watching = watch({
    contracts,
    store,
    sender,
    verifier,
    log,
    pollMs: 20,
    signal: control.signal,
    ...changes,
  });
  stop = async () => {
    stop = async () => {};
    free();
    await keptBusy;
    control.abort();
    await watching;
    await verifier.close();
  };
  const said = (decision: string): DecisionLine[] => lines.filter((line) => line.decision === decision);
  return { said, contradictions, free, asked, verifier };
}

const lie = (): TraceSource => tamper(world.truth, { slot: 3, element: 3 });

const isRun = ({ said }: ReturnType<typeof watchtower>): DecisionLine[] =>
  said('wait').filter(({ reason }) => reason.includes('being run'));

test('a runner that calls a correct claim wrong gets no bond put up', async () => {
  await world.claim(WORKER, await world.request());
  const tower = watchtower([lie()]);
  await eventually(() => tower.asked.length === 1);
  tower.free();
  await eventually(() => tower.said('judge').length > 0);
  await stop();
  assert.equal(
    tower.said('judge').map(({ verdict }) => verdict),
    ['correct'],
  );
  assert.is(tower.said('challenge').length, 0);
  assert.is(tower.contradictions.length, 1);
});

test('a runner that calls a wrong claim correct, because it knows its trace, is believed no longer than until there is time', async () => {
  const trace = lie();
  await world.claim(LIAR, await world.request(), trace);
  const tower = watchtower([trace]);
  await eventually(() => tower.said('judge').length === 1);
  assert.match(tower.said('judge')[0]?.reason ?? '', /is correct, says runner-0$/);
  tower.free();
  await eventually(() => tower.said('challenge').length === 1);
  await stop();
  assert.is(tower.contradictions.length, 1);
  assert.is(tower.said('challenge')[0]?.claim, 1);
});

test('of two queues one honest one is enough', async () => {
  const trace = lie();
  await world.claim(LIAR, await world.request(), trace);
  const tower = watchtower([trace, world.truth]);
  await eventually(() => tower.asked.length === 2);
  tower.free();
  await eventually(() => tower.said('challenge').length === 1);
  await stop();
  assert.equal(
    tower.contradictions.map(({ queue }) => queue),
    ['queue 0'],
  );
});

test('a single look asks nobody', async () => {
  const trace = lie();
  await world.claim(LIAR, await world.request(), trace);
  const tower = watchtower([trace], { once: true });
  await eventually(() => tower.verifier.queueLength === 1);
  tower.free();
  await eventually(() => tower.said('challenge').length === 1);
  await stop();
  assert.equal(tower.asked, []);
});

test('no job is ended on the word of runners', async () => {
  await world.claim(WORKER, await world.request());
  const tower = watchtower([world.truth], { endsOthersJobs: true });
  await eventually(() => tower.said('judge').length === 1);
  assert.match(tower.said('judge')[0]?.reason ?? '', 'says runner-0');
  const waits = isRun(tower).length;
  await world.passWindow();
  await eventually(() => isRun(tower).length > waits);
  assert.is(tower.said('finalize').length, 0);
  tower.free();
  await eventually(() => tower.said('finalize').length === 1);
  await stop();
  assert.equal(tower.contradictions, []);
});

test.run();
