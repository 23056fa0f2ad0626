import { id } from 'ethers';
/** Several nodes, some of which behave badly. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../src/chain/contracts.js';
import type { Disagreement } from '../../src/chain/events.js';
import { LogReader } from '../../src/chain/logs.js';
import { connectNode, type Node, type NodeOptions } from '../../src/chain/provider.js';
import { currentView, readerOfJob } from '../../src/chain/reader.js';
import { type Faults, FaultyRpc } from '../helpers/faulty-rpc.js';
import { codeOf, errorOf, eventually, WORKER, World } from './world.js';

let world: World;
let proxies: FaultyRpc[] = [];
let nodes: Node[] = [];
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after.each(async () => {
  for (const node of nodes) node.destroy();
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  [proxies, nodes] = [[], []];
});
test.after(() => world.stop());

/** One connection by several addresses of the devnet, each with its faults. */
async function by(faults: readonly Partial<Faults>[], options: Partial<NodeOptions> = {}): Promise<Node> {
  const started = await Promise.all(faults.map((each, i) => FaultyRpc.start(world.devnet.url, each, i + 1)));
  proxies.push(...started);
  const node = await connectNode({
    url: started.map(({ url }) => url),
    timeoutMs: 500,
    compareEveryMs: 50,
    ...options,
  });
  nodes.push(node);
  return node;
}

const mine = (blocks: number): Promise<unknown> =>
  world.devnet.node.send('anvil_mine', [`0x${blocks.toString(16)}`, '0x0']);
const states = (node: Node): string[] => node.health().nodes.map(({ state }) => state);

test('the first is asked; when it fails, the next; and the first again when it is well', async () => {
  const node = await by([{}, {}]);
  assert.ok(node.health().nodes[0]?.chosen);
  proxies[0]?.set({ failRate: 1 });
  for (let i = 0; i < 3; i++) assert.ok((await node.getBlockNumber()) >= 0);
  assert.equal(states(node), ['failing', 'ok']);
  assert.ok(node.health().nodes[1]?.chosen);
  proxies[0]?.heal();
  await eventually(() => node.getBlockNumber().then(() => states(node)[0] === 'ok'));
  assert.ok(node.health().nodes[0]?.chosen);
  assert.ok((node.health().nodes[0]?.errors ?? 0) >= 2);
});

test('a third of the requests fail, and nobody notices', async () => {
  const node = await by([{ failRate: 0.3 }, { failRate: 0.3 }, { failRate: 0.2, garbageRate: 0.1 }]);
  for (let i = 0; i < 40; i++) assert.ok((await node.getBlockNumber()) >= 0);
  assert.ok(proxies.some(({ counts }) => counts.failed > 5));
});

test('one that lies is not believed because the others fail now and then', async () => {
  const node = await by([
    { failRate: 0.5 },
    { failRate: 0.5 },
    { lie: (method, _, result) => (method === 'eth_call' ? '0x07' : result) },
  ]);
  const { jobs } = world.contracts;
  const data = id('jobCount()').slice(0, 10);
  const answers = new Set<string>();
  for (let i = 0; i < 25; i++) {
    const read = node.callAt(jobs.address, data, await world.devnet.node.latestBlock());
    answers.add(await read.catch(() => 'none'));
  }
  assert.not.ok(answers.has('0x07'), [...answers].join());
});

test('one that is silent is not waited for: the next one is asked meanwhile', async () => {
  const node = await by([{}, {}], { timeoutMs: 60_000 });
  proxies[0]?.set({ silentRate: 1 });
  assert.ok((await node.getBlockNumber()) >= 0);
  assert.is(proxies[0]?.counts.silent, 1);
});

test('silence is told when the time is over', async () => {
  const node = await by([{}, {}]);
  proxies[0]?.set({ silentRate: 1 });
  await node.getBlockNumber();
  await eventually(() => (node.health().nodes[0]?.lastError ?? '').includes('did not answer in time'));
});

test('one that lags is not asked while there is another, and its head is not believed', async () => {
  await mine(80);
  const node = await by([{ lagBlocks: 50 }, {}]);
  const head = await world.devnet.node.getBlockNumber();
  assert.is(await node.getBlockNumber(), head);
  assert.equal(states(node), ['lagging', 'ok']);
  assert.is(node.health().nodes[0]?.lagBlocks, 50);
  assert.is((await node.decisionBlock()).number, head);
  assert.equal(node.health().disagreements, [], 'to lag is no lie');
});

test('a lag of a few blocks: decisions are made on what both know', async () => {
  await mine(10);
  const node = await by([{}, { lagBlocks: 3 }]);
  const head = await world.devnet.node.getBlockNumber();
  assert.is((await node.decisionBlock()).number, head - 3);
});

