/** Transactions that are dropped, reorganised away, not wanted any more, or too dear. */
import { Wallet } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ContractRefusal } from '../../src/chain/errors.js';
import { connectNode, type Node } from '../../src/chain/provider.js';
import { Sender, type SenderOptions } from '../../src/chain/sender.js';
import type { Address, Call } from '../../src/chain/typed.js';
import { timestamp } from '../../src/units.js';
import { type Faults, FaultyRpc } from '../helpers/faulty-rpc.js';
import { CLIENT, errorOf, eventually, WATCHTOWER, World } from './world.js';

let world: World;
let close: (() => Promise<void>)[] = [];
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after.each(async () => {
  await world.devnet.node.send('evm_setAutomine', [true]);
  await Promise.all(close.map((each) => each()));
  close = [];
});
test.after(() => world.stop());

const SOMEBODY: Address = '0x00000000000000000000000000000000000000aa';
const transfer = (wei: bigint): Call => ({ to: SOMEBODY, data: '0x', kind: 'transfer', valueWei: wei });
/** A move that anybody may make. */
const ping: Call = { to: SOMEBODY, data: '0x', kind: 'ping' };

async function nodeBehind(faults: Partial<Faults>): Promise<{ node: Node; proxy: FaultyRpc }> {
  const proxy = await FaultyRpc.start(world.devnet.url, faults);
  const node = await connectNode({ url: proxy.url, timeoutMs: 2_000 });
  close.push(async () => {
    node.destroy();
    await proxy.stop();
  });
  return { node, proxy };
}

function senderOf(accounts: readonly number[], options: SenderOptions = {}, node: Node = world.devnet.node): Sender {
  const keys = accounts.map((account) => new Wallet(world.devnet.accounts[account]?.privateKey ?? ''));
  return new Sender(node, keys, options);
}

test('a transaction that a node accepts and loses is sent again', async () => {
  const { node, proxy } = await nodeBehind({ dropRate: 1 });
  const news: string[] = [];
  node.events.on('transaction', ({ what }) => news.push(what));
  const sending = senderOf([CLIENT], {}, node).send(transfer(1n));
  await eventually(() => proxy.counts.dropped > 0);
  proxy.heal();
  assert.is((await sending).gasUsed, 21_000n);
  assert.equal(news, ['sent', 'rebroadcast', 'mined']);
});

test('every node is told of a transaction', async () => {
  const keeper = await FaultyRpc.start(world.devnet.url, { dropRate: 1 });
  const node = await connectNode({ url: [keeper.url, world.devnet.url] });
  close.push(async () => {
    node.destroy();
    await keeper.stop();
  });
  assert.is((await senderOf([CLIENT], {}, node).send(transfer(2n))).gasUsed, 21_000n);
  assert.is(keeper.counts.dropped, 1);
});

test('what a reorganisation takes back is sent again', async () => {
  const { node } = world.devnet;
  const sender = senderOf([CLIENT]);
  await sender.send(transfer(5n));
  await sender.send(transfer(7n));
  await node.send('anvil_reorg', [2, []]);
  assert.is(await node.getBalance(SOMEBODY), 0n);
  const news: string[] = [];
  const listen = ({ what }: { what: string }): unknown => news.push(what);
  node.events.on('transaction', listen);
  await sender.tend();
  node.events.off('transaction', listen);
  await node.send('evm_mine', []);
  assert.is(await node.getBalance(SOMEBODY), 12n);
  assert.equal(news, ['reorganised', 'rebroadcast', 'reorganised', 'rebroadcast']);
});

test('what is not wanted any more when its turn comes is dropped with the reason', async () => {
  const sender = senderOf([CLIENT]);
  const before = await world.devnet.node.getTransactionCount(sender.address);
  const error = await errorOf(sender.send(ping, { stillWanted: async () => null }));
  assert.instance(error, ContractRefusal);
  assert.is((error as ContractRefusal).errorName, 'NotWanted');
  assert.is(await world.devnet.node.getTransactionCount(sender.address), before);
});

test('what is due first goes first', async () => {
  const now = await world.devnet.node.now();
  const order: string[] = [];
  const sender = senderOf([CLIENT]);
  const send = (name: string, deadline: number | null): Promise<unknown> =>
    sender.send(ping, {
      deadline: deadline === null ? null : timestamp(now + deadline),
      stillWanted: async () => {
        order.push(name);
        return world.devnet.node.getBlockNumber();
      },
    });
  await Promise.all([send('at once', null), send('never', null), send('late', 900), send('soon', 60)]);
  assert.equal(order, ['at once', 'soon', 'late', 'never']);
});

