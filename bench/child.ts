/** Runs Node in a process of its own, to see how much memory that takes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ChildResult<T> {
  /** What it printed, which is JSON. */
  readonly result: T;
  readonly peakBytes: number;
  /** From its start to its end. */
  readonly ms: number;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HOOK = new URL('./peak-memory.mjs', import.meta.url).href;

/** @param args of Node: options, script and parameters. @throws when it ends with another exit code than 0. */
function runNode<T>(args: readonly string[]): ChildResult<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'og-peak-'));
  try {
    const peak = join(scratch, 'peak');
    const start = performance.now();
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', HOOK, ...args], {
      cwd: ROOT,
      env: { ...process.env, OG_PEAK_FILE: peak },
      maxBuffer: 2 ** 28,
    });
    const ms = performance.now() - start;
    if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
    return { result: JSON.parse(stdout.toString()) as T, peakBytes: Number(readFileSync(peak, 'utf8')), ms };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The command as a user runs it, with --json. `dist` must be built. */
export const runOg = <T>(...args: string[]): ChildResult<T> =>
  runNode<T>([join(ROOT, 'bin/run.js'), ...args, '--json']);

/** What bench/trace.ts prints. Times are milliseconds, the least of several where a thing is done several times. */
export interface Traced {
  readonly root: string;
  /** Reading the artefact and proving its program legal. */
  readonly loadMs: number;
  /** Hashing the constants and the program. */
  readonly commitMs: number;
  /** The first run, which hands the weights to ONNX Runtime. */
  readonly firstRunMs: number;
  readonly runMs: number;
  readonly traceMs: number;
  /** Hashing a trace. */
  readonly rootMs: number;
}

/** Loads an artefact, runs it, traces it and hashes the trace. */
export const traceArtefact = (path: string): ChildResult<Traced> =>
  runNode<Traced>(['--import', 'tsx', join(ROOT, 'bench/trace.ts'), path]);
