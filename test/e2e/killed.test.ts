/** A watchtower, as people start it, killed again and again in the middle of its matches: it goes on from the chain alone. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../fixtures/random.js';
import { currentView, readerOfJob } from '../../src/chain/reader.js';
import { readJob } from '../../src/chain/requests.js';
import type { JobView } from '../../src/dispute/game.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import type { JobId } from '../../src/units.js';
import { playOwnClaims } from '../../src/worker/play.js';
import { tamper } from '../../src/worker/tamper.js';
import { eventually, LIAR, WATCHTOWER, WORKER, World } from '../chain/world.js';
import { build, Terminal } from './og.js';

const test = suite('a watchtower that is killed');
/** Enough that some of them hit every stage of a match. */
const KILLS = 6;
const SEED = 7;

let world: World;
let tower: Terminal;
test.before(async () => {
  await build();
  world = await World.create({ blockTimeSeconds: 1 });
  const { devnet, contracts } = world;
  tower = new Terminal({
    OG_RPC_URL: devnet.url,
    OG_DEPLOYMENT: contracts.address,
    OG_PRIVATE_KEY: devnet.accounts[WATCHTOWER]?.privateKey ?? '',
  });
});
test.after(async () => {
  tower?.close();
  await world?.stop();
});

const viewOf = async (job: JobId): Promise<JobView> => currentView(await readerOfJob(world.contracts, job), job);

/** The watchtower is started, works for a moment of `random`'s, and is killed. */
async function liveShortly(random: Random): Promise<void> {
  const watching = tower.start('watch', '--json');
  await new Promise((resolve) => watching.stdout?.once('data', resolve));
  await new Promise((resolve) => setTimeout(resolve, random.between(0, 2_500)));
  watching.kill('SIGKILL');
  await watching;
}

test('killed six times at random moments, its disk deleted once: it wins both matches, with one bond', async () => {
  const { contracts, devnet } = world;
  const trace: TraceSource = tamper(world.truth, { slot: 2, element: 5 });
  const lied = await world.request();
  await world.claim(LIAR, lied, trace);
  const attacked = await world.request();
  await world.claim(WORKER, attacked);
  await world.challenge(LIAR, attacked, trace);
  const control = new AbortController();
  const { signal } = control;
  const sender = devnet.sender(LIAR);
  const lying = Promise.all(
    [lied, attacked].map((jobId) => playOwnClaims({ contracts, sender, jobId, trace, signal })),
  );

  const random = new Random(SEED);
  let inMatch = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    await liveShortly(random);
    const matches = (await Promise.all([viewOf(lied), viewOf(attacked)])).flatMap((view) => view.matches);
    if (matches.some(({ phase }) => phase !== 'over')) inMatch++;
    if (kill === KILLS / 2) rmSync(join(tower.folder, 'home'), { recursive: true, force: true });
  }
  assert.ok(inMatch > 0, 'a kill was in the middle of a match');

  const watching = tower.start('watch', '--json');
  const liarLost = async (job: JobId): Promise<boolean> =>
    (await viewOf(job)).claims.every(({ claimant, status }) => claimant !== sender.address || status === 'lost');
  await eventually(async () => (await liarLost(lied)) && (await liarLost(attacked)));
  await world.passWindow();
  await eventually(async () => (await readJob(contracts, lied)).status === 'final');
  watching.kill('SIGKILL');
  await watching;
  control.abort();
  await lying;

  const own = devnet.accounts[WATCHTOWER]?.address;
  const claims = (await viewOf(lied)).claims.filter(({ claimant }) => claimant === own);
  assert.equal(
    claims.map(({ status }) => status),
    ['final'],
    'one bond, and it won',
  );
  const honest = (await viewOf(attacked)).claims.filter(({ claimant }) => claimant !== sender.address);
  assert.is(honest.length, 1, 'nobody bonded for the claim that was attacked');
  // Final when the watchtower has come to ending that job, too: its gas comes back then.
  assert.match(honest[0]?.status ?? 'none', /^(live|final)$/);
});

test.run();
