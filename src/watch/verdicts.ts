/** Verdicts, made in the background, so that a long run holds up nobody's clock but its own job's. */
import type { Verdict } from '../dispute/judge.js';
import { NetworkError } from '../errors.js';
import type { JobId, Timestamp } from '../units.js';
import type { Evidence, JobToJudge, Suffices } from './evidence.js';

/** A job that could not be judged is tried again after this, and after twice as long each time up to the last. */
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 600_000;
/** The same where only a node did not answer: that is nothing about the job, and soon over. */
const FIRST_NODE_RETRY_MS = 1_000;
const LAST_NODE_RETRY_MS = 15_000;
/** So often in a row a node may fail before that is a verdict: until then the job waits. */
const NODE_FAILURES = 3;
/** Failures that are remembered. */
const FAILURES = 10_000;

/** `answer`: what the run comes to; `trace`: the whole trace, for a match. */
export type Depth = 'answer' | 'trace';

interface Failure {
  readonly verdict: Verdict;
  readonly failures: number;
  readonly retryAtMs: number;
}

interface Asked {
  readonly job: JobToJudge;
  readonly depth: Depth;
  readonly deadline: Timestamp;
  readonly suffices: Suffices | undefined;
}

export class Verdicts {
  private readonly failed = new Map<string, Failure>();
  private readonly asked = new Map<string, Asked>();
  private readonly running = new Map<string, Promise<void>>();
  private stopped = false;

  /** @param onVerdict is called whenever the verdict of a job has come. */
  constructor(
    private readonly evidence: Evidence,
    private readonly onVerdict: (job: JobId) => void = () => undefined,
  ) {}

  /** Verdicts that are asked for or being made. */
  get pending(): number {
    return this.asked.size + this.running.size;
  }

  /**
   * The verdict, if there is one. Otherwise it is asked for: jobs with the nearest deadline are run first.
   *
   * @param suffices when an answer is enough that others have computed; never when left out, and never for a trace.
   */
  ask(job: JobToJudge, depth: Depth, deadline: Timestamp, suffices?: Suffices): Verdict | null {
    const known = this.known(job, depth, suffices);
    if (known) return known;
    const key = keyOf(job, depth);
    if (!this.running.has(key)) this.asked.set(key, { job, depth, deadline, suffices });
    this.startNext();
    return null;
  }

  /** The verdict, however long it takes. @param suffices as for `ask`. */
  async make(job: JobToJudge, depth: Depth, deadline: Timestamp, suffices?: Suffices): Promise<Verdict> {
    const known = this.known(job, depth, suffices);
    if (known) return known;
    const key = keyOf(job, depth);
    try {
      const { evidence } = this;
      const trace = await this.askedAgain(async () =>
        depth === 'trace' ? evidence.trace(job, deadline) : evidence.answer(job, deadline, suffices),
      );
      this.failed.delete(key);
      return { kind: 'traced', trace };
    } catch (error) {
      const verdict: Verdict = { kind: 'unverifiable', reason: error instanceof Error ? error.message : String(error) };
      const failures = (this.failed.get(key)?.failures ?? 0) + 1;
      const [first, last] = isOfTheChain(error)
        ? [FIRST_NODE_RETRY_MS, LAST_NODE_RETRY_MS]
        : [FIRST_RETRY_MS, LAST_RETRY_MS];
      const waitMs = Math.min(first * 2 ** (failures - 1), last);
      this.failed.delete(key);
      this.failed.set(key, { verdict, failures, retryAtMs: Date.now() + waitMs });
      const [oldest] = this.failed.keys();
      if (this.failed.size > FAILURES && oldest !== undefined) this.failed.delete(oldest);
      return verdict;
    }
  }

  private async askedAgain<T>(attempt: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++)
      try {
        return await attempt();
      } catch (error) {
        if (!isOfTheChain(error) || failures === NODE_FAILURES || this.stopped) throw error;
        await new Promise((resolve) => setTimeout(resolve, FIRST_NODE_RETRY_MS));
      }
  }

  /** Ends when nothing is being run any more; what was asked for and is not begun is dropped. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.asked.clear();
    await Promise.all(this.running.values());
  }

  private known(job: JobToJudge, depth: Depth, suffices?: Suffices): Verdict | null {
    const trace = depth === 'trace' ? this.evidence.knownTrace(job) : this.evidence.known(job, suffices);
    if (trace) return { kind: 'traced', trace };
    const failure = this.failed.get(keyOf(job, depth));
    return failure && Date.now() < failure.retryAtMs ? failure.verdict : null;
  }

  private startNext(): void {
    // More wait, so that those with the nearest deadlines are begun first.
    while (this.running.size < this.evidence.sideBySide) {
      const next = this.mostUrgent();
      if (!next) return;
      const [key, { job, depth, deadline, suffices }] = next;
      this.asked.delete(key);
      const making = this.make(job, depth, deadline, suffices).then(() => {
        this.running.delete(key);
        this.startNext();
        this.onVerdict(job.id);
      });
      this.running.set(key, making);
    }
  }

  private mostUrgent(): [string, Asked] | null {
    return [...this.asked].reduce<[string, Asked] | null>(
      (first, asked) => (first && first[1].deadline <= asked[1].deadline ? first : asked),
      null,
    );
  }
}

/** Of a node, and not of the place that an artefact is to be had from. */
const isOfTheChain = (error: unknown): boolean => error instanceof NetworkError && error.code !== 'OG_FETCH';

const keyOf = ({ modelId, inputRoot, id }: JobToJudge, depth: Depth): string =>
  `${modelId}:${inputRoot}:${id}:${depth}`;
