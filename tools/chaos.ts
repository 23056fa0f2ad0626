/**
 * `npm run chaos -- [--jobs 200] [--seed S] [--window 240] [--clock 240] [--kill-every 5] [--json] [--write]`, times in seconds: a
 * watchtower and a worker, as people start them, while everything goes wrong. A fifth of the jobs are lied in. Exit code 0 when every planned lie
 * was told and has lost its bond, every planned kind of fault has happened, no honest bond is lost, no job is stuck, no wrong result final, and
 * no bond put up twice. `--write` keeps the figures in bench/chaos.json. The seed draws the jobs, the lies, and the moments
 * of the faults; how the processes meet them is up to the machine. The full disk is every write of the daemons failing with ENOSPC.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startDevnet } from '../src/chain/devnet.js';
import { registerModel } from '../src/chain/model-registry.js';
import { DEVNET_PARAMETERS } from '../src/chain/parameters.js';
import type { Hash } from '../src/commit/hash.js';
import { commitModel } from '../src/commit/model.js';
import { Store } from '../src/store/store.js';
import { seconds } from '../src/units.js';
import { smallArtefact, smallProgram } from '../test/chain/small-model.js';
import { Daemon } from './chaos/daemon.js';
import { MIN_FEE_WEI, People } from './chaos/people.js';
import { planJobs } from './chaos/plan.js';
import { type ChaosVerdict, verdictOf } from './chaos/verdict.js';
import { Weather } from './chaos/weather.js';

/** Another than a devnet's, so that the daemons do as they do on real chains. */
const CHAIN_ID = 31_338;
const [CLIENT, WORKER, WATCHTOWER, FIRST_LIAR, LIARS] = [1, 2, 3, 4, 5];
const SECONDS_A_JOB = 0.6;
/** After the last clock has ended: for a job to be answered, and its end to be sent. */
const GRACE_SECONDS = 120;
const GRACE_SECONDS_A_JOB = 3;

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    seed: { type: 'string' },
    window: { type: 'string', default: '240' },
    clock: { type: 'string', default: '240' },
    'kill-every': { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const jobs = Number(values.jobs);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const [windowSeconds, clockSeconds] = [Number(values.window), Number(values.clock)];
const killEverySeconds = Number(values['kill-every']);
const started = Date.now();
const say = (text: string): void => void process.stderr.write(`${text}\n`);
say(`seed ${seed}, ${jobs} jobs, a challenge window of ${windowSeconds} s, clocks of ${clockSeconds} s`);

const folder = mkdtempSync(join(tmpdir(), 'og-chaos-'));
const fullDisk = join(folder, 'disk-is-full');
const devnet = await startDevnet({
  chainId: CHAIN_ID,
  blockTimeSeconds: 1,
  parameters: {
    ...DEVNET_PARAMETERS,
    challengeWindowSeconds: seconds(windowSeconds),
    clockSeconds: seconds(clockSeconds),
  },
});
await registerSmallModel();
const proxies = await Weather.proxies(devnet.url, seed);
const plan = planJobs(smallProgram(), jobs, seed, jobs * SECONDS_A_JOB);
const watchtower = await daemon('watch', WATCHTOWER, ['--hold-off', '3s', '--sample', '1']);
const worker = await daemon('worker', WORKER, ['--min-fee', `${MIN_FEE_WEI}wei`]);
const daemons = [watchtower, worker];
const liars = Array.from({ length: LIARS }, (_, i) => devnet.sender(FIRST_LIAR + i));
const people = new People(devnet.contracts, devnet.sender(CLIENT), liars, plan);
const weather = new Weather(seed, devnet.node, proxies, daemons, fullDisk, killEverySeconds);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const each of daemons) each.end();
    process.exit(1);
  });

let verdict: ChaosVerdict;
try {
  for (const each of daemons) each.start();
  weather.begin();
  await play();
  await people.reader.refresh();
  verdict = await verdictOf(people.reader, plan, [WATCHTOWER, WORKER].map(addressOf));
} finally {
  await weather.end();
  for (const each of daemons) each.end();
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await devnet.stop();
}
report(verdict);

