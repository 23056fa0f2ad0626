/**
 * `npm run soak -- [--jobs 10000] [--timed 400] [--json]`: thousands of jobs through one `og watch` on an anvil, one in a hundred of them a
 * lie. Jobs come in batches. A batch is posted ten jobs to a block, judged, fought over, ended, and left behind by more blocks than a job
 * is remembered for. Before each batch some of its inferences are run in a bare loop: as many processes, with as many threads, as the
 * watchtower has, doing nothing but trace, root and spot check. The claims are made of its answers; all batches have the same inputs, and what
 * the watchtower has kept of them on disk is deleted. Node, client and bare loop are on the same machine, and take their part of it.
 *
 * First a model whose runs take next to no time, for what many jobs leave behind; then some jobs of one whose runs take about a hundred times
 * as long, for the throughput. What the batches come to is told in a table, and written to bench/soak.json.
 *
 * Exit code 0 only when every claim was judged and every lie has lost, nothing failed, neither the watchtower nor its child processes have at
 * any time taken more than 1.1 times the memory that they took for jobs 1,001 to 2,000, no more files are open than then, and jobs of the larger model were judged at least
 * 0.9 times as fast as the bare loop runs them.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Posted, Question } from './watchtower/market.js';
import { lieOf, Stage } from './watchtower/stage.js';
import { childrenOf, sum, usageOf } from './watchtower/usage.js';
import { type Batch, growthOf, percent, type Soak, slownessOf } from './watchtower/verdict.js';

/** Of a batch, those that are run in the bare loop again, for comparison. */
const BARE_RUNS = 100;
/** One job in so many is a lie. */
const LIE_EVERY = 100;
const ENDURANCE_BATCH = 1_000;
const TIMED_BATCH = 200;
const JOBS_A_BLOCK = 10;
const FORGET_BLOCKS = 300;

const PARALLEL = availableParallelism();

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '10000' },
    timed: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const started = Date.now();
const endurance = await soak('digits', Number(values.jobs), ENDURANCE_BATCH);
const timed = await soak('48x320', Number(values.timed), TIMED_BATCH);
report();

async function soak(model: string, jobs: number, batchJobs: number): Promise<Soak> {
  const stage = await Stage.open({ model, parallel: PARALLEL, jobsABlock: JOBS_A_BLOCK });
  say(`${stage.modelName}: ${jobs} jobs; ${PARALLEL} runs at a time, each with threads: ${stage.threads}`);
  const batches: Batch[] = [];
  try {
    const questions = await stage.questions(Math.min(jobs, batchJobs));
    for (let done = 0; done < jobs; done = batches.at(-1)?.jobs ?? jobs) {
      batches.push(await soakBatch(stage, questions.slice(0, jobs - done), done));
      say(JSON.stringify(batches.at(-1)));
    }
  } finally {
    const fine = batches.at(-1)?.jobs === jobs && stage.tower.failures.length === 0;
    if (!fine) say(`the watchtower's log is in ${stage.folder}`);
    await stage.close(!fine);
  }
  const { modelName, threads, tower } = stage;
  const seconds = (kind: 'barePerSecond' | 'judgedPerSecond'): number =>
    batches.reduce((total, batch) => total + 1 / batch[kind], 0);
  const throughput = round(seconds('barePerSecond') / seconds('judgedPerSecond'));
  return { model: modelName, processes: PARALLEL, threads, batches, throughput, failures: tower.failures };
}

