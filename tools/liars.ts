/**
 * `npm run liars [-- --only <text>[,<text>]] [-- --parallel <n>] [-- --json]`: every strategy that a liar is known to
 * have, by name, each on a chain of its own against the functions that `og watch`, `og worker` and `og challenge` call. Exits 1 when the honest side has lost anything, or
 * something wrong became final.
 */
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { table } from '../src/cli/table.js';
import { STATED_GAS_PRICE_WEI } from '../test/liars/ledger.js';
import { STRATEGIES } from '../test/liars/register.js';
import { playStrategy, type Result, type Strategy } from '../test/liars/strategy.js';
import { Workshop } from '../test/liars/subject.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    parallel: { type: 'string', default: '2' },
  },
});

const sumOf = (result: Result, of: (account: Result['accounts'][number]) => bigint): bigint =>
  result.accounts.reduce((sum, account) => sum + of(account), 0n);
const gasOf = (result: Result): bigint => sumOf(result, ({ gasUsed }) => gasUsed);
const netOf = (result: Result): bigint => sumOf(result, ({ netWei }) => netWei);
/** Who of the honest side has paid more gas than came back. */
const uncovered = ({ accounts }: Result): string[] =>
  accounts.filter(({ netWei }) => netWei < 0n).map(({ name }) => name);

async function play(strategy: Strategy): Promise<Result> {
  const result = await playStrategy(workshop, strategy);
  const { name, sentence, outcome, seconds, problems } = result;
  process.stderr.write(`${name}: ${sentence}: ${outcome}, ${seconds.toFixed(1)} s\n`);
  for (const problem of problems) process.stderr.write(`  ${name}: ${problem}\n`);
  return result;
}

const startedAt = performance.now();
const workshop = new Workshop();
const queue = new PQueue({ concurrency: Number(values.parallel) });
const asked = STRATEGIES.filter(({ name }) => values.only.split(',').some((part) => name.includes(part)));
const results = await queue.addAll(asked.map((strategy) => () => play(strategy)));
await workshop.close();

const failed = results.filter(({ problems }) => problems.length > 0);
const seconds = (performance.now() - startedAt) / 1000;
const totals = {
  strategies: results.length,
  failed: failed.length,
  uncovered: results.filter((result) => uncovered(result).length > 0).length,
  gasUsed: results.reduce((sum, result) => sum + gasOf(result), 0n),
  netWei: results.reduce((sum, result) => sum + netOf(result), 0n),
  seconds,
};

const thousands = (count: bigint): string => count.toLocaleString('en');
const HEADS = ['strategy', 'outcome', 'rounds', 'honest gas', 'honest net, wei', 'gas not covered', 's'];
if (values.json) {
  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  const facts = { gasPriceWei: STATED_GAS_PRICE_WEI, results, totals };
  process.stdout.write(`${JSON.stringify(facts, plain, 2)}\n`);
} else {
  const rows = results.map((result) => [
    result.name,
    result.problems.length === 0 ? result.outcome : `FAILED: ${result.outcome}`,
    result.rounds,
    thousands(gasOf(result)),
    thousands(netOf(result)),
    uncovered(result).join(', ') || '-',
    result.seconds.toFixed(1),
  ]);
  process.stdout.write(`${table(HEADS, rows, [2, 3, 4, 6])}\n`);
  process.stdout.write(
    `${totals.strategies} strategies, ${totals.failed} failed, ${totals.uncovered} with an honest party whose gas was not covered; ` +
      `honest side: ${thousands(totals.gasUsed)} gas, net ${thousands(totals.netWei)} wei at ${STATED_GAS_PRICE_WEI / 10n ** 9n} gwei; ${seconds.toFixed(0)} s\n`,
  );
}
process.exitCode = results.length === 0 || failed.length > 0 ? 1 : 0;
