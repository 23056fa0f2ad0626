import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DecisionLine } from '../../src/watch/line.js';
import { watch } from '../../src/watch/watch.js';
import { tamper } from '../../src/worker/tamper.js';
import { eventually, LIAR, WATCHTOWER, World } from '../chain/world.js';

let world: World;
test.before(async () => {
  world = await World.create();
});
test.after(() => world.stop());

test('a bond that a reorganisation takes back is not put up a second time while it is on its way again', async () => {
  const { contracts, store, devnet, verifier } = world;
  const { node } = devnet;
  const job = await world.request();
  await world.claim(LIAR, job, tamper(world.truth, { slot: 1, element: 0 }));
  const control = new AbortController();
  const lines: DecisionLine[] = [];
  const sender = devnet.sender(WATCHTOWER);
  const watching = watch({
    contracts,
    store,
    sender,
    verifier,
    log: (line) => lines.push(line),
    pollMs: 20,
    signal: control.signal,
  });
  const decided = (decision: string): number => lines.filter((line) => line.decision === decision).length;
  try {
    await eventually(() => decided('challenge') === 1, 60_000);
    await node.send('evm_setAutomine', [false]);
    const again = new Promise((resolve) => node.events.once('transaction', resolve));
    const posted = lines.find((line) => line.decision === 'challenge');
    const { blockNumber } = await sender.receipt(posted?.txHash as `0x${string}`);
    await node.send('anvil_reorg', [(await node.getBlockNumber()) - blockNumber + 1, []]);
    await again;
    await new Promise((resolve) => setTimeout(resolve, 500)); // looks at the chain without its own claim
    await node.send('evm_setAutomine', [true]);
    await node.send('evm_mine', []);
    await eventually(async () => (await contracts.jobs.read('claimCount', [])) === 2n, 60_000);
    const seen = await node.getBlockNumber();
    await eventually(async () => {
      await node.send('evm_mine', []);
      return (await node.getBlockNumber()) > seen + 5;
    });
  } finally {
    control.abort();
    await watching;
  }
  assert.is(await contracts.jobs.read('claimCount', []), 2n, 'the lie and one counter-claim');
  assert.is(decided('challenge'), 1);
});

test.run();
