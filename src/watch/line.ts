/** The log: one JSON line for every decision, also for the decision to do nothing. */
import { type Decision, kindOf } from '../dispute/actions.js';
import type { JobId } from '../units.js';
import { matchText } from '../units.js';

/** `info`: as it should be; `warn`: somebody else's fault, it will be tried again; `error`: somebody should look. */
export type Level = 'info' | 'warn' | 'error';

export interface DecisionLine {
  /** This machine's clock, ISO 8601. */
  readonly time: string;
  readonly level: Level;
  readonly job: number | null;
  readonly claim: number | null;
  /** By its claims, "3-5". */
  readonly match: string | null;
  /**
   * The kind of the action (`challenge`, `descend`, ...), or `wait`, `judge` (a claim was judged), `unverifiable`, `refused` (the
   * chain did not take the action), `failed` (an error).
   */
  readonly decision: string;
  readonly reason: string;
  /** Chain time, seconds since 1970. */
  readonly deadline?: number;
  readonly verdict?: 'correct' | 'wrong' | 'unverifiable';
  readonly txHash?: string;
  readonly gasUsed?: number;
  readonly bondWei?: string;
  /** Nothing was sent, because it was asked so. */
  readonly dryRun?: true;
}

export type Log = (line: DecisionLine) => void;
export type Facts = Partial<Omit<DecisionLine, 'time'>> & Pick<DecisionLine, 'decision' | 'reason'>;

export function lineOf({ action, subject, reason, deadline }: Decision): Facts {
  return {
    decision: action ? kindOf(action) : 'wait',
    reason,
    ...(subject.claimId === undefined ? {} : { claim: Number(subject.claimId) }),
    ...(subject.matchId === undefined ? {} : { match: matchText(subject.matchId) }),
    ...(deadline === null ? {} : { deadline }),
  };
}

/** Writes lines; what stays as it is, it says once. */
export class Journal {
  private readonly waiting = new Map<JobId, Set<string>>();
  private readonly said = new Map<JobId, Set<unknown>>();

  constructor(private readonly log: Log) {}

  write(job: JobId | null, facts: Facts): void {
    const about = { job: job === null ? null : Number(job), claim: null, match: null };
    this.log({ time: new Date().toISOString(), level: 'info', ...about, ...facts });
  }

  /** All that a job waits for now; only what is new is written. */
  waits(job: JobId, waits: readonly Facts[]): void {
    const before = this.waiting.get(job) ?? new Set();
    const now = new Set<string>();
    for (const facts of waits) {
      const key = JSON.stringify([facts.decision, facts.claim, facts.match, facts.reason]);
      now.add(key);
      if (!before.has(key)) this.write(job, facts);
    }
    this.waiting.set(job, now);
  }

  /** Writes something once for each `key`. */
  once(job: JobId, key: unknown, facts: Facts): void {
    const said = this.said.get(job) ?? new Set();
    if (said.has(key)) return;
    this.said.set(job, said.add(key));
    this.write(job, facts);
  }

  forget(job: JobId): void {
    this.waiting.delete(job);
    this.said.delete(job);
  }
}
