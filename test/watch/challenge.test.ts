import { renameSync } from 'node:fs';
import { Wallet } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../src/chain/contracts.js';
import { connectNode } from '../../src/chain/provider.js';
import { readJob } from '../../src/chain/requests.js';
import { Sender } from '../../src/chain/sender.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { NetworkError } from '../../src/errors.js';
import { Store } from '../../src/store/store.js';
import { type ClaimId, type JobId, jobId, matchIdOf, seconds } from '../../src/units.js';
import { ProcessVerifier } from '../../src/verify/process-verifier.js';

import { type ChallengeOptions, challengeJob } from '../../src/watch/challenge.js';
import type { StoryEvent } from '../../src/watch/story.js';
import { playOwnClaims } from '../../src/worker/play.js';
import { type Lie, tamper } from '../../src/worker/tamper.js';
import { codeOf, errorOf, eventually, LIAR, WATCHTOWER, WORKER, World } from '../chain/world.js';

let world: World;
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after(() => world.stop());

const challenge = (job: JobId, changes: Partial<ChallengeOptions> = {}) =>
  challengeJob({
    contracts: world.contracts,
    store: world.store,
    verifier: world.verifier,
    sender: world.devnet.sender(WATCHTOWER),
    jobId: job,
    pollMs: 20,
    ...changes,
  });

/** A liar claims and defends a lie, until `stop`. */
async function liarClaims(lie: Lie): Promise<{ job: JobId; trace: TraceSource; stop: () => Promise<void> }> {
  const job = await world.request();
  const trace = tamper(world.truth, lie);
  await world.claim(LIAR, job, trace);
  const control = new AbortController();
  const sender = world.devnet.sender(LIAR);
  const playing = playOwnClaims({
    contracts: world.contracts,
    sender,
    jobId: job,
    trace,
    signal: control.signal,
    pollMs: 20,
  });
  const stop = async (): Promise<void> => {
    control.abort();
    await playing;
  };
  return { job, trace, stop };
}

const STEPS = ['dense', 'wave', 'sum', 'squares', 'scaled', 'best'];

for (const [index, name] of STEPS.entries())
  test(`a lie in step ${index + 1} (${name}) is found there`, async () => {
    const slot = index + 1;
    const element = Math.min(150, (world.truth.slots[slot]?.length ?? 1) - 1);
    const { job, trace, stop } = await liarClaims({ slot, element });
    const { verdict, outcome, foundStep, rounds, claimId, matchId, gasUsed, matchGasUsed } = await challenge(job);
    await stop();
    assert.equal([verdict, outcome, rounds], ['wrong', 'won', 1]);
    assert.equal([claimId, matchId], [2n, matchIdOf(1n as ClaimId, 2n as ClaimId)]);
    const [said, truth] = [trace, world.truth].map(({ slots }) => slots[slot]?.[element]);
    assert.equal(foundStep && { ...foundStep, node: undefined, operator: undefined }, {
      slot,
      name,
      element,
      claimed: [said, truth],
      computed: truth,
      node: undefined,
      operator: undefined,
    });
    assert.ok(
      gasUsed > 300_000n && gasUsed < matchGasUsed && matchGasUsed < 900_000n,
      `${gasUsed} of ${matchGasUsed} gas`,
    );
  });

test('a lie about the input is found in it', async () => {
  const { job, stop } = await liarClaims({ slot: 0, element: 5, value: 7 });
  const { verdict, outcome, foundStep } = await challenge(job);
  await stop();
  assert.equal([verdict, outcome], ['wrong', 'won']);
  assert.equal([foundStep?.slot, foundStep?.name, foundStep?.element], [0, 'input', 5]);
  assert.equal([foundStep?.claimed[0], foundStep?.computed], [7, world.truth.slots[0]?.[5]]);
});

