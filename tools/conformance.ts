/**
 * `npm run conformance -- <folder> [--json] [--only <text>]`: runs every ONNX-style case below a folder.
 * Exits 1 when a case is wrong or crashed, 2 on wrong usage.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runTasks, type Work } from './child-processes.js';
import { findCases } from './conformance/cases.js';
import { type Outcome, totalsOf } from './conformance/outcome.js';

interface Task {
  readonly root: string;
  readonly name: string;
}

const WORK: Work<Task, Outcome> = {
  worker: new URL('conformance/worker.ts', import.meta.url),
  timeoutMs: 120_000,
  failed: ({ name }, reason, milliseconds) => ({ case: name, status: 'crashed', reason, maxError: null, milliseconds }),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const root = positionals[0];
if (!root || !existsSync(root)) {
  process.stderr.write(
    `${root ? `${root} does not exist.` : 'Say which folder.'} Usage: npm run conformance -- <folder> [--json]\n`,
  );
  process.exit(2);
}

function print(outcome: Outcome): void {
  if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else if (outcome.status !== 'passed')
    process.stdout.write(`${outcome.status.padEnd(8)} ${outcome.case}: ${outcome.reason}\n`);
}

const names = findCases(root).filter((name) => !values.only || name.includes(values.only));
const tasks = names.map((name) => ({ root, name }));
const totals = totalsOf(await runTasks(tasks, WORK, print));
if (values.json) process.stdout.write(`${JSON.stringify({ totals })}\n`);
else
  process.stdout.write(
    `${totals.passed} passed, ${totals.wrong} wrong, ${totals.refused} refused, ${totals.crashed} crashed of ${names.length}\n`,
  );
process.exitCode = totals.wrong + totals.crashed > 0 || names.length === 0 ? 1 : 0;
