/**
 * `npm run bench:constants`: what the constants of the protocol cost and what others would, on the models of bench/constants/measure.ts.
 * For each leaf size and each number of nodes a round, a copy of the sources with that one constant changed is compiled and plays a whole
 * match a model on anvil. Writes bench/constants.json and prints the tables of docs/decisions/2026-11-21-measured-constants.md.
 * With `--hashing` only the hashing is measured anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hashChunks } from '../src/commit/keccak.js';
import { MerkleTree, ZERO_LEAVES } from '../src/commit/merkle.js';
import { CHOSEN, type Variant } from './constants/choice.js';
import type { ConstantsResults, MeasuredMatch, MeasuredVariant } from './constants/results.js';
import { constantsTables } from './constants/tables.js';
import { runVariant } from './constants/variants.js';
import { interleaved } from './measure.js';

const LEAF_SIZES = [128, 256, 512, 1024];
const LEVELS = [1, 2, 3, 4, 5];
const VARIANTS: readonly Variant[] = [
  CHOSEN,
  ...LEAF_SIZES.filter((leafBytes) => leafBytes !== CHOSEN.leafBytes).map((leafBytes) => ({ ...CHOSEN, leafBytes })),
  ...LEVELS.filter((levels) => levels !== CHOSEN.levels).map((levels) => ({ ...CHOSEN, levels })),
];
const TRACE_BYTES = 2 ** 24;

/** All leaves and nodes of a trace. */
async function hashing(): Promise<ConstantsResults['hashing']> {
  const bytes = new Uint8Array(TRACE_BYTES).map((_, i) => i * 7 + (i >> 9));
  const tree = (leafBytes: number) => () =>
    new MerkleTree(hashChunks(bytes, leafBytes), Math.log2(TRACE_BYTES / leafBytes), ZERO_LEAVES).root;
  const byLeafBytes = await interleaved(
    Object.fromEntries(LEAF_SIZES.map((leafBytes) => [String(leafBytes), tree(leafBytes)])),
    { milliseconds: 30_000, leastRounds: 9, mostRounds: 200 },
  );
  return { traceBytes: TRACE_BYTES, byLeafBytes };
}

async function measuredVariants(): Promise<MeasuredVariant[]> {
  const variants: MeasuredVariant[] = [];
  for (const variant of VARIANTS) {
    process.stderr.write(`leaves of ${variant.leafBytes} bytes, ${2 ** variant.levels} nodes a round\n`);
    variants.push({ ...variant, matches: await runVariant<MeasuredMatch[]>(variant, 'measure.ts') });
  }
  return variants;
}

const { values: flags } = parseArgs({ options: { hashing: { type: 'boolean' } } });
const file = fileURLToPath(new URL('constants.json', import.meta.url));
const loadBefore = loadavg()[0]!;
const hashed = await hashing();
const variants = flags.hashing
  ? (JSON.parse(readFileSync(file, 'utf8')) as ConstantsResults).variants
  : await measuredVariants();
const results: ConstantsResults = {
  command: 'npm run bench:constants',
  cpu: cpus()[0]!.model,
  node: process.version,
  loadBefore,
  variants,
  hashing: hashed,
};
writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
process.stdout.write(`${constantsTables(results)}\n`);
