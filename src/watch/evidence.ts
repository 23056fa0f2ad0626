/** What a job is judged by: what re-running it comes to, and, for a match, the whole trace. */
import type { Contracts } from '../chain/contracts.js';
import type { JobRecord } from '../chain/game-log.js';
import { readPostedInput } from '../chain/inputs.js';
import { findRegistrations, readModel } from '../chain/model-registry.js';
import type { Hash } from '../commit/hash.js';
import type { ModelHeader } from '../commit/model.js';
import { type Answer, type Answered, type TraceSource, traceSource } from '../dispute/trace.js';
import { UserError } from '../errors.js';
import { priceProgram } from '../program/price.js';
import type { Store } from '../store/store.js';
import type { JobId } from '../units.js';
import { traceBytes } from '../verify/limits.js';
import { type Inference, type Opinion, ownOpinion, type Verifier } from '../verify/verifier.js';
import { Recent } from './recent.js';

export interface EvidenceOptions {
  /** Memory for traces that are kept for later moves; 1 GiB when left out. The newest one is always kept. */
  readonly cacheBytes?: number;
}

export type JobToJudge = Pick<JobRecord, 'id' | 'modelId' | 'inputRoot' | 'requestBlock' | 'isInputPosted'>;

/** Whether an answer that others have computed is enough for what it is asked for. */
export type Suffices = (answer: Answer) => boolean;

/** For answers that are kept in memory. */
const ANSWERS_BYTES = 64 * 2 ** 20;
/** Of one answer, beside its output. */
const ANSWER_BYTES = 2_000;
const HEADERS = 100;

/** Finds inputs, has them run, keeps what was used last: a match asks for the same trace again and again. */
export class Evidence {
  private readonly headers = new Map<Hash, ModelHeader>();
  private readonly prices = new Map<Hash, number>();
  private readonly answers = new Recent<string, Opinion>(
    ANSWERS_BYTES,
    ({ answer }) => ANSWER_BYTES + answer.output.byteLength,
  );
  private readonly traces: Recent<string, TraceSource>;
  private readonly withoutInput = new Set<JobId>();

  constructor(
    private readonly contracts: Contracts,
    private readonly store: Store,
    private readonly verifier: Verifier,
    { cacheBytes = 2 ** 30 }: EvidenceOptions = {},
  ) {
    this.traces = new Recent(cacheBytes, ({ commitment }) => traceBytes(commitment.program));
  }

  /** Jobs that may be asked for at the same time. */
  get sideBySide(): number {
    return this.verifier.sideBySide;
  }

  /**
   * What a job comes to, as this machine has computed it; or as others have, where that suffices.
   *
   * @throws when the model or the input cannot be had, or the model cannot be run.
   */
  async answer(job: JobToJudge, urgency: number, suffices?: Suffices): Promise<Answered> {
    const known = this.known(job, suffices);
    if (known) return known;
    const inference = await this.inference(job);
    const opinion = suffices
      ? await this.verifier.opinion(inference, urgency, suffices)
      : ownOpinion(await this.verifier.answer(inference, urgency));
    this.keepAnswer(job, opinion);
    return opinion;
  }

  /** The trace of a job. @throws as `answer` does; also when two runs of it differ. */
  async trace(job: JobToJudge, urgency: number): Promise<TraceSource> {
    const known = this.knownTrace(job);
    if (known) return known;
    const inference = await this.inference(job);
    for (const attempt of ['kept', 'fresh']) {
      const slots = await this.verifier.slots(inference, urgency);
      const trace = await this.committed(job, slots);
      const { answer } = await this.answer(job, urgency);
      if (trace.answer.traceRoot === answer.traceRoot) {
        this.traces.set(keyOf(job), trace);
        return trace;
      }
      await this.verifier.forget(inference);
      if (attempt === 'fresh') this.answers.delete(jobKeyOf(job));
    }
    throw new Error(`Two runs of job ${job.id} came to different traces. This machine's results cannot be used.`);
  }

