/**
 * `npm test`: every suite, TypeScript and Solidity, and one line at the end that sums them.
 * Exits 1 when a test failed, a suite crashed, or a suite ran no test.
 */
import { execa } from 'execa';
import { forgeBinary } from './forge-binary.js';

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** Reads the runner's own summary. */
  readonly count: (output: string) => { passed: number; failed: number };
}

const lastNumber = (output: string, pattern: RegExp): number => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);

function countUvu(output: string): { passed: number; failed: number } {
  const passed = lastNumber(output, /^\s*Passed:\s+(\d+)/gm);
  return { passed, failed: lastNumber(output, /^\s*Total:\s+(\d+)/gm) - passed };
}

function countForge(output: string): { passed: number; failed: number } {
  return {
    passed: lastNumber(output, /(\d+) tests? passed/g),
    failed: lastNumber(output, /tests? passed, (\d+) failed/g),
  };
}

/** uvu loads every file whose path matches into one process. */
const uvu = (name: string, pattern: string): Suite => ({
  name,
  command: ['node', '--import', 'tsx', 'node_modules/uvu/bin.js', '--no-color', 'test', pattern],
  count: countUvu,
});

/** Suites of one lane run one after the other, lanes side by side; each lane keeps about one core busy. */
const LANES: readonly (readonly Suite[])[] = [
  [
    uvu('TypeScript', '^(?!(e2e|cli|chain|watch|worker|liars)/).*\\.test\\.ts$'),
    { name: 'Solidity', command: [forgeBinary(), 'test'], count: countForge },
  ],
  [uvu('End to end', '^(e2e|cli|chain|watch|worker|liars)/.*\\.test\\.ts$')],
];

/** A suite that takes longer hangs: it is killed, and counts as failed. */
const LONGEST_SUITE_MS = 15 * 60_000;

async function run({ name, command, count }: Suite): Promise<{ passed: number; failed: number }> {
  const [file, ...args] = command as [string, ...string[]];
  const started = performance.now();
  const result = await execa(file, args, {
    all: true,
    reject: false,
    preferLocal: true,
    stdin: 'ignore',
    timeout: LONGEST_SUITE_MS,
    forceKillAfterDelay: 5_000,
    env: { FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  const output = result.all;
  const { passed, failed } = count(output);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`\n=== ${name} (${seconds} s)\n${output}\n`);
  if (result.timedOut) process.stdout.write(`${name}: killed after ${LONGEST_SUITE_MS / 60_000} minutes.\n`);
  if (passed + failed === 0) process.stdout.write(`${name}: no test ran.\n`);
  const crashed = result.exitCode !== 0 || passed === 0;
  return { passed, failed: crashed && failed === 0 ? 1 : failed };
}

async function runLane(lane: readonly Suite[]): Promise<{ passed: number; failed: number }> {
  const sum = { passed: 0, failed: 0 };
  for (const suite of lane) {
    const { passed, failed } = await run(suite);
    sum.passed += passed;
    sum.failed += failed;
  }
  return sum;
}

const lanes = await Promise.all(LANES.map(runLane));
const passed = lanes.reduce((sum, lane) => sum + lane.passed, 0);
const failed = lanes.reduce((sum, lane) => sum + lane.failed, 0);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
