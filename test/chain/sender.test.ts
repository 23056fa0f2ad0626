import { Wallet } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ContractRefusal } from '../../src/chain/errors.js';
import { GasMeter } from '../../src/chain/gas.js';
import { currentView, readerOfJob } from '../../src/chain/reader.js';
import { Sender } from '../../src/chain/sender.js';
import type { Address, Call } from '../../src/chain/typed.js';
import type { ClaimState } from '../../src/dispute/game.js';
import { termsOf } from '../../src/dispute/moves.js';
import { NetworkError } from '../../src/errors.js';
import { jobId } from '../../src/units.js';
import { CLIENT, errorOf, WORKER, World } from './world.js';

let world: World;
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after(() => world.stop());

const SOMEBODY: Address = '0x00000000000000000000000000000000000000aa';
const transfer = (wei: bigint): Call => ({ to: SOMEBODY, data: '0x', kind: 'transfer', valueWei: wei });

test('calls that come at once go out one after the other', async () => {
  const sender = world.devnet.sender(CLIENT);
  const sent = await Promise.all(Array.from({ length: 20 }, (_, i) => sender.send(transfer(BigInt(i)))));
  assert.is(new Set(sent.map(({ txHash }) => txHash)).size, 20);
  assert.is(await world.devnet.node.getBalance(SOMEBODY), 190n);
  assert.equal(sender.meter.byKind()['transfer']?.transactions, 20);
  assert.is(sender.meter.total.gasUsed, 20n * 21_000n);
});

test('what would revert is not sent, and says why', async () => {
  const sender = world.devnet.sender(CLIENT);
  const { node, contracts } = world.devnet;
  const before = await node.getTransactionCount(sender.address);
  const error = await errorOf(sender.send(contracts.jobs.call('withdraw', [])));
  assert.instance(error, ContractRefusal);
  assert.is((error as ContractRefusal).errorName, 'Jobs_NothingToWithdraw');
  assert.is(error.message, `Nothing is credited to ${sender.address}.`);
  assert.is(error.exitCode, 2);
  assert.is(await node.getTransactionCount(sender.address), before);
});

test('a refusal does not hold up the calls behind it', async () => {
  const sender = world.devnet.sender(CLIENT);
  const withdraw = sender.send(world.contracts.jobs.call('withdraw', []));
  const sent = sender.send(transfer(1n));
  await errorOf(withdraw);
  assert.is((await sent).gasUsed, 21_000n);
});

test('an account that cannot pay is named, with what it has and needs', async () => {
  const poor = new Sender(world.devnet.node, Wallet.createRandom());
  const error = await errorOf(poor.send(transfer(5n * 10n ** 16n)));
  assert.is(error.code, 'OG_INSUFFICIENT_FUNDS');
  assert.match(error.message, `The account ${poor.address} has 0.0 ETH, but "transfer" needs up to 0.05 ETH.`);
  assert.match(error.hint ?? '', 'Send it at least 0.05 ETH on chain 31337');
});

test('enough for the value is not enough for the gas', async () => {
  const wallet = Wallet.createRandom();
  await world.devnet.sender(CLIENT).send({ ...transfer(1000n), to: wallet.address as Address });
  const error = await errorOf(new Sender(world.devnet.node, wallet).send(transfer(1000n)));
  assert.is(error.code, 'OG_INSUFFICIENT_FUNDS');
});

test('a transaction that is not mined is sent again at a higher price, and counted once', async () => {
  const { node, accounts } = world.devnet;
  const meter = new GasMeter();
  const sender = new Sender(node, new Wallet(accounts[CLIENT]?.privateKey ?? ''), { meter, raiseAfterMs: 50 });
  await node.send('evm_setAutomine', [false]);
  try {
    const sending = sender.send(transfer(3n));
    await new Promise((resolve) => setTimeout(resolve, 400));
    const pool = (await node.send('txpool_content', [])) as {
      pending: Record<string, Record<string, { maxFeePerGas: string }>>;
    };
    const [waiting] = Object.entries(pool.pending).flatMap(([from, byNonce]) =>
      from.toLowerCase() === sender.address.toLowerCase() ? Object.values(byNonce) : [],
    );
    const [pending] = sender.health()[0]?.pending ?? [];
    assert.ok(pending && pending.replacements > 0);
    const asked = sender.lastFees?.fees.maxFeePerGas ?? 0n;
    assert.ok(waiting && BigInt(waiting.maxFeePerGas) > asked, 'the price was raised');
    await node.send('evm_mine', []);
    assert.is((await sending).gasUsed, 21_000n);
  } finally {
    await node.send('evm_setAutomine', [true]);
  }
  assert.is(await node.getBalance(SOMEBODY), 3n);
  assert.is(meter.entries.length, 1);
});

