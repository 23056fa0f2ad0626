/** The verifier of one machine: child processes, as many as there are cores, and a cache on disk. */
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Hash } from '../commit/hash.js';
import type { Answer } from '../dispute/trace.js';
import type { Store } from '../store/store.js';
import type { ChildSettings, RunRequest, RunResult } from './messages.js';
import type { RunnerOptions } from './model-runner.js';
import { RunCache, type RunCacheOptions } from './run-cache.js';
import { RunKilled, type RunLimits, RunProcess } from './run-process.js';
import {
  type Inference,
  type Opinion,
  ownOpinion,
  type RunOutcome,
  type RunReport,
  type Verifier,
} from './verifier.js';

export interface ProcessVerifierOptions extends RunnerOptions, Partial<RunLimits> {
  /** Runs side by side; as many as there are cores when left out. */
  readonly parallel?: number;
  readonly cache?: RunCacheOptions;
  readonly onRun?: (report: RunReport) => void;
  /** The cache could not be written: runs are not saved, nothing else happens. */
  readonly onCacheFailure?: (error: Error) => void;
}

interface Waiting {
  readonly request: RunRequest;
  readonly urgency: number;
  readonly inputRoot: Hash;
  readonly resolve: (result: RunResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Inputs that are in memory while their runs wait. */
const SIDE_BY_SIDE = 8;
/** Attempts at one run; those after the first are for runs that hung or died. */
const ATTEMPTS = 2;
const RUN_TIMEOUT_MS = 600_000;
/** Longer than a download may take. */
const DOWNLOAD_TIMEOUT_MS = 900_000;
/** Share of the machine's memory that all processes may take together. */
const MEMORY_SHARE = 0.75;
/** A process that has grown so far is replaced after its run, before it reaches the limit in the middle of one. */
const RECYCLE_SHARE = 0.8;

export class ProcessVerifier implements Verifier {
  readonly parallel: number;
  readonly sideBySide = SIDE_BY_SIDE;
  private readonly cache: RunCache;
  private readonly limits: RunLimits;
  private readonly idle: RunProcess[] = [];
  private readonly busy = new Set<RunProcess>();
  private waiting: Waiting[] = [];
  private closed = false;

  constructor(
    private readonly store: Store,
    private readonly options: ProcessVerifierOptions = {},
  ) {
    this.parallel = options.parallel ?? availableParallelism();
    this.cache = new RunCache(join(store.folder, 'runs'), options.cache);
    this.limits = {
      runTimeoutMs: options.runTimeoutMs ?? RUN_TIMEOUT_MS,
      downloadTimeoutMs: options.downloadTimeoutMs ?? DOWNLOAD_TIMEOUT_MS,
      maxRssBytes: options.maxRssBytes ?? Math.floor((totalmem() * MEMORY_SHARE) / this.parallel),
    };
  }

  /** Runs that wait for a process. */
  get queueLength(): number {
    return this.waiting.length;
  }

  get running(): number {
    return this.busy.size;
  }

  /** Of the child processes that there are just now. */
  get pids(): number[] {
    return [...this.idle, ...this.busy].flatMap(({ alive, pid }) => (alive && pid) || []);
  }

  /** What it comes to, if that is known without a run. */
  known(inference: Inference): Promise<Answer | null> {
    return this.cache.answer(inference);
  }

  async opinion(inference: Inference, urgency: number): Promise<Opinion> {
    return ownOpinion(await this.answer(inference, urgency));
  }

  async answer(inference: Inference, urgency: number): Promise<Answer> {
    const kept = await this.cache.answer(inference);
    if (kept) return kept;
    const { answer } = await this.run(inference, urgency, false);
    await this.keep(() => this.cache.putAnswer(answer));
    return answer;
  }

  async slots(inference: Inference, urgency: number): Promise<readonly Int32Array[]> {
    const kept = await this.cache.slots(inference);
    if (kept) return kept;
    const { answer, slots } = await this.run(inference, urgency, true);
    if (!slots) throw new Error('A run that was asked for its trace gave none.');
    await this.keep(() => this.cache.putAnswer(answer));
    await this.keep(() => this.cache.putSlots(answer, slots));
    return slots;
  }

  async forget(inference: Pick<Inference, 'modelId' | 'inputRoot'>): Promise<void> {
    await this.keep(() => this.cache.forget(inference));
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const { reject } of this.waiting.splice(0)) reject(new RunKilled('died', 'the verifier was closed'));
    await Promise.all([...this.idle, ...this.busy].map((process) => process.kill()));
  }

  private async run(inference: Inference, urgency: number, whole: boolean): Promise<RunResult> {
    const { modelId, input } = inference;
    const places = (await this.store.hasArtefact(modelId)) ? [] : await inference.artefactPlaces();
    const request: RunRequest = { modelId, places, input, whole };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.queued(request, urgency, inference.inputRoot);
      } catch (error) {
        if (this.closed || !(error instanceof RunKilled)) throw error;
        if (attempt === ATTEMPTS)
          throw new Error(`The model could not be run in ${ATTEMPTS} attempts: ${error.message}.`, { cause: error });
      }
    }
  }

  private queued(request: RunRequest, urgency: number, inputRoot: Hash): Promise<RunResult> {
    if (this.closed) return Promise.reject(new RunKilled('died', 'the verifier was closed'));
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, urgency, inputRoot, resolve, reject });
      this.waiting.sort((x, y) => x.urgency - y.urgency);
      this.startNext();
    });
  }

  private startNext(): void {
    if (this.busy.size >= this.parallel) return;
    const next = this.waiting.shift();
    if (!next) return;
    const process = this.processFor(next.request.modelId);
    this.busy.add(process);
    void this.runIn(process, next).finally(() => {
      this.busy.delete(process);
      if (this.mayStay(process)) this.idle.push(process);
      else void process.kill();
      this.startNext();
    });
  }

  private async runIn(process: RunProcess, { request, inputRoot, resolve, reject }: Waiting): Promise<void> {
    const started = performance.now();
    const report = (outcome: RunOutcome, reason: string | null): void =>
      this.options.onRun?.({
        modelId: request.modelId,
        inputRoot,
        outcome,
        milliseconds: performance.now() - started,
        rssBytes: process.rssBytes,
        reason,
      });
    try {
      const result = await process.run(request);
      report('done', null);
      resolve(result);
    } catch (error) {
      report(error instanceof RunKilled ? error.outcome : 'refused', (error as Error).message);
      reject(error);
    }
  }

  /** An idle one, best one that has the model at hand; else a new one. */
  private processFor(modelId: Hash): RunProcess {
    const at = Math.max(
      0,
      this.idle.findIndex((process) => process.modelId === modelId),
    );
    const [process] = this.idle.splice(at, 1);
    if (process?.alive) return process;
    if (process) return this.processFor(modelId);
    const { limits, trustsPlaces } = this.options;
    const threads = this.options.threads ?? Math.max(1, Math.floor(availableParallelism() / this.parallel));
    const settings: ChildSettings = {
      folder: this.store.folder,
      threads,
      ...(limits === undefined ? {} : { limits }),
      ...(trustsPlaces === undefined ? {} : { trustsPlaces }),
    };
    return new RunProcess(settings, this.limits);
  }

  private mayStay(process: RunProcess): boolean {
    return !this.closed && process.alive && process.rssBytes < this.limits.maxRssBytes * RECYCLE_SHARE;
  }

  /** The cache is a convenience: what it cannot keep is run again. */
  private async keep(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.options.onCacheFailure?.(error as Error);
    }
  }
}
