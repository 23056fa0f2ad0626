/** A process of its own: loads an artefact, runs and traces it on the zero input, hashes the trace, and prints how long that took. */
import { readFileSync } from 'node:fs';
import { commitModel, traceForest } from '../src/commit/model.js';
import { Executor } from '../src/executor/executor.js';
import { decodeArtefact } from '../src/program/artefact.js';
import type { Traced } from './child.js';

const LEAST_TIMES = 2;
const BUDGET_MS = 2_000;

async function timed<T>(work: () => T | Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}

/** The least of several. */
async function leastMs(work: () => unknown): Promise<number> {
  const start = performance.now();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < LEAST_TIMES || performance.now() - start < BUDGET_MS; i++)
    least = Math.min(least, (await timed(work))[1]);
  return least;
}

const path = process.argv[2] as string;
const [{ program }, loadMs] = await timed(() => decodeArtefact(readFileSync(path), path));
const [commitment, commitMs] = await timed(() => commitModel(program));
const executor = await Executor.load(program);
const input = new Int32Array(program.input.elements);
const [, firstRunMs] = await timed(() => executor.run(input));
const runMs = await leastMs(() => executor.run(input));
const traceMs = await leastMs(() => executor.trace(input));
const slots = await executor.trace(input);
const rootMs = await leastMs(() => traceForest(commitment, slots).root);
const { root } = traceForest(commitment, slots);
await executor.close();
console.log(JSON.stringify({ root, loadMs, commitMs, firstRunMs, runMs, traceMs, rootMs } satisfies Traced));
