/**
 * `npm run test:deep`: the invariants of the game over a million actions, and every hash, opening, encoding and element that
 * Solidity computes against TypeScript's on more than 100,000 random cases. Prints what the invariant runs reached, by kind.
 * `--invariants` and `--differential` run one of the two.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { execa } from 'execa';
import { forgeBinary } from './forge-binary.js';

const TALLY = 'contracts/cache/tally.jsonl';
const BULK = 'fixtures/vectors/bulk.json';
const BULK_COMMITMENTS = 'fixtures/vectors/bulk-commitments.json';

const options = { preferLocal: true, stdio: 'inherit' } as const;

/** A million actions; the whole state is compared after every fifth, and at the end of each run. */
const DEEP = {
  FOUNDRY_INVARIANT_RUNS: '16700',
  FOUNDRY_INVARIANT_DEPTH: '60',
  FOUNDRY_INVARIANT_CHECK_INTERVAL: '5',
  OG_TALLY: TALLY,
};

/** Sums the runs' figures; the gas of the costliest call is a maximum. */
function sumTally(lines: readonly string[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of lines) {
    for (const [name, value] of Object.entries(JSON.parse(line) as Record<string, number>)) {
      const before = sums.get(name) ?? 0;
      sums.set(name, name === 'most gas' ? Math.max(before, value) : before + value);
    }
  }
  return sums;
}

async function invariants(): Promise<void> {
  mkdirSync('contracts/cache', { recursive: true });
  rmSync(TALLY, { force: true });
  const env = { ...DEEP, ...process.env };
  await execa(forgeBinary(), ['test', '--match-contract', 'GameInvariantTest', '--match-test', 'invariant_'], {
    ...options,
    env,
  });
  const runs = readFileSync(TALLY, 'utf8').trimEnd().split('\n');
  console.log(`\n${runs.length} runs, each to the last withdrawal:`);
  for (const [name, sum] of sumTally(runs)) console.log(`${String(sum).padStart(10)}  ${name}`);
}

async function differential(): Promise<void> {
  await execa('tsx', ['fixtures/vectors/steps.ts', '--bulk', '2500', BULK], options);
  await execa('tsx', ['fixtures/vectors/commitments.ts', '--bulk', '10000', BULK_COMMITMENTS], options);
  const env = { OG_STEP_VECTORS: BULK, OG_COMMITMENT_VECTORS: BULK_COMMITMENTS };
  await execa(forgeBinary(), ['test', '--match-path', 'contracts/test/differential/*', '-vv'], { ...options, env });
}

const only = process.argv[2];
if (only !== '--invariants') await differential();
if (only !== '--differential') await invariants();
