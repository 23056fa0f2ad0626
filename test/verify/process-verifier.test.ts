import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hash } from '../../src/commit/hash.js';
import { inputRootOf } from '../../src/commit/model.js';
import { type Model, Store } from '../../src/store/store.js';
import { ProcessVerifier, type ProcessVerifierOptions } from '../../src/verify/process-verifier.js';
import type { Inference, RunReport } from '../../src/verify/verifier.js';
import { smallArtefact, smallInput, smallTrace } from '../chain/small-model.js';
import { codeOf, errorOf, eventually } from '../chain/world.js';

let store: Store;
let model: Model;
let open: ProcessVerifier[] = [];
test.before.each(async () => {
  store = new Store(mkdtempSync(join(tmpdir(), 'og-verify-')));
  model = await store.putArtefact(smallArtefact());
});
test.after.each(async () => {
  for (const verifier of open) await verifier.close();
  open = [];
  rmSync(store.folder, { recursive: true });
});

function verifier(options: ProcessVerifierOptions = {}) {
  const reports: RunReport[] = [];
  const made = new ProcessVerifier(store, { parallel: 1, onRun: (report) => reports.push(report), ...options });
  open.push(made);
  return { made, reports, outcomes: () => reports.map(({ outcome }) => outcome) };
}

function inference(seed = 1, modelId: Hash = model.modelId): Inference {
  const input = smallInput(seed);
  return {
    modelId,
    inputRoot: inputRootOf(model.commitment.model, input),
    input,
    artefactPlaces: async () => [],
  };
}

const runsFolder = (): string => join(store.folder, 'runs', model.modelId);

test('what a run comes to is what the reference evaluator says', async () => {
  const { made, reports } = verifier();
  const truth = smallTrace();
  assert.equal(await made.answer(inference(), 0), truth.answer);
  assert.equal(await made.slots(inference(), 0), truth.slots);
  assert.equal(
    reports.map(({ outcome }) => outcome),
    ['done', 'done'],
  );
  assert.ok(reports.every(({ rssBytes }) => rssBytes > 2 ** 20));
});

test('what was run is not run again, in this process or in another one', async () => {
  const first = verifier();
  await first.made.slots(inference(), 0);
  const second = verifier();
  assert.equal(await second.made.answer(inference(), 0), smallTrace().answer);
  assert.equal(await second.made.slots(inference(), 0), smallTrace().slots);
  assert.equal(second.reports, []);
  rmSync(join(store.folder, 'runs'), { recursive: true });
  assert.equal(await second.made.answer(inference(), 0), smallTrace().answer);
  assert.equal(second.outcomes(), ['done'], 'deleted: run again');
});

test('a damaged file of the cache is run again', async () => {
  const { made, outcomes } = verifier();
  await made.slots(inference(), 0);
  const [answer, trace] = readdirSync(runsFolder())
    .sort()
    .map((name) => join(runsFolder(), name));
  writeFileSync(
    answer as string,
    readFileSync(answer as string, 'utf8').replace('"traceRoot":"0x', '"traceRoot":"0x00'),
  );
  truncateSync(trace as string, 100);
  assert.equal(await made.answer(inference(), 0), smallTrace().answer);
  assert.equal(await made.slots(inference(), 0), smallTrace().slots);
  assert.equal(outcomes(), ['done', 'done', 'done']);
});

test('the cache stays below its size, and the newest result is in it', async () => {
  const { made, outcomes } = verifier({ cache: { maxBytes: 2_500 } });
  for (const seed of [1, 2, 3, 4, 5]) await made.answer(inference(seed), 0);
  assert.ok(readdirSync(runsFolder()).length < 5);
  await made.answer(inference(5), 0);
  assert.is(outcomes().length, 5);
});

test('a disk that takes nothing costs runs and nothing else', async () => {
  writeFileSync(join(store.folder, 'runs'), 'a file where the folder should be');
  const failures: Error[] = [];
  const { made } = verifier({ onCacheFailure: (error) => failures.push(error) });
  assert.equal(await made.answer(inference(), 0), smallTrace().answer);
  assert.ok(failures.length > 0);
});

test('a run that hangs is killed, reported and tried again', async () => {
  const { made, reports, outcomes } = verifier({ runTimeoutMs: 4_000 });
  await made.answer(inference(1), 0);
  const [pid] = made.pids;
  process.kill(pid as number, 'SIGSTOP'); // as dead as a native call that does not return
  assert.equal(await made.answer(inference(2), 0), smallTrace(2).answer);
  assert.equal(outcomes(), ['done', 'hung', 'done']);
  assert.match(reports[1]?.reason ?? '', /longer than 4 s/);
  assert.is.not(made.pids[0], pid);
});

test('a run that dies is tried again', async () => {
  const { made, outcomes } = verifier();
  await made.answer(inference(1), 0);
  const [pid] = made.pids as [number];
  process.kill(pid, 'SIGSTOP');
  const answer = made.answer(inference(2), 0);
  await eventually(() => made.running === 1);
  process.kill(pid, 'SIGKILL');
  assert.equal(await answer, smallTrace(2).answer);
  assert.equal(outcomes(), ['done', 'died', 'done']);
});

test('a run that takes too much memory is killed, and given up after the second time', async () => {
  const { made, outcomes } = verifier({ maxRssBytes: 2 ** 20 });
  const { message } = await errorOf(made.answer(inference(), 0));
  assert.match(message, /2 attempts: it took \d+ MiB of memory; it may take 1 MiB/);
  assert.equal(outcomes(), ['memory', 'memory']);
});

test('what cannot be run is refused with its reason, and not tried again', async () => {
  const { made, outcomes } = verifier();
  assert.is(await codeOf(made.answer(inference(1, `0x${'12'.repeat(32)}`), 0)), 'OG_NO_ARTEFACT');
  assert.equal(outcomes(), ['refused']);
});

test('the most urgent is run first, and closing ends what waits', async () => {
  const { made, reports } = verifier();
  const [first, late, early] = [inference(1), inference(2), inference(3)];
  const begun = made.answer(first, 5);
  await eventually(() => made.running === 1);
  await Promise.all([begun, made.answer(late, 9), made.answer(early, 1)]);
  assert.equal(
    reports.map(({ inputRoot }) => inputRoot),
    [first, early, late].map(({ inputRoot }) => inputRoot),
  );
  const unfinished = errorOf(made.answer(inference(4), 0));
  await made.close();
  assert.match((await unfinished).message, 'closed');
  assert.equal(made.pids, []);
});

test.run();
