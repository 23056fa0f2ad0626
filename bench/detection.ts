/**
 * `npm run bench:detection -- [--lies 100] [--models digits,bert,48x320] [--latency 20] [--json]`: how long after the block of a wrong claim
 * `og watch` sends its counter-claim. Lies come at random moments among three times as many honest claims; every job is run anew. Between the
 * watchtower and its node is a relay that makes every answer take so many milliseconds longer, and sees what is sent.
 *
 * Writes bench/detection.json. Exit code 0 only when, for each model, the 95th percentile is at most one inference (the median of the bare
 * loop) and two seconds.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from '../fixtures/random.js';
import { abis } from '../src/chain/generated/contracts.js';
import { interfaceOf } from '../src/chain/typed.js';
import { inputRootOf } from '../src/commit/model.js';
import { Relay } from './watchtower/relay.js';
import { lieOf, Stage } from './watchtower/stage.js';

const MOST_MS_BESIDE_RUN = 2_000;
const HONEST_FOR_A_LIE = 3;
/** Between two jobs, on average. */
const PAUSE_MS = 250;
/** Blocks come also when nothing happens. */
const BLOCK_MS = 1_000;
/** Inferences whose median is what one takes. */
const RUNS_ALONE = 20;
/** Honest jobs before the first lie: the model is loaded by then. */
const WARM_UP = 6;

const JOBS = interfaceOf(abis.Jobs);

const { values } = parseArgs({
  options: {
    lies: { type: 'string', default: '100' },
    models: { type: 'string', default: 'digits,bert,48x320' },
    latency: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const lies = Number(values.lies);
const latencyMs = Number(values.latency);

interface Detection {
  readonly model: string;
  readonly lies: number;
  /** One inference in the bare loop. */
  readonly runMs: number;
  /** From the block of the wrong claim to the counter-claim's transaction. */
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly mostMs: number;
  readonly within: boolean;
}

const results: Detection[] = [];
for (const model of values.models.split(',')) results.push(await detect(model));
report();

async function detect(part: string): Promise<Detection> {
  /** By the input's root: no two jobs have the same. */
  const sentMs = new Map<string, number>();
  let relay: Relay | undefined;
  const stage = await Stage.open({
    model: part,
    parallel: availableParallelism(),
    jobsABlock: 1,
    async nodeFor(url) {
      relay = await Relay.open(url, latencyMs, ({ data }) => {
        const call = JOBS.parseTransaction({ data });
        if (call?.name === 'challenge') sentMs.set(call.args['target'].inputRoot as string, Date.now());
      });
      return relay.url;
    },
  });
  const { market, tower, model } = stage;
  const mining = setInterval(() => void market.mine().catch(() => undefined), BLOCK_MS);
  const wrongMs = new Map<string, number>();
  try {
    const questions = await stage.questions(WARM_UP + lies * (1 + HONEST_FOR_A_LIE));
    const runsMs: number[] = [];
    for (const { input } of questions.slice(0, RUNS_ALONE))
      runsMs.push((await stage.bare.run(model.modelId, [input])).seconds * 1000);
    const random = new Random(1);
    const kinds = Array.from({ length: lies * (1 + HONEST_FOR_A_LIE) }, (_, i) => i < lies);
    random.shuffle(kinds);
    for (const [i, question] of questions.entries()) {
      const isWrong = i >= WARM_UP && kinds[i - WARM_UP] === true;
      if (i >= WARM_UP) await new Promise((resolve) => setTimeout(resolve, -Math.log(1 - random.unit()) * PAUSE_MS));
      if (isWrong) wrongMs.set(inputRootOf(model.commitment.model, question.input), Date.now());
      const [job] = await market.post(isWrong ? stage.liar : stage.worker, [isWrong ? lieOf(question) : question]);
      if (i < WARM_UP) await stage.until(() => tower.judgedMs.has(Number(job?.id)), 'judging');
    }
    await stage.until(() => sentMs.size === lies, 'challenging', 60_000);
    const tookMs = [...wrongMs].map(([inputRoot, ms]) => (sentMs.get(inputRoot) ?? Number.POSITIVE_INFINITY) - ms);
    const [runMs, p95Ms] = [quantile(runsMs, 0.5), quantile(tookMs, 0.95)];
    return {
      model: stage.modelName,
      lies,
      runMs,
      medianMs: quantile(tookMs, 0.5),
      p95Ms,
      mostMs: quantile(tookMs, 1),
      within: p95Ms <= runMs + MOST_MS_BESIDE_RUN,
    };
  } finally {
    // Blocks go on: a watchtower ends when what it has sent is mined.
    await stage.close(wrongMs.size === 0 || sentMs.size < wrongMs.size, () => clearInterval(mining));
    relay?.close();
  }
}

function quantile(all: readonly number[], share: number): number {
  const sorted = [...all].sort((x, y) => x - y);
  return Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
}

function report(): void {
  const facts = {
    machine: `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`,
    loadAverage: loadavg().map((each) => Number(each.toFixed(1))),
    latencyMs,
    results,
  };
  writeFileSync(fileURLToPath(new URL('detection.json', import.meta.url)), `${JSON.stringify(facts, null, 2)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(facts)}\n`);
  else
    for (const { model, runMs, medianMs, p95Ms, mostMs, within } of results)
      process.stdout.write(
        `${model}: one run ${runMs} ms; detected after ${medianMs} ms (median), ${p95Ms} ms (95 %), ${mostMs} ms (most): ` +
          `${within ? 'within' : 'NOT within'} one run and ${MOST_MS_BESIDE_RUN} ms\n`,
      );
  process.exitCode = results.every(({ within }) => within) ? 0 : 1;
}
