/**
 * `npm run fuzz:files -- [--mutations 20000] [--seed 1] [--only <index>] [--json]`: damaged model files and artefacts. Each must be
 * refused with a sentence, or compute what the reference evaluator computes, in 10 seconds of processor time and 4 GB. `--only` tries one
 * mutation of the seed again, in this process. Exits 1 on any crash, hang or wrong result, 2 on wrong usage.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runTasks, type Work } from './child-processes.js';
import { mutation } from './fuzz/mutation.js';
import type { Outcome, Task } from './fuzz/outcome.js';
import { tryFile } from './fuzz/try-file.js';

const WORK: Work<Task, Outcome> = {
  worker: new URL('fuzz/worker.ts', import.meta.url),
  timeoutMs: 120_000,
  limits: { processorMs: 10_000, residentBytes: 4 * 2 ** 30 },
  failed: ({ index }, reason, milliseconds) => ({
    index,
    kind: null,
    verdict: { status: 'crashed', reason },
    milliseconds,
  }),
};

const { values } = parseArgs({
  options: {
    mutations: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    save: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [count, seed] = [Number(values.mutations), Number(values.seed)];
if (![count, seed].every(Number.isSafeInteger) || count < 1) {
  process.stderr.write(
    'Usage: npm run fuzz:files -- [--mutations 20000] [--seed 1] [--only index [--save file]] [--json]\n',
  );
  process.exit(2);
}

const isBad = ({ verdict }: Outcome): boolean => verdict.status === 'crashed' || verdict.status === 'wrong';

function print(outcome: Outcome): void {
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, ...outcome })}\n`);
  else if (isBad(outcome)) {
    const { status, ...more } = outcome.verdict;
    const reason = 'reason' in more ? more.reason : '';
    process.stdout.write(`${status} --seed ${seed} --only ${outcome.index}: ${reason}\n`);
  }
}

async function tryOne(index: number): Promise<Outcome[]> {
  const { kind, name, bytes } = await mutation(seed, index);
  if (values.save !== undefined) writeFileSync(values.save, bytes);
  process.stderr.write(`mutation ${index}: the ${kind} "${name}", ${bytes.length} bytes\n`);
  const started = performance.now();
  const verdict = await tryFile(kind, bytes, index);
  const outcome = { index, kind, verdict, milliseconds: Math.round(performance.now() - started) };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  return [outcome];
}

const tasks = Array.from({ length: count }, (_, index) => ({ seed, index }));
const outcomes = values.only === undefined ? await runTasks(tasks, WORK, print) : await tryOne(Number(values.only));
const countOf = (status: string): number => outcomes.filter(({ verdict }) => verdict.status === status).length;
const slowest = Math.max(...outcomes.map(({ milliseconds }) => milliseconds));
const totals = {
  mutations: outcomes.length,
  refused: countOf('refused'),
  right: countOf('right'),
  wrong: countOf('wrong'),
  crashed: countOf('crashed'),
};
if (values.json) process.stdout.write(`${JSON.stringify({ totals, slowestMilliseconds: slowest })}\n`);
else
  process.stdout.write(
    `${totals.mutations} mutations: ${totals.refused} refused, ${totals.right} right, ${totals.wrong} wrong, ${totals.crashed} crashed (slowest ${slowest} ms)\n`,
  );
process.exitCode = outcomes.some(isBad) ? 1 : 0;
