/** `npm run bench:compare <before.json> <after.json>`: what changed between two results of `npm run bench`. */
import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { MEASURED, type Results, ratio } from './results.js';

const [before, after] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')) as Results);
if (!before || !after) {
  console.error('Usage: npm run bench:compare <before.json> <after.json>');
  process.exit(2);
}
const change = (from: number, to: number): string => `${from.toFixed(2)} -> ${to.toFixed(2)}`;
const table = new Table({ head: ['model', 'threads', ...MEASURED.slice(1), 'compile s', 'peak MB'] });
for (const model of after.models) {
  const old = before.models.find((each) => each.model === model.model);
  if (!old) continue;
  for (const threads of [1, 2]) {
    table.push([
      model.model,
      threads,
      ...MEASURED.slice(1).map((what) => change(ratio(old, threads, what), ratio(model, threads, what))),
      change(old.compileMs / 1000, model.compileMs / 1000),
      change(old.peakBytes / 1e6, model.peakBytes / 1e6),
    ]);
  }
}
console.log(table.toString());
console.log('Multiples of the float32 model in ONNX Runtime, least against least.');
