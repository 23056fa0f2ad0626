/** What a job is judged by: its model, its input, and the trace that this machine makes of them. */

import type { Contracts } from '../chain/contracts.js';
import type { JobRecord } from '../chain/game-log.js';
import { readPostedInput } from '../chain/inputs.js';
import { findRegistrations } from '../chain/model-registry.js';
import type { Hash } from '../commit/hash.js';
import { type TraceSource, traceSource } from '../dispute/trace.js';
import { UserError } from '../errors.js';
import { Executor } from '../executor/executor.js';
import { obtainModel } from '../store/fetch.js';
import type { Model, Store } from '../store/store.js';
import type { JobId } from '../units.js';
import { requireWithinLimits, traceBytes, type WorkLimits } from './limits.js';
import { requireEvaluatorAgrees } from './spot-check.js';

export interface EvidenceOptions {
  /** Threads of ONNX Runtime; all cores when left out. */
  readonly threads?: number;
  readonly limits?: WorkLimits;
  /** Memory for traces that are kept for later moves; 1 GiB when left out. The newest one is always kept. */
  readonly cacheBytes?: number;
}

export type JobToJudge = Pick<JobRecord, 'id' | 'modelId' | 'inputRoot' | 'requestBlock'>;

/** Models whose sessions are kept open. */
const OPEN_MODELS = 2;

/** Loads models, finds inputs, makes traces; keeps what was used last, because a match asks for the same trace again and again. */
export class Evidence {
  private readonly models = new Map<Hash, Promise<{ model: Model; executor: Executor }>>();
  private readonly traces = new Map<string, TraceSource>();
  private readonly withoutInput = new Set<JobId>();

  constructor(
    private readonly contracts: Contracts,
    private readonly store: Store,
    private readonly options: EvidenceOptions = {},
  ) {}

  /** The trace of a job. @throws when the model or the input cannot be had, or the model cannot be run. */
  async trace(job: JobToJudge): Promise<TraceSource> {
    const known = this.known(job);
    if (known) return known;
    const { model, executor } = await this.model(job.modelId);
    const input = await this.input(job, model);
    const trace = traceSource(model.commitment, await executor.trace(input));
    requireEvaluatorAgrees(trace);
    return this.keep(job, trace);
  }

  /** The trace, if it was made before and is still here. */
  known(job: JobToJudge): TraceSource | null {
    const key = keyOf(job);
    const trace = this.traces.get(key);
    if (!trace) return null;
    this.traces.delete(key);
    this.traces.set(key, trace); // the last one in is the last to go
    return trace;
  }

  /** Nothing but the input was missing when the trace of this job was last made. */
  misses(id: JobId): boolean {
    return this.withoutInput.has(id);
  }

  /** The model, ready to run. @throws UserError when its artefact cannot be had or is not run. */
  async model(modelId: Hash): Promise<{ model: Model; executor: Executor }> {
    const known = this.models.get(modelId);
    const loading = known ?? this.load(modelId);
    this.models.delete(modelId);
    this.models.set(modelId, loading);
    loading.catch(() => this.models.delete(modelId));
    for (const [oldest, opened] of this.models) {
      if (this.models.size <= OPEN_MODELS) break;
      this.models.delete(oldest);
      void opened.then(({ executor }) => executor.close()).catch(() => undefined);
    }
    return loading;
  }

  async close(): Promise<void> {
    for (const loading of this.models.values())
      await loading.then(({ executor }) => executor.close()).catch(() => undefined);
    this.models.clear();
    this.traces.clear();
  }

  private async load(modelId: Hash): Promise<{ model: Model; executor: Executor }> {
    const model = (await this.store.model(modelId).catch(() => null)) ?? (await this.fetch(modelId));
    requireWithinLimits(model.commitment.program, this.options.limits);
    const { threads } = this.options;
    return { model, executor: await Executor.load(model.commitment.program, threads === undefined ? {} : { threads }) };
  }

  private async fetch(modelId: Hash): Promise<Model> {
    const uris = (await findRegistrations(this.contracts, modelId)).map(({ uri }) => uri);
    return obtainModel(this.store, modelId, uris, { stranger: !this.contracts.node.isDevnet });
  }

  private async input(job: JobToJudge, { commitment }: Model): Promise<Int32Array> {
    const posted = await readPostedInput(this.contracts, job, commitment.model);
    const input = posted ?? (await this.store.input(commitment.model, job.inputRoot));
    this.withoutInput.delete(job.id);
    if (input) return input;
    this.withoutInput.add(job.id);
    throw new UserError(
      'OG_NO_INPUT',
      `The input of job ${job.id} went by its root (${job.inputRoot}) and is not on this machine.`,
      'Get it from the requester, or demand it on-chain.',
    );
  }

  private keep(job: JobToJudge, trace: TraceSource): TraceSource {
    this.traces.set(keyOf(job), trace);
    let bytes = 0;
    for (const { commitment } of this.traces.values()) bytes += traceBytes(commitment.program);
    for (const [oldest, { commitment }] of this.traces) {
      if (bytes <= (this.options.cacheBytes ?? 2 ** 30) || this.traces.size === 1) break;
      this.traces.delete(oldest);
      bytes -= traceBytes(commitment.program);
    }
    return trace;
  }
}

/** Everything that a trace depends on. */
const keyOf = ({ modelId, inputRoot }: JobToJudge): string => `${modelId}:${inputRoot}`;