test('a liar who is silent loses by time', async () => {
  const job = await world.request();
  await world.claim(LIAR, job, tamper(world.truth, { slot: 3, element: 1 }));
  const playing = challenge(job);
  await eventually(
    async () =>
      (await readJob(world.contracts, job)).firstClaim === 1n &&
      (await world.contracts.matches.read('matchOf', [1n, 2n])) !== 0n &&
      (await world.contracts.matches.read('traceRootOf', [2n])) !== `0x${'00'.repeat(32)}`,
  );
  await world.devnet.passSeconds(world.contracts.parameters.clockSeconds + 1);
  const { outcome, foundStep, rounds } = await playing;
  assert.equal([outcome, foundStep, rounds], ['won', null, 1]);
});

test('a dry run says so and sends nothing', async () => {
  const { job, stop } = await liarClaims({ slot: 3, element: 9 });
  const sender = world.devnet.sender(WATCHTOWER);
  const { verdict, outcome, claimId } = await challenge(job, { sender, dryRun: true });
  await stop();
  assert.equal([verdict, outcome, claimId], ['wrong', 'none', null]);
  assert.is(sender.meter.entries.length, 0);
});

test('a correct claim is left alone', async () => {
  const job = await world.request();
  await world.claim(WORKER, job);
  const events: StoryEvent[] = [];
  const { verdict, outcome, transactions } = await challenge(job, { onEvent: (event) => events.push(event) });
  assert.equal([verdict, outcome, transactions], ['correct', 'none', 0]);
  assert.equal(
    events.map(({ kind }) => kind),
    ['running', 'judged'],
  );
});

test('a correct claim under attack is defended, though it is a stranger’s', async () => {
  const job = await world.request();
  await world.claim(WORKER, job);
  const lie = tamper(world.truth, { slot: 5, element: 3 });
  await world.challenge(LIAR, job, lie);
  const liar = world.devnet.sender(LIAR);
  const control = new AbortController();
  const liarPlays = playOwnClaims({
    contracts: world.contracts,
    sender: liar,
    jobId: job,
    trace: lie,
    signal: control.signal,
  });
  const { verdict, outcome, claimId, foundStep } = await challenge(job);
  control.abort();
  await liarPlays;
  assert.equal([verdict, outcome, claimId], ['wrong', 'won', null]);
  assert.equal([foundStep?.slot, foundStep?.element], [5, 3]);
});

test('killed at any move and started again, it goes on from the chain alone', async () => {
  const { job, stop } = await liarClaims({ slot: 4, element: 0 });
  let lives = 0;
  for (let moves = 1; ; moves = 1) {
    const result = await challenge(job, { sender: mortal(world.devnet.sender(WATCHTOWER), moves) }).catch(
      (error: Error) => error,
    );
    lives++;
    if (!(result instanceof Error)) {
      assert.equal([result.verdict, result.outcome], ['wrong', 'won']);
      break;
    }
    assert.is(result.message, 'killed');
    if ((await world.contracts.jobs.read('getClaim', [1n])).status !== 1n) break;
  }
  await stop();
  assert.is((await world.contracts.jobs.read('getClaim', [1n])).status, 2n, 'the liar has lost');
  assert.is(lives, 3, 'challenge, reveal and opening, proof: one in each life');
  assert.is(await world.contracts.jobs.read('claimCount', []), 2n, 'one bond was put up, not one in each life');
});

/** Dies when so many transactions are mined, without learning of the last one. */
function mortal(sender: Sender, moves: number): Sender {
  let left = moves;
  const send: Sender['send'] = async (call) => {
    const sent = await sender.send(call);
    if (--left === 0) throw new Error('killed');
    return sent;
  };
  return new Proxy(sender, { get: (target, key) => (key === 'send' ? send : Reflect.get(target, key, target)) });
}