test('a stuck account does not hold up what another may send; bonds are always the first one’s', async () => {
  const { node } = world.devnet;
  const sender = senderOf([CLIENT, WATCHTOWER], { raiseAfterMs: 20, giveUpAfterMs: 60_000 });
  const [first, second] = sender.addresses;
  await node.send('evm_setAutomine', [false]);
  const stuck = sender.send(transfer(1n));
  await eventually(() => sender.health()[0]?.stuck === true);
  const moved = sender.send(ping);
  await eventually(() => sender.health()[1]?.pending.length === 1);
  assert.is(sender.health()[1]?.pending[0]?.from, second);
  const bonded = sender.send(transfer(3n));
  await eventually(() => sender.health()[0]?.pending.length === 2);
  assert.is(sender.health()[0]?.pending[1]?.from, first);
  await node.send('evm_setAutomine', [true]);
  await node.send('evm_mine', []);
  await Promise.all([stuck, moved, bonded]);
  assert.equal(
    sender.health().map(({ pending, queued }) => [pending.length, queued]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test('a fee above the limit is told, costs nothing, and goes when it is cheaper', async () => {
  const { node } = world.devnet;
  const told: string[] = [];
  const begins = ({ reason }: { reason: string }): unknown => told.push(`cannot pay: ${reason}`);
  const ends = (): unknown => told.push('can pay');
  node.events.on('cannotPay', begins);
  node.events.on('canPay', ends);
  await node.send('anvil_setNextBlockBaseFeePerGas', ['0x2540be400']); // 10 gwei
  await node.send('evm_mine', []);
  const sender = senderOf([CLIENT], { maxFeePerGasWei: 2_000_000_000n });
  assert.is((await errorOf(sender.send(ping))).code, 'OG_FEE_TOO_LOW');
  assert.is(sender.health()[0]?.cannotPay?.reason, 'maxFee');
  await node.send('anvil_setNextBlockBaseFeePerGas', ['0x3b9aca00']); // 1 gwei
  await node.send('evm_mine', []);
  assert.ok((await sender.send(ping)).gasPriceWei <= 2_000_000_000n);
  node.events.off('cannotPay', begins);
  node.events.off('canPay', ends);
  assert.equal(told, ['cannot pay: maxFee', 'can pay']);
});

test('two processes with one key: everything is mined once', async () => {
  const [one, other] = [senderOf([CLIENT]), senderOf([CLIENT])];
  const all = await Promise.all(
    [1n, 2n, 4n, 8n].flatMap((wei) => [one.send(transfer(wei)), other.send(transfer(16n * wei))]),
  );
  assert.is(new Set(all.map(({ txHash }) => txHash)).size, 8);
  assert.is(await world.devnet.node.getBalance(SOMEBODY), 255n);
});

/** A call that is wanted as long as the state does not show one such. */
const once = (node: Node): { stillWanted: () => Promise<number | null> } => ({
  stillWanted: async () => {
    const { number } = await node.decisionBlock();
    return (await node.getBalance(SOMEBODY, number)) === 0n ? number : null;
  },
});

test('two processes with one key do not both put up a bond, whoever is first', async () => {
  const { node } = world.devnet;
  await node.send('evm_setAutomine', [false]);
  const sending = [senderOf([CLIENT]), senderOf([CLIENT])].map((sender) => sender.send(transfer(3n), once(node)));
  await eventually(async () => (await node.getTransactionCount(senderOf([CLIENT]).address, 'pending')) > 0);
  await node.send('evm_setAutomine', [true]);
  await node.send('evm_mine', []);
  const outcomes = await Promise.allSettled(sending);
  for (const outcome of outcomes) // what both have signed alike is one transaction
    if (outcome.status === 'rejected') assert.is((outcome.reason as ContractRefusal).errorName, 'NotWanted');
  assert.is(await node.getBalance(SOMEBODY), 3n);
});

test('what a process that was killed has sent is waited for, also where the state that is read is older', async () => {
  const { node, proxy } = await nodeBehind({});
  const before = await node.getTransactionCount(senderOf([CLIENT]).address);
  await senderOf([CLIENT]).send(transfer(3n));
  proxy.set({ lie: (method, _, result) => (method === 'eth_getBlockByNumber' ? older(result) : result) });
  const started = errorOf(senderOf([CLIENT], {}, node).send(transfer(3n), once(node)));
  await eventually(() => proxy.asked.filter((method) => method === 'eth_getTransactionCount').length >= 6);
  assert.is(await node.getTransactionCount(senderOf([CLIENT]).address), before + 1);
  proxy.heal();
  assert.is(((await started) as ContractRefusal).errorName, 'NotWanted');
});

/** The head is the block before. */
const older = (result: unknown): unknown => {
  const block = result as { number: string; parentHash: string };
  return { ...block, number: `0x${(Number(block.number) - 1).toString(16)}`, hash: block.parentHash };
};

test('what a process that was killed has left behind too cheap is replaced', async () => {
  const { node } = world.devnet;
  await node.send('evm_setAutomine', [false]);
  const sender = senderOf([CLIENT], { raiseAfterMs: 50 });
  const wallet = new Wallet(world.devnet.accounts[CLIENT]?.privateKey ?? '', node);
  const nonce = await node.getTransactionCount(sender.address);
  const fees = { maxFeePerGas: 9_000_000_000n, maxPriorityFeePerGas: 5_000_000_000n };
  const left = await wallet.sendTransaction({ to: SOMEBODY, value: 7n, nonce, gasLimit: 21_000, ...fees });
  const sending = sender.send(transfer(1n));
  await eventually(async () => (await node.getTransaction(left.hash)) === null);
  await node.send('evm_setAutomine', [true]);
  await node.send('evm_mine', []);
  await sending;
  assert.is(await node.getBalance(SOMEBODY), 1n);
});

test.run();