test('an answer that is lost on the way is no second transaction', async () => {
  const { node } = world.devnet;
  const sender = world.devnet.sender(CLIENT);
  const send = node.send.bind(node);
  let lost = 0;
  node.send = async (method, params) => {
    const answer = await send(method, params);
    if (method !== 'eth_sendRawTransaction') return answer;
    lost++;
    throw new NetworkError('OG_NODE_UNREACHABLE', 'It closed the connection.');
  };
  const before = await node.getTransactionCount(sender.address);
  try {
    assert.is((await sender.send(transfer(5n))).gasUsed, 21_000n);
  } finally {
    node.send = send;
  }
  assert.is(lost, 1);
  assert.is((await node.getTransactionCount(sender.address)) - before, 1);
  assert.is(await node.getBalance(SOMEBODY), 5n);
});

test('a node that is away while a transaction is mined is asked again', async () => {
  const { node } = world.devnet;
  const sender = world.devnet.sender(CLIENT);
  const { getTransactionReceipt } = node;
  let asked = 0;
  node.getTransactionReceipt = (hash) =>
    ++asked < 4
      ? Promise.reject(new NetworkError('OG_NODE_UNREACHABLE', 'gone'))
      : getTransactionReceipt.call(node, hash);
  try {
    assert.is((await sender.send(transfer(6n))).gasUsed, 21_000n);
  } finally {
    node.getTransactionReceipt = getTransactionReceipt;
  }
});

test('waiting for a block ends', async () => {
  const { node, accounts } = world.devnet;
  const sender = new Sender(node, new Wallet(accounts[CLIENT]?.privateKey ?? ''), { giveUpAfterMs: 100 });
  await node.send('evm_setAutomine', [false]);
  const error = await errorOf(sender.send(transfer(1n)));
  await node.send('evm_mine', []);
  await node.send('evm_setAutomine', [true]);
  assert.is(error.code, 'OG_NOT_MINED');
  assert.is(error.exitCode, 3);
});

test('a race that is lost in the block is a refusal with its reason', async () => {
  const { node, contracts } = world.devnet;
  const job = await world.request();
  await world.claim(WORKER, job);
  await world.passWindow();
  const { claims } = await currentView(await readerOfJob(contracts, job), job);
  const output = contracts.jobs.call('finalize', [jobId(job), termsOf(claims[0] as ClaimState), '0x0032']);
  await node.send('evm_setAutomine', [false]);
  const both = [world.devnet.sender(CLIENT), world.devnet.sender(WORKER)].map((sender) => sender.send(output));
  const ends = Promise.allSettled(both);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await node.send('evm_mine', []);
  await node.send('evm_setAutomine', [true]);
  const failed = (await ends).filter((end) => end.status === 'rejected').map(({ reason }) => reason as ContractRefusal);
  assert.equal(
    failed.map(({ errorName, message }) => [errorName, message]),
    [['Jobs_WrongStatus', 'Job 1 is final, which this cannot be done to.']],
  );
});

test('what was spent is summed without keeping every transaction', () => {
  const meter = new GasMeter();
  const spent = { kind: 'transfer', txHash: '0x', gasUsed: 21_000n, gasPriceWei: 2n, calldataBytes: 3 } as const;
  for (let i = 0; i < 2_500; i++) meter.record(spent);
  assert.is(meter.entries.length, 1_000);
  const sums = { transactions: 2_500, gasUsed: 52_500_000n, feeWei: 105_000_000n, calldataBytes: 7_500 };
  assert.equal([meter.total, meter.byKind()], [sums, { transfer: sums }]);
});

test.run();