test('a node that goes away in the middle of a match is waited for', async () => {
  const { job, stop } = await liarClaims({ slot: 2, element: 1 });
  const { url, contracts, accounts } = world.devnet;
  const node = await connectNode({ url }); // of its own: the liar's does not go away
  const { decisionBlock } = node;
  let asked = 0;
  node.decisionBlock = () => {
    const gone = ++asked > 4 && asked < 8;
    if (gone) return Promise.reject(new NetworkError('OG_NODE_UNREACHABLE', 'The node could not be asked.'));
    return decisionBlock.call(node);
  };
  const events: StoryEvent[] = [];
  const { outcome } = await challenge(job, {
    contracts: await connect(node, contracts.address),
    sender: new Sender(node, new Wallet(accounts[WATCHTOWER]?.privateKey ?? '')),
    onEvent: (event) => events.push(event),
  });
  await stop();
  node.destroy();
  assert.is(outcome, 'won');
  assert.ok(events.some((event) => event.kind === 'waiting' && event.reason.includes('could not be asked')));
});

test('it can go on until the job is final', async () => {
  const { job, stop } = await liarClaims({ slot: 1, element: 0 });
  const playing = challenge(job, { untilFinal: true });
  await eventually(async () => (await world.contracts.jobs.read('getClaim', [1n])).status === 2n);
  await world.passWindow();
  const { outcome } = await playing;
  await stop();
  assert.is(outcome, 'won');
  assert.is((await readJob(world.contracts, job)).winner, 2n);
});

test('what cannot be verified is neither correct nor wrong, and nothing is bonded on it', async () => {
  const job = await world.request({ byRoot: true });
  await world.claim(LIAR, job, tamper(world.truth, { slot: 1, element: 0 }));
  const sender = world.devnet.sender(WATCHTOWER);
  const { verdict, reason, outcome } = await challenge(job, { sender });
  assert.equal([verdict, outcome], ['unverifiable', 'none']);
  assert.match(reason ?? '', 'went by its root');
  const elsewhere = new Store(`${world.store.folder}/elsewhere`);
  const verifier = new ProcessVerifier(elsewhere, { parallel: 1, trustsPlaces: true });
  const registered = await challenge(await world.request().then(claimed), { sender, store: elsewhere, verifier });
  await verifier.close();
  assert.is(registered.verdict, 'correct', 'the artefact is fetched from where its registrant says');
  assert.is(sender.meter.entries.length, 0);
});

test('a model that nobody has is unverifiable, and nothing is bonded on it', async () => {
  const job = await world.request();
  await world.claim(LIAR, job, tamper(world.truth, { slot: 1, element: 0 }));
  const sender = world.devnet.sender(WATCHTOWER);
  const store = new Store(`${world.store.folder}/empty`);
  const verifier = new ProcessVerifier(store, { parallel: 1, trustsPlaces: true });
  const place = world.store.artefactPath(world.model.modelId);
  renameSync(place, `${place}.away`);
  try {
    const { verdict, reason, outcome } = await challenge(job, { sender, store, verifier });
    assert.equal([verdict, outcome], ['unverifiable', 'none']);
    assert.match(reason ?? '', 'There is no file');
    assert.is(sender.meter.entries.length, 0);
  } finally {
    renameSync(`${place}.away`, place);
    await verifier.close();
  }
});

async function claimed(job: JobId): Promise<JobId> {
  await world.claim(WORKER, job);
  return job;
}

test('too late to challenge', async () => {
  const job = await world.request();
  await world.claim(LIAR, job, tamper(world.truth, { slot: 1, element: 0 }));
  await world.passWindow();
  const { verdict, outcome, claimId } = await challenge(job);
  assert.equal([verdict, outcome, claimId], ['wrong', 'tooLate', null]);
});

test('nothing to challenge', async () => {
  assert.is(await codeOf(challenge(jobId(7))), 'OG_UNKNOWN_JOB');
  const job = await world.request({ claimSeconds: seconds(1000) });
  assert.match((await errorOf(challenge(job))).message, 'Job 1 has no live claim');
});

test.run();
