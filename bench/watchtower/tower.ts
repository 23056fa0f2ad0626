/** The watchtower as people start it, and what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DecisionLine } from '../../src/watch/line.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export class Tower {
  /** When each job was first judged. */
  readonly judgedMs = new Map<number, number>();
  /** By decision, the jobs that it was taken in. */
  readonly decided = new Map<string, Set<number>>();
  /** Errors; alerts are none. */
  readonly failures: string[] = [];
  /** By itself, which it must not. */
  ended = false;
  private readonly child: ChildProcess;
  private readonly log: WriteStream;

  constructor(args: readonly string[], environment: Readonly<Record<string, string>>, logFile: string) {
    this.log = createWriteStream(logFile);
    this.child = spawn(process.execPath, [`${ROOT}bin/run.js`, 'watch', '--json', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], NO_COLOR: '1', ...environment },
    });
    this.child.stderr?.on('data', (chunk: Buffer) => this.log.write(chunk));
    if (this.child.stdout) createInterface({ input: this.child.stdout }).on('line', (text) => this.take(text));
    this.child.once('exit', (code, signal) => {
      this.ended = true;
      this.failures.push(`it ended with ${signal ?? code}`);
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  did(decision: string): ReadonlySet<number> {
    return this.decided.get(decision) ?? new Set();
  }

  async stop(): Promise<void> {
    this.child.removeAllListeners('exit');
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
    this.log.end();
  }

  private take(text: string): void {
    this.log.write(`${text}\n`);
    const { decision, job, level, reason } = JSON.parse(text) as DecisionLine;
    if (level === 'error' && decision !== 'alert') this.failures.push(`${decision}: ${reason}`);
    if (job === null) return;
    if (decision === 'judge' && !this.judgedMs.has(job)) this.judgedMs.set(job, Date.now());
    const jobs = this.decided.get(decision) ?? new Set();
    this.decided.set(decision, jobs.add(job));
  }
}
