import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { creditOf } from '../../src/chain/claims.js';
import { readDemand } from '../../src/chain/inputs.js';
import { readJob } from '../../src/chain/requests.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { type JobId, wei } from '../../src/units.js';
import type { DecisionLine } from '../../src/watch/line.js';
import { NOBODY } from '../../src/watch/observer.js';
import { type WatchOptions, watch } from '../../src/watch/watch.js';
import { playOwnClaims } from '../../src/worker/play.js';
import { tamper } from '../../src/worker/tamper.js';
import { smallInput } from '../chain/small-model.js';
import { CLIENT, eventually, LIAR, WATCHTOWER, WORKER, World } from '../chain/world.js';

let world: World;
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after(() => world.stop());

/** A watchtower that watches until `stop`. */
function watchtower(changes: Partial<WatchOptions> = {}) {
  const control = new AbortController();
  const lines: DecisionLine[] = [];
  const { contracts, store, devnet, verifier } = world;
  const sender = devnet.sender(WATCHTOWER);
  const options: WatchOptions = {
    contracts,
    store,
    sender,
    verifier,
    log: (line) => lines.push(line),
    pollMs: 20,
    signal: control.signal,
    ...changes,
  };
  const watching = watch(options);
  const said = (...decisions: string[]): DecisionLine[] => lines.filter(({ decision }) => decisions.includes(decision));
  const stop = async (): Promise<void> => {
    control.abort();
    await watching;
  };
  return { lines, said, stop, watching, sender };
}

const statusOf = async (claim: bigint): Promise<string> =>
  ['none', 'live', 'lost', 'closed', 'final'][Number((await world.contracts.jobs.read('getClaim', [claim])).status)] ??
  '';

async function lie(slot: number, element: number): Promise<{ job: JobId; trace: TraceSource }> {
  const job = await world.request();
  const trace = tamper(world.truth, { slot, element });
  await world.claim(LIAR, job, trace);
  return { job, trace };
}

const liarPlays = (job: JobId, trace: TraceSource): Promise<void> =>
  playOwnClaims({ contracts: world.contracts, sender: world.devnet.sender(LIAR), jobId: job, trace, pollMs: 20 });

test('several liars are caught at once, and the watchtower gets their bonds', async () => {
  const tower = watchtower();
  const lies = [await lie(1, 0), await lie(4, 0), await lie(6, 0)];
  // one after the other: they share an account
  for (const { job, trace } of lies) await liarPlays(job, trace);
  await world.passWindow();
  await eventually(async () =>
    (await Promise.all(lies.map(({ job }) => readJob(world.contracts, job)))).every(({ status }) => status === 'final'),
  );
  await tower.stop();
  assert.equal(tower.said('judge').filter(({ verdict }) => verdict === 'wrong').length, 3);
  assert.is(tower.said('challenge').length, 3);
  assert.is(tower.said('proveStep').length, 3);
  assert.is(tower.said('finalize').length, 3);
  assert.equal(tower.said('failed'), []);
  assert.ok(tower.said('challenge').every(({ job, claim, txHash, gasUsed }) => job && claim && txHash && gasUsed));
  for (const line of tower.lines) assert.equal(JSON.parse(JSON.stringify(line)), line, 'a line is JSON');
});

test("a stranger's correct claim is defended while its claimant is away", async () => {
  const job = await world.request();
  await world.claim(WORKER, job);
  const trace = tamper(world.truth, { slot: 2, element: 100 });
  const tower = watchtower();
  await eventually(() => tower.said('judge').length === 1);
  await world.challenge(LIAR, job, trace);
  await liarPlays(job, trace);
  assert.is(await statusOf(2n), 'lost');
  assert.is(await statusOf(1n), 'live');
  await world.passWindow();
  await eventually(() => tower.said('collectRefund').length === 1);
  await tower.stop();
  assert.is(await statusOf(1n), 'final');
  assert.is(tower.said('challenge').length, 0, 'it put up no bond');
  assert.equal(tower.said('failed', 'refused'), []);

  // The base fees of its moves are back, and no more than those.
  const { node } = world.contracts;
  let burnedWei = 0n;
  for (const { decision, txHash } of tower.lines) {
    if (!txHash || ['finalize', 'collectRefund'].includes(decision)) continue;
    const receipt = await node.getTransactionReceipt(txHash);
    const block = await node.getBlock(receipt!.blockNumber);
    burnedWei += receipt!.gasUsed * block!.baseFeePerGas!;
  }
  const creditWei = await creditOf(world.contracts, tower.sender.address);
  assert.ok(creditWei <= burnedWei, `${creditWei} of ${burnedWei}`);
  assert.ok(creditWei * 10n >= burnedWei * 9n, `${creditWei} of ${burnedWei}`);
});

test('time is called against a silent liar', async () => {
  await lie(3, 3);
  const tower = watchtower();
  await eventually(() => tower.said('revealAndMove').length === 1);
  await world.devnet.passSeconds(world.contracts.parameters.clockSeconds + 1);
  await eventually(() => tower.said('callTime').length === 1);
  await tower.stop();
  assert.is(await statusOf(1n), 'lost');
});

test('a dry run decides and sends nothing', async () => {
  await lie(3, 3);
  const tower = watchtower({ dryRun: true });
  await eventually(() => tower.said('challenge').length > 0);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await tower.stop();
  assert.equal(
    tower.said('challenge').map(({ dryRun, txHash }) => ({ dryRun, txHash })),
    [{ dryRun: true, txHash: undefined }],
  );
  assert.is(tower.sender.meter.entries.length, 0);
});