test('a pause that is asked for is kept, and the next node is asked', async () => {
  const node = await by([{}, {}]);
  proxies[0]?.set({ requestsPerSecond: 0, retryAfterSeconds: 60 });
  await node.getBlockNumber();
  const asked = proxies[0]?.counts.requests;
  for (let i = 0; i < 10; i++) await node.getBlockNumber();
  assert.is(proxies[0]?.counts.requests, asked);
  assert.equal(states(node), ['resting', 'ok']);
  assert.ok((node.health().nodes[0]?.rateLimited ?? 0) > 0);
});

test('the only node wants a pause: it is waited for, or told when it is long', async () => {
  const node = await by([{}]);
  proxies[0]?.set({ requestsPerSecond: 0, retryAfterSeconds: 1 });
  const asking = node.getBlockNumber();
  await eventually(() => (proxies[0]?.counts.limited ?? 0) > 0);
  proxies[0]?.heal();
  assert.ok((await asking) >= 0);
  assert.is(proxies[0]?.counts.limited, 1, 'not asked before its time');
  proxies[0]?.set({ requestsPerSecond: 0, retryAfterSeconds: 3600 });
  const error = await errorOf(node.getBlockNumber());
  assert.is(error.exitCode, 3);
  assert.match(error.message, 'asked for a pause');
});

test('one on another chain is left out, and told', async () => {
  const told: Disagreement[] = [];
  const lie: Faults['lie'] = (method, _, result) => (method === 'eth_chainId' ? '0x1' : result);
  const node = await by([{}, { lie }]);
  node.events.on('disagreement', (each) => told.push(each));
  assert.equal(states(node), ['ok', 'disagrees']);
  const [disagreement] = node.health().disagreements;
  assert.is(disagreement?.about, 'chainId');
  assert.match(disagreement?.detail ?? '', 'is on chain 1, not on 31337');
  assert.is(await codeOf(by([{ lie }], { chainId: 31_337 })), 'OG_WRONG_CHAIN');
});

test('another hash of an old block is told when it begins and when it ends', async () => {
  await mine(70);
  const node = await by([{}, {}, {}]);
  const told: string[] = [];
  node.events.on('disagreement', ({ about, majority }) => told.push(`begins ${about} ${majority}`));
  node.events.on('agreement', ({ about }) => told.push(`ends ${about}`));
  proxies[0]?.set({
    lie: (method, _, result) =>
      method === 'eth_getBlockByNumber' ? { ...(result as object), hash: `0x${'ab'.repeat(32)}` } : result,
  });
  await node.compare();
  await node.compare();
  assert.equal(states(node), ['disagrees', 'ok', 'ok']);
  proxies[0]?.heal();
  await node.compare();
  assert.equal(told, ['begins blockHash true', 'ends blockHash']);
  assert.equal(states(node), ['ok', 'ok', 'ok']);
});

test('a lie in a read at one block: three outvote it, and it is told once', async () => {
  const job = await world.request();
  const node = await by([{ lie: (method, _, result) => (method === 'eth_call' ? mirrored(result) : result) }, {}, {}]);
  const told: Disagreement[] = [];
  node.events.on('disagreement', (each) => told.push(each));
  const block = await node.decisionBlock();
  const data = world.contracts.jobs.interface.encodeFunctionData('getJob', [job]);
  for (let i = 0; i < 3; i++)
    assert.is(
      await node.callAt(world.contracts.jobs.address, data, block),
      await world.devnet.node.callAt(world.contracts.jobs.address, data, block),
    );
  assert.equal(
    told.map(({ about, majority }) => [about, majority]),
    [['read', true]],
  );
  assert.equal(states(node), ['disagrees', 'ok', 'ok']);
});

test('one that was doubted is heard where another one lies: two of three decide', async () => {
  const lies: Faults['lie'] = (method, _, result) => (method === 'eth_call' ? mirrored(result) : result);
  const node = await by([{ lie: lies }, {}, {}]);
  const { jobs, sealDomain } = world.contracts;
  const data = jobs.interface.encodeFunctionData('sealDomain', []);
  const block = await node.decisionBlock();
  assert.is(await node.callAt(jobs.address, data, block), sealDomain);
  proxies[0]?.heal();
  proxies[1]?.set({ lie: lies });
  assert.is(await node.callAt(jobs.address, data, block), sealDomain);
  proxies[1]?.heal();
  proxies[2]?.set({ lie: lies });
  assert.is(await node.callAt(jobs.address, data, block), sealDomain);
});