async function soakBatch(stage: Stage, questions: readonly Question[], jobsBefore: number): Promise<Batch> {
  const { market, tower } = stage;
  const count = questions.length;
  stage.forgetRuns();
  const again = questions.slice(0, BARE_RUNS).map(({ input }) => input);
  const { seconds: bareSeconds } = await stage.bare.run(stage.model.modelId, again);
  const lying = (i: number): boolean => i % LIE_EVERY === LIE_EVERY - 1;

  const usage = () => ({ own: usageOf(tower.pid), children: sum(childrenOf(tower.pid).map(usageOf)) });
  const before = usage();
  let [ownRssBytes, childRssBytes] = [0, 0];
  const sampling = setInterval(() => {
    const { own, children } = usage();
    ownRssBytes = Math.max(ownRssBytes, own.rssBytes);
    childRssBytes = Math.max(childRssBytes, children.rssBytes);
  }, 500);
  try {
    const honest = await market.post(
      stage.worker,
      questions.filter((_, i) => !lying(i)),
    );
    const lies = await market.post(stage.liar, questions.filter((_, i) => lying(i)).map(lieOf));
    const all = [...honest, ...lies];
    await stage.until(() => all.every(({ id }) => tower.judgedMs.has(Number(id))), 'judging');
    const after = usage();
    const judgedMs = all.map(({ id }) => tower.judgedMs.get(Number(id)) ?? 0).sort((x, y) => x - y);
    const judgedSeconds = ((judgedMs.at(-1) ?? 0) - (judgedMs[0] ?? 0)) / 1000;
    await settle(stage, honest, lies);
    const cpuMs = (of: 'own' | 'children'): number =>
      round(((after[of].cpuSeconds - before[of].cpuSeconds) * 1000) / count);
    return {
      jobs: jobsBefore + count,
      barePerSecond: round(again.length / bareSeconds),
      judgedPerSecond: round((count - 1) / judgedSeconds),
      ownCpuMs: cpuMs('own'),
      childCpuMs: cpuMs('children'),
      ownRssBytes,
      childRssBytes,
      handles: usageOf(tower.pid).handles,
    };
  } finally {
    clearInterval(sampling);
  }
}

/** Liars are silent: their clocks run out. Then the windows do, everything ends, and is left behind. */
async function settle(stage: Stage, honest: readonly Posted[], lies: readonly Posted[]): Promise<void> {
  const { market, tower } = stage;
  const all = (decision: string): boolean => lies.every(({ id }) => tower.did(decision).has(Number(id)));
  const { clockSeconds, challengeWindowSeconds } = stage.devnet.contracts.parameters;
  const mining = setInterval(() => void market.mine().catch(() => undefined), 250);
  try {
    await stage.until(() => all('challenge') && all('revealAndMove'), 'challenging');
    await market.pass(clockSeconds + 1);
    await stage.until(() => all('callTime'), 'calling time');
    await market.pass(challengeWindowSeconds + 1);
    await stage.until(() => all('finalize'), 'ending');
  } finally {
    clearInterval(mining);
  }
  await market.finalize(stage.worker, honest);
  await market.mine(FORGET_BLOCKS);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
}

function report(): void {
  const problems = [...growthOf(endurance), ...slownessOf(timed), ...endurance.failures, ...timed.failures];
  const held = problems.length === 0;
  const seconds = Math.round((Date.now() - started) / 1000);
  const machine = `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`;
  const facts = { machine, loadAverage: loadavg().map(round), seconds, endurance, timed, problems, held };
  writeFileSync(fileURLToPath(new URL('soak.json', import.meta.url)), `${JSON.stringify(facts, null, 2)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(facts)}\n`);
  else {
    for (const each of [endurance, timed]) process.stdout.write(`${tableOf(each)}\n`);
    for (const problem of problems) process.stdout.write(`PROBLEM ${problem}\n`);
    process.stdout.write(
      `${held ? 'held' : 'DID NOT HOLD'}: ${values.jobs} jobs, and ${percent(timed.throughput)} of the speed of a bare loop; ${seconds} s\n`,
    );
  }
  process.exitCode = held ? 0 : 1;
}

function tableOf({ model, batches }: Soak): string {
  const rows = batches.map((batch) => [
    String(batch.jobs),
    String(batch.barePerSecond),
    String(batch.judgedPerSecond),
    String(batch.ownCpuMs),
    String(batch.childCpuMs),
    megabytes(batch.ownRssBytes),
    megabytes(batch.childRssBytes),
    String(batch.handles),
  ]);
  const head = ['jobs', 'bare/s', 'judged/s', 'own ms', 'child ms', 'own MB', 'children MB', 'files'];
  const lines = [head, ...rows].map((row) =>
    row.map((cell, column) => cell.padStart((head[column] as string).length + 2)).join(''),
  );
  return [model, ...lines].join('\n');
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