  /** What is known of a job without running anything: its trace, or else what it comes to. */
  known(job: JobToJudge, suffices?: Suffices): Answered | null {
    const trace = this.knownTrace(job);
    if (trace) return trace;
    const opinion = this.answers.get(jobKeyOf(job));
    return opinion && isEnough(opinion, suffices) ? opinion : null;
  }

  knownTrace(job: JobToJudge): TraceSource | null {
    return this.traces.get(keyOf(job)) ?? null;
  }

  /** Nothing but the input was missing when this job was last run. */
  misses(id: JobId): boolean {
    return this.withoutInput.has(id);
  }

  /** Nothing is kept of this job alone. */
  forget(id: JobId): void {
    this.withoutInput.delete(id);
  }

  /** The job has ended: what it came to is not needed any more, or else it is read from the disk again. */
  release(job: JobToJudge): void {
    this.answers.delete(jobKeyOf(job));
    this.traces.delete(keyOf(job));
  }

  /** The packed input of a job. @throws UserError when it cannot be had. */
  async input(job: JobToJudge): Promise<Int32Array> {
    const model = await this.header(job.modelId);
    const posted = await readPostedInput(this.contracts, job, model);
    const input = posted ?? (await this.store.input(model, job.inputRoot));
    this.withoutInput.delete(job.id);
    if (input) return input;
    this.withoutInput.add(job.id);
    throw new UserError(
      'OG_NO_INPUT',
      `The input of job ${job.id} went by its root (${job.inputRoot}) and is not on this machine.`,
      'Get it from the requester, or demand it on-chain.',
    );
  }

  /** Gas of all transactions of a worst-case match of a model that was run. */
  async matchGas(modelId: Hash): Promise<number> {
    const known = this.prices.get(modelId);
    if (known !== undefined) return known;
    const model = await this.store.model(modelId);
    if (!model) throw new Error(`The artefact of model ${modelId} was deleted while it was used; it is fetched again.`);
    const { matchGas } = priceProgram(model.artefact.program);
    keepLast(this.prices, modelId, matchGas, HEADERS);
    return matchGas;
  }

  private async inference(job: JobToJudge): Promise<Inference> {
    const { modelId, inputRoot } = job;
    return {
      modelId,
      inputRoot,
      input: await this.input(job),
      artefactPlaces: async () => (await findRegistrations(this.contracts, modelId)).map(({ uri }) => uri),
    };
  }

  private async header(modelId: Hash): Promise<ModelHeader> {
    const known = this.headers.get(modelId);
    if (known) return known;
    const header = await readModel(this.contracts, modelId);
    keepLast(this.headers, modelId, header, HEADERS);
    return header;
  }

  /** Committing to a trace takes the program, which the run has put into the store. */
  private async committed({ modelId }: JobToJudge, slots: readonly Int32Array[]): Promise<TraceSource> {
    for (const { commitment } of this.traces.all())
      if (commitment.modelId === modelId) return traceSource(commitment, slots);
    const model = await this.store.model(modelId);
    if (!model) throw new Error(`The artefact of model ${modelId} was deleted while it was used; it is fetched again.`);
    return traceSource(model.commitment, slots);
  }

  /** Without an output that claims do not post: that one may be large, and nothing is done with it. */
  private keepAnswer(job: JobToJudge, opinion: Opinion): void {
    const { model } = opinion.answer;
    const isPosted = model.outputElements * model.outputWidth <= this.contracts.parameters.maxOutputBytes;
    const kept = isPosted ? opinion : { ...opinion, answer: { ...opinion.answer, output: new Int32Array() } };
    this.answers.set(jobKeyOf(job), kept);
  }
}

function isEnough({ answer, heardFrom, stands }: Opinion, suffices?: Suffices): boolean {
  return heardFrom.length === 0 || (stands() && suffices?.(answer) === true);
}

/** Everything that a run depends on. */
const keyOf = ({ modelId, inputRoot }: JobToJudge): string => `${modelId}:${inputRoot}`;

/** An answer alone is not known for another job with the same content: its input may not be to be had. */
const jobKeyOf = (job: JobToJudge): string => `${keyOf(job)}:${job.id}`;

function keepLast<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