/** So deep that no reorganisation takes it back. */
async function registerSmallModel(): Promise<void> {
  const none: Hash = `0x${'00'.repeat(32)}`;
  const { model } = commitModel(smallProgram());
  const provenance = { sourceSha256: none, fidelityHash: none, uri: '' };
  await registerModel(devnet.contracts, devnet.sender(CLIENT), model, provenance);
  await devnet.node.send('anvil_mine', ['0x10']);
}

/** Until every job has ended, or must have. */
async function play(): Promise<void> {
  const graceSeconds = GRACE_SECONDS + jobs * GRACE_SECONDS_A_JOB;
  const lastSeconds = jobs * SECONDS_A_JOB + windowSeconds + 2 * clockSeconds + graceSeconds;
  let toldMs = Date.now();
  while (Date.now() - started < lastSeconds * 1000) {
    await people.look().catch(() => undefined); // a reorganisation in the middle of it
    const all = plan.flatMap((job) => people.jobsOf(job));
    const ended = all.filter((id) => people.reader.log.record(id)?.endedInBlock !== null);
    if (plan.every((job) => people.jobsOf(job).length > 0) && ended.length === all.length) return;
    if (Date.now() - toldMs > 20_000) {
      toldMs = Date.now();
      say(
        `${Math.round((toldMs - started) / 1000)} s: ${all.length} jobs asked, ${ended.length} ended, ${weather.counts.kills} kills`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function daemon(command: 'watch' | 'worker', account: number, flags: readonly string[]): Promise<Daemon> {
  const home = join(folder, command);
  await new Store(home).putArtefact(smallArtefact());
  // Each has another node first.
  const nodes = (command === 'watch' ? proxies : [...proxies].reverse()).map(({ url }) => url).join();
  const args = [command, '--json', '--rpc', nodes, '--rpc-timeout', '3s', '--deployment', devnet.contracts.address];
  const environment = {
    OG_HOME: home,
    OG_PRIVATE_KEY: devnet.accounts[account]?.privateKey ?? '',
    OG_CHAOS_FULL_DISK: fullDisk,
    NODE_OPTIONS: `--require ${fileURLToPath(new URL('./chaos/full-disk.cjs', import.meta.url))}`,
  };
  return new Daemon(
    command,
    [...args, '--run-timeout', '10s', '--parallel', '1', ...flags],
    environment,
    join(folder, `${command}.log`),
  );
}

function addressOf(account: number): string {
  return devnet.accounts[account]?.address ?? '';
}

function report(found: ChaosVerdict): void {
  const elapsedSeconds = Math.round((Date.now() - started) / 1000);
  const { problems: wrong, ...totals } = found;
  const problems = [...wrong, ...weather.missing()];
  const held = problems.length === 0 && found.slashed === found.lies && found.jobs >= plan.length;
  const clocks = { windowSeconds, clockSeconds, killEverySeconds };
  const strategies = tally(plan.flatMap(({ strategy }) => (strategy ? [strategy.name] : [])));
  const faults = { ...weather.counts, calls: weather.calls };
  const facts = { seed, seconds: elapsedSeconds, ...clocks, faults, strategies, ...totals, problems, held };
  if (values.write)
    writeFileSync(new URL('../bench/chaos.json', import.meta.url), `${JSON.stringify(facts, null, 2)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(facts)}\n`);
  else {
    for (const [kind, count] of Object.entries({ ...weather.counts, ...weather.calls }))
      process.stdout.write(`${String(count).padStart(8)}  ${kind}\n`);
    for (const problem of problems) process.stdout.write(`PROBLEM ${problem}\n`);
    process.stdout.write(
      `${held ? 'held' : 'DID NOT HOLD'}: ${found.jobs} jobs, ${found.lies} lies of ${found.planned} planned, ` +
        `${found.slashed} slashed, ${found.honestBondsLost} honest bonds lost, ${found.stuck} stuck, ` +
        `${found.wrongFinal} wrong final, ${found.doubleBonds} double bonds, ${elapsedSeconds} s, seed ${seed}\n`,
    );
  }
  if (held) rmSync(folder, { recursive: true });
  else say(`the daemons' logs are in ${folder}`);
  process.exitCode = held ? 0 : 1;
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
