import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { callOf } from '../../src/chain/actions.js';
import { finalizeJob } from '../../src/chain/claims.js';
import { connect } from '../../src/chain/contracts.js';
import { currentView, GameReader, readerOfJob } from '../../src/chain/reader.js';
import { decideJob } from '../../src/dispute/decide-job.js';
import type { ClaimState, MatchState } from '../../src/dispute/game.js';
import { descendMove, revealMove } from '../../src/dispute/moves.js';
import { NetworkError } from '../../src/errors.js';
import { type JobId, jobId } from '../../src/units.js';
import { tamper } from '../../src/worker/tamper.js';
import { codeOf, errorOf, LIAR, WATCHTOWER, WORKER, World } from './world.js';

let world: World;
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after(() => world.stop());

/** What is due for the watchtower now is done; says what. */
async function watchtowerActs(reader: GameReader, job: JobId): Promise<string[]> {
  const sender = world.devnet.sender(WATCHTOWER);
  const party = { addresses: [sender.address], bondFrom: sender.address, endsOthersJobs: true };
  const view = await currentView(reader, job);
  const decisions = decideJob(
    view,
    { kind: 'traced', trace: world.truth },
    party,
    world.contracts,
    await world.devnet.node.now(),
  );
  const actions = decisions.flatMap(({ action }) => (action ? [action] : []));
  for (const action of actions) await sender.send(callOf(world.contracts, action));
  return actions.map(({ kind }) => kind);
}

const reorg = (depth: number): Promise<unknown> => world.devnet.node.send('anvil_reorg', [depth, []]);

test('a job is read as the contracts have it', async () => {
  const job = await world.request();
  const claim = await world.claim(WORKER, job);
  const { job: state, claims, matches } = await currentView(await readerOfJob(world.contracts, job), job);
  assert.is(state.status, 'open');
  assert.is(state.modelId, world.model.modelId);
  assert.is(state.inputRoot, world.truth.forest.slotRoot(0));
  assert.is(state.windowEndsAt - state.claimBy < 0, true);
  assert.is(state.outputBytes, 2);
  assert.equal(
    claims.map(({ id, status, claimant, traceRoot }) => ({ id, status, claimant, traceRoot })),
    [{ id: claim, status: 'live', claimant: world.devnet.sender(WORKER).address, traceRoot: null }],
  );
  assert.equal(matches, []);
});

test('what a side has opened and posted is read from events', async () => {
  const job = await world.request();
  const lie = tamper(world.truth, { slot: 5, element: 130 });
  await world.claim(LIAR, job, lie);
  const reader = await readerOfJob(world.contracts, job);
  assert.equal(await watchtowerActs(reader, job), ['challenge']);
  const [begun] = (await currentView(reader, job)).matches;
  assert.equal([begun?.phase, begun?.turn, begun?.opened], ['open', 1, null]);
  assert.equal(await watchtowerActs(reader, job), ['revealAndMove']);
  const { claims, matches } = await currentView(reader, job);
  const [opened] = matches;
  const children = world.truth.forest.descendants(4, 0, 4);
  assert.equal([opened?.phase, opened?.turn, opened?.opened], ['descend', 0, children]);
  assert.is(opened?.nodes, null, 'at the root');

  const liar = world.devnet.sender(LIAR);
  const reveal = revealMove(claims[0] as ClaimState, lie);
  const move = descendMove(opened as MatchState, lie, children);
  assert.ok(move?.kind === 'descendToLeaf');
  await liar.send(callOf(world.contracts, { kind: 'revealAndMove', reveal, move }));
  const [posted] = (await currentView(reader, job)).matches;
  assert.equal([posted?.phase, posted?.turn, posted?.position], ['leaf', 1, 11]);
  assert.is(posted?.opened, null, 'it was answered');
  assert.equal(posted?.nodes, [lie.forest.node(0, 11), world.truth.forest.node(0, 11)]);
  assert.is(posted?.leaves[0]?.length, 2 + 512);
  assert.is(posted?.leaves[1], null);
  assert.equal(await watchtowerActs(reader, job), ['proveStep']);
});

test('a claim that a reorganisation takes back is taken back here, and the one that comes instead is read', async () => {
  const reader = new GameReader(world.contracts);
  const job = await world.request();
  await world.devnet.node.send('evm_mine', []);
  await world.claim(LIAR, job, tamper(world.truth, { slot: 1, element: 0 }));
  const before = await currentView(reader, job);
  assert.is(before.claims[0]?.claimant, world.devnet.sender(LIAR).address);

  await reorg(1);
  assert.equal((await currentView(reader, job)).claims, []);
  await world.claim(WORKER, job);
  const after = await currentView(reader, job);
  assert.is(after.claims[0]?.id, before.claims[0]?.id, 'the same id is another claim now');
  assert.is(after.claims[0]?.claimant, world.devnet.sender(WORKER).address);
  assert.equal(after, await currentView(await readerOfJob(world.contracts, job), job), 'as one who reads it all anew');
});