test('one pass judges and acts, and ends', async () => {
  await lie(3, 3);
  const job = await world.request();
  await world.claim(WORKER, job);
  const tower = watchtower({ once: true });
  await tower.watching;
  assert.is(tower.said('challenge').length, 1);
  assert.equal(
    tower
      .said('judge')
      .map(({ verdict }) => verdict)
      .sort(),
    ['correct', 'wrong'],
  );
  assert.is(await statusOf(3n), 'live', 'the counter-claim');
});

test('no more is put at stake than allowed', async () => {
  const lies = [await lie(1, 1), await lie(2, 2), await lie(3, 3)];
  const { bondWei } = world.contracts.parameters;
  const tower = watchtower({ maxAtStakeWei: wei(2n * bondWei + 1n) });
  await eventually(() => tower.said('wait').some(({ reason }) => reason.includes('no bond may be put up')));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await tower.stop();
  assert.is(tower.said('challenge').length, 2);
  assert.is(lies.length, 3);
});

test('no bond is put up for a match that could not be paid to its end', async () => {
  await lie(1, 1);
  const { node, contracts } = world.devnet;
  const { address } = world.devnet.sender(WATCHTOWER);
  const told: (string | null)[] = [];
  const observer = { ...NOBODY, cannotAfford: (_id: JobId, reason: string | null) => told.push(reason) };
  const aLittleMore = contracts.parameters.bondWei + 10n ** 14n;
  await node.send('anvil_setBalance', [address, `0x${aLittleMore.toString(16)}`]);
  const poor = watchtower({ observer });
  await eventually(() => poor.said('wait').some(({ reason }) => reason.includes('not challenging')));
  await poor.stop();
  assert.is(poor.sender.meter.entries.length, 0);
  await node.send('anvil_setBalance', [address, '0x8ac7230489e80000']);
  const rich = watchtower({ observer });
  await eventually(() => rich.said('challenge').length === 1);
  await rich.stop();
  assert.match(told[0] ?? '', 'a bond and a match to its end');
  assert.is(told.at(-1), null);
});

test('of a sample of none, only disputed jobs are run', async () => {
  const { job } = await lie(1, 1);
  const idle = watchtower({ sample: 0, once: true });
  await idle.watching;
  assert.equal(idle.lines, []);
  await world.challenge(WORKER, job, world.truth);
  const tower = watchtower({ sample: 0, once: true });
  await tower.watching;
  assert.is(tower.said('judge').length, 2);
});

test('only the models that are asked for', async () => {
  await lie(1, 1);
  const tower = watchtower({ models: [`0x${'77'.repeat(32)}`], once: true });
  await tower.watching;
  assert.equal(tower.lines, []);
});

test('an input that cannot be had is demanded, and the claim judged when it has come', async () => {
  const job = await world.request({ byRoot: true });
  await world.claim(LIAR, job, tamper(world.truth, { slot: 1, element: 7 }));
  const tower = watchtower();
  await eventually(() => tower.said('demandInput').length === 1);
  const [loud] = tower.said('unverifiable');
  assert.is(loud?.level, 'error');
  assert.match(loud?.reason ?? '', 'went by its root');
  assert.is(tower.said('challenge').length, 0);
  await tower.stop();

  assert.not.ok((await readDemand(world.contracts, job))?.complete);
  await world.store.putInput(world.model.commitment.model, smallInput());
  const holder = watchtower({ sender: world.devnet.sender(CLIENT), maxAtStakeWei: wei(0) });
  await eventually(() => holder.said('postInput').length === 1);
  await holder.stop();
  const again = watchtower();
  await eventually(() => again.said('challenge').length === 1);
  await again.stop();
});

test('a demanded input that never comes voids the job, and stake and bond come back', async () => {
  const { contracts, devnet } = world;
  const trace = tamper(world.truth, { slot: 0, element: 0 });
  const { inputRootOf } = await import('../../src/commit/model.js');
  const { model } = world.model.commitment;
  const secret = trace.slots[0] as Int32Array;
  const root = inputRootOf(model, secret);
  const call = contracts.jobs.call('requestByRoot', [world.model.modelId, root, 600n, `0x${'00'.repeat(20)}`], 5n);
  await devnet.sender(CLIENT).send(call);
  const job = (await contracts.jobs.read('jobCount', [])) as JobId;
  await world.claim(LIAR, job, trace);
  const tower = watchtower();
  await eventually(() => tower.said('demandInput').length === 1);
  await devnet.passSeconds(contracts.parameters.inputDemandSeconds + 1);
  await eventually(() => tower.said('giveUpInput').length === 1);
  await tower.stop();
  assert.is((await readJob(contracts, job)).status, 'void');
  assert.is(await creditOf(contracts, tower.sender.address), contracts.parameters.inputDemandWei);
});

test('a node that goes away and comes back is only a pause', async () => {
  const tower = watchtower();
  const { node } = world.devnet;
  const decisionBlock = node.decisionBlock.bind(node);
  const { NetworkError } = await import('../../src/errors.js');
  node.decisionBlock = () => Promise.reject(new NetworkError('OG_NODE_UNREACHABLE', 'The node could not be asked.'));
  await eventually(() => tower.said('failed').length > 0);
  node.decisionBlock = decisionBlock;
  await lie(1, 1);
  await eventually(() => tower.said('challenge').length === 1);
  await tower.stop();
  assert.is(tower.said('failed')[0]?.level, 'warn');
});

test.run();
