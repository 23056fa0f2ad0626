/** Outputs in real numbers: shown, as JSON, or written to files. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RealOutput } from '../program/layout.js';
import { shapeText } from './arrays/tensor.js';
import { writeNpy } from './arrays/write-npy.js';
import { out } from './colour.js';
import type { Json } from './json.js';
import { writeFile } from './model-files.js';

/** Values that are printed; longer outputs are for files. */
const SHOWN_VALUES = 16;

export type Outputs = Readonly<Record<string, RealOutput>>;

/** @param files where each output was written; without one, its values are given. */
export function outputsJson(outputs: Outputs, files: Readonly<Record<string, string>> = {}): Json {
  const entries = Object.entries(outputs).map(([name, { shape, type, data }]): [string, Json] => {
    const file = files[name];
    return [name, { shape, type, ...(file === undefined ? { values: [...data] } : { file }) }];
  });
  return Object.fromEntries(entries);
}

export function showOutputs(outputs: Outputs, files: Readonly<Record<string, string>> = {}): string {
  return Object.entries(outputs)
    .map(([name, output]) => {
      const where = files[name] === undefined ? '' : ` -> ${files[name]}`;
      return `${out.bold(name)} ${out.dim(`${output.type} ${shapeText(output.shape)}`)}${where}\n  ${showValues(output.data)}`;
    })
    .join('\n');
}

function showValues(data: Float64Array): string {
  const shown = [...data.subarray(0, SHOWN_VALUES)].map(showNumber).join('  ');
  const rest = data.length - SHOWN_VALUES;
  const largest = data.reduce((best, x, i) => (x > data[best]! ? i : best), 0);
  const peak = data.length > 1 ? out.dim(`   largest: [${largest}]`) : '';
  return `${shown}${rest > 0 ? `  … ${rest} more` : ''}${peak}`;
}

/** Six digits are enough to read; files and --json have all of them. */
export const showNumber = (x: number): string => (Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(6))));

/** Writes each output as `<folder>/<name>.npy`. */
export async function writeOutputs(outputs: Outputs, folder: string): Promise<Record<string, string>> {
  await mkdir(folder, { recursive: true });
  const files: Record<string, string> = {};
  for (const [name, output] of Object.entries(outputs)) {
    const path = join(folder, `${name.replace(/[^\w.-]+/g, '_')}.npy`);
    await writeFile(path, writeNpy(output));
    files[name] = path;
  }
  return files;
}
