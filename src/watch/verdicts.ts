/** Verdicts, made one at a time in the background, so that a long run holds up nobody's clock but its own job's. */
import type { Verdict } from '../dispute/judge.js';
import type { Timestamp } from '../units.js';
import type { Evidence, JobToJudge } from './evidence.js';

/** A job that could not be judged is tried again after this, and after twice as long each time up to the last. */
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 600_000;

interface Failure {
  readonly verdict: Verdict;
  readonly failures: number;
  readonly retryAtMs: number;
}

interface Asked {
  readonly job: JobToJudge;
  readonly deadline: Timestamp;
}

export class Verdicts {
  private readonly failed = new Map<string, Failure>();
  private readonly asked = new Map<string, Asked>();
  private running: Promise<void> | null = null;

  /** @param onVerdict is called whenever a verdict has come. */
  constructor(
    private readonly evidence: Evidence,
    private readonly onVerdict: () => void = () => undefined,
  ) {}

  /** The verdict, if there is one. Otherwise it is asked for: the job with the nearest deadline is run first. */
  ask(job: JobToJudge, deadline: Timestamp): Verdict | null {
    const known = this.known(job);
    if (known) return known;
    this.asked.set(keyOf(job), { job, deadline });
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
    return null;
  }

  /** The verdict, however long it takes. */
  async make(job: JobToJudge): Promise<Verdict> {
    const known = this.known(job);
    if (known) return known;
    const key = keyOf(job);
    try {
      const trace = await this.evidence.trace(job);
      this.failed.delete(key);
      return { kind: 'traced', trace };
    } catch (error) {
      const verdict: Verdict = { kind: 'unverifiable', reason: error instanceof Error ? error.message : String(error) };
      const failures = (this.failed.get(key)?.failures ?? 0) + 1;
      const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
      this.failed.set(key, { verdict, failures, retryAtMs: Date.now() + waitMs });
      return verdict;
    }
  }

  /** Ends when nothing is being run any more; what was asked for and is not begun is dropped. */
  async stop(): Promise<void> {
    this.asked.clear();
    await this.running;
  }

  private known(job: JobToJudge): Verdict | null {
    const trace = this.evidence.known(job);
    if (trace) return { kind: 'traced', trace };
    const failure = this.failed.get(keyOf(job));
    return failure && Date.now() < failure.retryAtMs ? failure.verdict : null;
  }

  private async run(): Promise<void> {
    for (let next = this.mostUrgent(); next; next = this.mostUrgent()) {
      this.asked.delete(keyOf(next.job));
      await this.make(next.job);
      this.onVerdict();
    }
  }

  private mostUrgent(): Asked | null {
    return [...this.asked.values()].reduce<Asked | null>(
      (first, asked) => (first && first.deadline <= asked.deadline ? first : asked),
      null,
    );
  }
}

const keyOf = ({ modelId, inputRoot, id }: JobToJudge): string => `${modelId}:${inputRoot}:${id}`;
