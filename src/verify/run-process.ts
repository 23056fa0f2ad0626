/** One child process, watched from outside: a run that hangs, dies or takes too much memory ends with the process. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pidusage from 'pidusage';
import type { Hash } from '../commit/hash.js';
import { type ChildSettings, errorFrom, type FromChild, type RunRequest, type RunResult } from './messages.js';
import type { RunOutcome } from './verifier.js';

export interface RunLimits {
  /** For one run, and for having its model ready before. */
  readonly runTimeoutMs: number;
  /** For having the model ready where it has to be downloaded. */
  readonly downloadTimeoutMs: number;
  /** Resident memory of one process, native memory of ONNX Runtime included. */
  readonly maxRssBytes: number;
}

/** The process was killed or died; another attempt may go better. */
export class RunKilled extends Error {
  constructor(
    readonly outcome: Exclude<RunOutcome, 'done' | 'refused'>,
    message: string,
  ) {
    super(message);
    this.name = 'RunKilled';
  }
}

const CHILD = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url));
const RSS_EVERY_MS = 250;
const STDERR_KEPT = 2_000;
const MEBIBYTE = 2 ** 20;

export class RunProcess {
  /** The model that it ran last, which it has at hand. */
  modelId: Hash | null = null;
  /** Most resident memory that was seen since `run` was called, or just before. */
  rssBytes = 0;
  private memorySeenMs = Number.NEGATIVE_INFINITY;
  private lastRssBytes = 0;
  private readonly child: ChildProcess;
  private stderr = '';
  private killed = false;

  constructor(
    settings: ChildSettings,
    private readonly limits: RunLimits,
  ) {
    const heapMebibytes = Math.max(64, Math.floor(limits.maxRssBytes / MEBIBYTE));
    this.child = fork(CHILD, [JSON.stringify(settings)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [...process.execArgv, `--max-old-space-size=${heapMebibytes}`],
    });
    this.child.on('error', () => undefined); // told as an exit
    this.child.stderr?.on('data', (text: Buffer) => {
      this.stderr = (this.stderr + text.toString()).slice(-STDERR_KEPT);
    });
    this.holdOpen(false);
  }

  get alive(): boolean {
    return !this.killed && this.child.exitCode === null && this.child.signalCode === null && this.child.connected;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** @throws RunKilled; or what the child refused it with. */
  async run(request: RunRequest): Promise<RunResult> {
    this.modelId = request.modelId;
    this.rssBytes = this.lastRssBytes;
    this.holdOpen(true);
    const { child, limits } = this;
    let deadline: NodeJS.Timeout | undefined;
    let memory: NodeJS.Timeout | undefined;
    let end: () => void = () => undefined;
    try {
      return await new Promise<RunResult>((resolve, reject) => {
        const kill = (outcome: RunKilled['outcome'], reason: string): void => {
          this.killed = true;
          child.kill('SIGKILL');
          reject(new RunKilled(outcome, reason));
        };
        const endAfter = (ms: number, doing: string): void => {
          clearTimeout(deadline);
          deadline = setTimeout(() => kill('hung', `${doing} took longer than ${ms / 1000} s`), ms);
        };
        const onMessage = (message: FromChild): void => {
          if (message.kind === 'downloading') endAfter(limits.downloadTimeoutMs, 'downloading the model');
          else if (message.kind === 'loaded') endAfter(limits.runTimeoutMs, 'the run');
          else if (message.kind === 'done') resolve(message.result);
          else reject(errorFrom(message.error));
        };
        const onExit = (): void => reject(new RunKilled('died', this.lastWords()));
        end = () => {
          child.off('message', onMessage);
          child.off('exit', onExit);
        };
        child.on('message', onMessage);
        child.once('exit', onExit);
        memory = setInterval(() => void this.watchMemory(kill), RSS_EVERY_MS);
        endAfter(limits.runTimeoutMs, 'loading the model');
        child.send(request, (error) => {
          if (error) kill('died', this.lastWords());
        });
      });
    } finally {
      clearTimeout(deadline);
      clearInterval(memory);
      end();
      if (this.alive && performance.now() - this.memorySeenMs >= RSS_EVERY_MS) await this.watchMemory(() => undefined);
      this.holdOpen(false);
    }
  }

  /** Ends it, whatever it is doing. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.killed = true;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.ref();
    this.child.kill('SIGKILL');
    await ended;
  }

  private async watchMemory(kill: (outcome: 'memory', reason: string) => void): Promise<void> {
    const { pid } = this.child;
    if (pid === undefined) return;
    this.memorySeenMs = performance.now();
    const seen = await pidusage(pid).catch(() => null); // it has just ended
    this.lastRssBytes = seen?.memory ?? this.lastRssBytes;
    this.rssBytes = Math.max(this.rssBytes, this.lastRssBytes);
    const { maxRssBytes } = this.limits;
    if (seen && seen.memory > maxRssBytes)
      kill('memory', `it took ${mebibytes(seen.memory)} of memory; it may take ${mebibytes(maxRssBytes)}`);
  }

  private lastWords(): string {
    const { signalCode, exitCode } = this.child;
    const said = this.stderr.trim().split('\n').at(-1) ?? '';
    return `its process ended with ${signalCode ?? `exit code ${exitCode}`}${said === '' ? '' : ` (${said})`}`;
  }

  /** An idle child keeps nobody from ending. */
  private holdOpen(hold: boolean): void {
    const { child } = this;
    for (const each of [child, child.channel, child.stderr as { ref?: () => void; unref?: () => void } | null])
      if (hold) each?.ref?.();
      else each?.unref?.();
  }
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / MEBIBYTE)} MiB`;
