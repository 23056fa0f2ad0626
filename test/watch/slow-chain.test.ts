/** A chain that makes its own blocks, under another chain id: nothing may lean on what only a devnet does. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEVNET_PARAMETERS } from '../../src/chain/parameters.js';
import { readJob } from '../../src/chain/requests.js';
import { seconds } from '../../src/units.js';
import type { DecisionLine } from '../../src/watch/line.js';
import { watch } from '../../src/watch/watch.js';
import { tamper } from '../../src/worker/tamper.js';
import { eventually, LIAR, WATCHTOWER, World } from '../chain/world.js';

let world: World;
test.before(async () => {
  const parameters = { ...DEVNET_PARAMETERS, challengeWindowSeconds: seconds(8), clockSeconds: seconds(4) };
  world = await World.create({ chainId: 4242, blockTimeSeconds: 1, parameters });
});
test.after(() => world.stop());

test('a silent liar is caught, and the job ends with the truth', async () => {
  const { contracts, store, devnet, verifier } = world;
  assert.not.ok(devnet.node.isDevnet);
  const job = await world.request();
  await world.claim(LIAR, job, tamper(world.truth, { slot: 2, element: 5 }));
  const control = new AbortController();
  const lines: DecisionLine[] = [];
  const log = (line: DecisionLine): number => lines.push(line);
  const sender = devnet.sender(WATCHTOWER);
  const watching = watch({ contracts, store, verifier, sender, log, pollMs: 100, signal: control.signal });
  await eventually(async () => (await readJob(contracts, job)).status === 'final');
  control.abort();
  await watching;
  const sent = lines.filter(({ txHash }) => txHash).map(({ decision }) => decision);
  assert.equal(sent.slice(0, 4), ['challenge', 'revealAndMove', 'callTime', 'finalize']);
  assert.not.ok(lines.some(({ decision }) => decision === 'failed'));
});

test.run();
