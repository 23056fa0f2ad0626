/** What a challenge is asked with, and what it comes to. */
import type { Contracts } from '../chain/contracts.js';
import type { Sender } from '../chain/sender.js';
import type { TraceSource } from '../dispute/trace.js';
import type { Store } from '../store/store.js';
import type { ClaimId, JobId, MatchId } from '../units.js';
import type { Verifier } from '../verify/verifier.js';
import type { FoundStep, StoryEvent } from './story.js';

export interface ChallengeOptions {
  readonly contracts: Contracts;
  readonly store: Store;
  /** Who challenges; null gives the verdict only, as `dryRun` does. */
  readonly sender: Sender | null;
  readonly jobId: JobId;
  readonly dryRun?: boolean;
  /** A trace of the job that was made already; the job is run when it is left out. */
  readonly trace?: TraceSource;
  /** Also wait for the challenge window to end, and end the job. */
  readonly untilFinal?: boolean;
  readonly onEvent?: (event: StoryEvent) => void;
  /** 100 ms on a devnet and 4 s elsewhere when left out. */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
  /** Who re-runs the job; child processes of its own when left out. */
  readonly verifier?: Verifier;
}

/**
 * `none`: nothing was to be done, or nothing was to be sent. `won`: every wrong claim has lost. `lost`: one's own counter-claim has
 * lost. `tooLate`: a wrong claim is live and cannot be challenged any more. `ended`: the job had ended already. `stopped`: by the
 * signal.
 */
export type Outcome = 'none' | 'won' | 'lost' | 'tooLate' | 'ended' | 'stopped';

export interface ChallengeResult {
  readonly verdict: 'correct' | 'wrong' | 'unverifiable';
  /** Why it is unverifiable. */
  readonly reason: string | null;
  /** The claim that was judged: the first wrong one, or the first live one. */
  readonly judgedClaimId: ClaimId | null;
  /** One's own counter-claim; null when a correct claim was there already. */
  readonly claimId: ClaimId | null;
  /** The match that has shown the judged claim wrong. */
  readonly matchId: MatchId | null;
  /** The element that the contract computed; null when the match ended by time. */
  readonly foundStep: FoundStep | null;
  /** Rounds of the descent. */
  readonly rounds: number;
  /** By one's own transactions. */
  readonly gasUsed: bigint;
  /** By all transactions of the match, of both sides. */
  readonly matchGasUsed: bigint;
  readonly transactions: number;
  readonly outcome: Outcome;
}

/** The result before anything was done. */
export const NOTHING: Omit<ChallengeResult, 'verdict'> = {
  reason: null,
  judgedClaimId: null,
  claimId: null,
  matchId: null,
  foundStep: null,
  rounds: 0,
  gasUsed: 0n,
  matchGasUsed: 0n,
  transactions: 0,
  outcome: 'none',
};