test('a job that a reorganisation takes back is not known any more', async () => {
  const reader = new GameReader(world.contracts);
  await world.devnet.node.send('evm_mine', []);
  const job = await world.request();
  await reader.refresh();
  assert.equal(reader.log.jobs(), [job]);
  await reorg(1);
  const { touched, rewound } = await reader.refresh();
  assert.ok(rewound);
  assert.equal([...touched], [job]);
  assert.equal(reader.log.jobs(), []);
});

test('a match that went on is taken back to the state that the chain went back to', async () => {
  const job = await world.request();
  const lie = tamper(world.truth, { slot: 2, element: 3 });
  await world.claim(LIAR, job, lie);
  const reader = await readerOfJob(world.contracts, job);
  await watchtowerActs(reader, job);
  await world.devnet.node.send('evm_mine', []);
  await watchtowerActs(reader, job);
  assert.ok((await currentView(reader, job)).claims[1]?.traceRoot);
  await reorg(1);
  assert.is((await currentView(reader, job)).claims[1]?.traceRoot, null);
  assert.equal(await watchtowerActs(reader, job), ['revealAndMove'], 'it is done again');
});

test('an end that is taken back is no end', async () => {
  const job = await world.request();
  await world.claim(WORKER, job);
  const reader = await readerOfJob(world.contracts, job);
  await world.passWindow();
  await finalizeJob(world.contracts, world.devnet.sender(WORKER), job);
  const ended = await currentView(reader, job);
  assert.equal([ended.job.status, ended.claims[0]?.status], ['final', 'final']);
  await reorg(1);
  const open = await currentView(reader, job);
  assert.equal([open.job.status, open.claims[0]?.status], ['open', 'live']);
});

test('a job that ended long ago can still be read, with all that happened to it', async () => {
  const job = await world.request();
  await world.claim(WORKER, job);
  await world.passWindow();
  await finalizeJob(world.contracts, world.devnet.sender(WORKER), job);
  await world.devnet.node.send('anvil_mine', ['0x12c']);
  const reader = await readerOfJob(world.contracts, job);
  assert.is((await currentView(reader, job)).job.status, 'final');
  assert.ok(reader.log.history(job).length >= 3);
});

test('a job is not read again until something happens to it', async () => {
  const reader = new GameReader(world.contracts);
  const job = await world.request();
  const first = await currentView(reader, job);
  await world.request();
  assert.is(await currentView(reader, job), first);
  await world.claim(WORKER, job);
  assert.is.not(await currentView(reader, job), first);
});

test('what was read before an error is kept and told later', async () => {
  const { node, address } = world.contracts;
  const contracts = await connect(node, address, { logRangeBlocks: 3 });
  const jobs = [await world.request(), await world.request(), await world.request(), await world.request()];
  const reader = new GameReader(contracts);
  const getLogs = node.getLogs.bind(node);
  let asked = 0;
  node.getLogs = (filter) =>
    ++asked === 2 ? Promise.reject(new NetworkError('OG_NODE_UNREACHABLE', 'gone')) : getLogs(filter);
  assert.is(await codeOf(reader.refresh()), 'OG_NODE_UNREACHABLE');
  assert.ok(reader.log.jobs().length < jobs.length);
  const { touched } = await reader.refresh();
  node.getLogs = getLogs;
  assert.equal([...touched], jobs);
});

test('bonds at stake are counted', async () => {
  const reader = new GameReader(world.contracts);
  const { address } = world.devnet.sender(WORKER);
  await world.claim(WORKER, await world.request());
  await world.claim(WORKER, await world.request());
  await world.claim(LIAR, await world.request());
  await reader.refresh();
  assert.is(reader.log.claimsAtStake([address.toLowerCase()]), 2);
});

test('an unknown job is said to be none', async () => {
  assert.match(
    (await errorOf(readerOfJob(world.contracts, jobId(1)))).message,
    /There is no job 1 .*: it has no jobs yet\./,
  );
  await world.request();
  const error = await errorOf(readerOfJob(world.contracts, jobId(2)));
  assert.is(error.code, 'OG_UNKNOWN_JOB');
  assert.match(error.message, 'the last one is 1');
  assert.is(await codeOf(readerOfJob(world.contracts, jobId(0))), 'OG_UNKNOWN_JOB');
});

test.run();