test('three say three things: nothing is decided', async () => {
  const lie =
    (digit: string): Faults['lie'] =>
    (method, _, result) =>
      method === 'eth_call' ? `0x${digit.repeat(64)}` : result;
  const node = await by([{ lie: lie('1') }, { lie: lie('2') }, {}]);
  const { jobs } = world.contracts;
  const data = jobs.interface.encodeFunctionData('sealDomain', []);
  assert.is(await codeOf(node.callAt(jobs.address, data, await node.decisionBlock())), 'OG_NODES_DISAGREE');
});

test('what is asked at one moment goes in one request, or in as few as a node takes', async () => {
  const node = await by([{}]);
  const ask = (count: number): Promise<unknown[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => node.getBalance(`0x${String(i + 1).padStart(40, '0')}`)));
  const requestsOf = async (count: number): Promise<number> => {
    const before = proxies[0]?.counts.requests ?? 0;
    assert.is((await ask(count)).length, count);
    return (proxies[0]?.counts.requests ?? 0) - before;
  };
  assert.is(await requestsOf(8), 1);
  proxies[0]?.set({ batchSize: 3 });
  await requestsOf(8);
  assert.is(await requestsOf(8), 4, 'two each: half of what was refused, and half again');
  proxies[0]?.set({ batchSize: 1 });
  await requestsOf(8);
  assert.is(await requestsOf(8), 8);
  assert.is(node.health().nodes[0]?.errors, 0, 'that is no failure');
});

test('one against one: the first is believed, and it is told', async () => {
  const node = await by([{}, { lie: (method, _, result) => (method === 'eth_call' ? mirrored(result) : result) }]);
  const block = await node.decisionBlock();
  const { jobs } = world.contracts;
  const data = jobs.interface.encodeFunctionData('sealDomain', []);
  assert.is(await node.callAt(jobs.address, data, block), world.contracts.sealDomain);
  assert.equal(
    node.health().disagreements.map(({ about, majority }) => [about, majority]),
    [['read', false]],
  );
});

test('logs that one keeps to itself are not missed', async () => {
  await world.request();
  const node = await by([{ lie: (method, _, result) => (method === 'eth_getLogs' ? [] : result) }, {}]);
  const filter = { address: world.contracts.jobs.address, topics: [] };
  const head = await node.getBlockNumber();
  assert.is((await new LogReader(node).all(filter, 0, head)).length, 1);
  assert.is(node.health().disagreements[0]?.about, 'read');
});

test('ranges and numbers of logs adapt to what a node gives', async () => {
  const before = await world.devnet.node.getBlockNumber();
  for (let i = 0; i < 6; i++) await world.request();
  await mine(40);
  const filter = { address: world.contracts.jobs.address, topics: [] };
  const head = await world.devnet.node.getBlockNumber();
  const node = await by([{ logRangeBlocks: 7, logResults: 3 }]);
  assert.is((await new LogReader(node).all(filter, before + 1, head)).length, 6);
});

test('a range for which a node needs too long is halved', async () => {
  await world.request();
  const node = await by([{}], { timeoutMs: 200 });
  const head = await node.getBlockNumber();
  const filter = { address: world.contracts.jobs.address, topics: [] };
  proxies[0]?.set({ silentRate: 1 });
  const reading = new LogReader(node).all(filter, 0, head);
  await eventually(() => (proxies[0]?.counts.silent ?? 0) >= 3);
  proxies[0]?.heal();
  assert.is((await reading).length, 1);
});

test('nodes that do not know calls at a block hash are read by number', async () => {
  const job = await world.request();
  await world.claim(WORKER, job);
  const node = await by([{ refusesBlockHashes: true }]);
  const contracts = await connect(node, world.contracts.address);
  assert.is((await currentView(await readerOfJob(contracts, job), job)).claims.length, 1);
});

test('a block that was reorganised away is not read at', async () => {
  const node = await by([{}, {}]);
  await world.request();
  const block = await node.decisionBlock();
  await world.devnet.node.send('anvil_reorg', [1, []]);
  const data = world.contracts.jobs.interface.encodeFunctionData('sealDomain', []);
  assert.is(await codeOf(node.callAt(world.contracts.jobs.address, data, block)), 'OG_REORG');
});

test('decisions at a safe block', async () => {
  await mine(100);
  const node = await by([{}], { safety: 'finalized' });
  const head = await node.getBlockNumber();
  assert.is((await node.decisionBlock()).number, head - 64);
});

/** The same bytes with every digit but the prefix changed. */
const mirrored = (result: unknown): string =>
  `0x${String(result)
    .slice(2)
    .replace(/[0-9]/g, (digit) => String(9 - Number(digit)))}`;

test.run();
