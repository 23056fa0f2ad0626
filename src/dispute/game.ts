/**
 * The game as it stands on a chain: what the contracts' structs hold, plus what only their events say. Made by the chain
 * reader; everything in this folder is a pure function of it, of a trace and of the time.
 */
import type { Hash, Hex } from '../commit/hash.js';
import type { ClaimId, JobId, MatchId, Seconds, Timestamp, Wei } from '../units.js';

/** Enums of the contracts, in their order. */
export const JOB_STATUSES = ['none', 'open', 'final', 'void'] as const;
export const CLAIM_STATUSES = ['none', 'live', 'lost', 'closed', 'final'] as const;
export const PHASES = ['none', 'open', 'descend', 'leaf', 'proof', 'over'] as const;
export const ENDINGS = ['none', 'proof', 'time', 'sameTrace'] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];
export type ClaimStatus = (typeof CLAIM_STATUSES)[number];
export type Phase = (typeof PHASES)[number];
export type Ending = (typeof ENDINGS)[number];

/** `Parameters` of IJobs.sol. */
export interface Parameters {
  readonly challengeWindowSeconds: Seconds;
  readonly clockSeconds: Seconds;
  readonly inputDemandSeconds: Seconds;
  readonly callbackGas: number;
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  readonly burnBps: number;
  readonly bondWei: Wei;
  readonly inputDemandWei: Wei;
  readonly refundGasPriceWei: Wei;
}

/** What the loser of a match leaves to the job's winner: its bond without the share that is burned. */
export const potShareWei = ({ bondWei, burnBps }: Parameters): bigint =>
  bondWei - (bondWei * BigInt(burnBps)) / 10_000n;

/** `Job` of IJobs.sol. */
export interface JobState {
  readonly id: JobId;
  readonly modelId: Hash;
  readonly inputRoot: Hash;
  readonly requester: string;
  readonly status: JobStatus;
  readonly claimBy: Timestamp;
  /** 0 before the first claim. */
  readonly windowEndsAt: Timestamp;
  /** Lowest claim that may still be live; 0 without claims. */
  readonly firstClaim: ClaimId;
  /** The claim that became final; 0 before. */
  readonly winner: ClaimId;
  /** The job's last claim; 0 without claims. */
  readonly lastClaim: ClaimId;
  /** No live claim up to this one disagrees with the first live one; what the contract has found so far. */
  readonly agreedUpTo: ClaimId;
  /** Bytes of the output that claims post; 0 when it goes by its root. */
  readonly outputBytes: number;
  readonly feeWei: Wei;
  readonly potWei: Wei;
  readonly consumer: string;
  /** A demanded input is not complete: nothing may become final (`isOutstanding` of IInputs.sol). */
  readonly inputOutstanding: boolean;
}

/** `Claim` of IJobs.sol, with the terms that stand in its event and the root that it has revealed in Matches.sol. */
export interface ClaimState {
  readonly id: ClaimId;
  readonly jobId: JobId;
  readonly claimant: string;
  readonly status: ClaimStatus;
  /** The claim that it was posted against; 0 for a first claim. */
  readonly target: ClaimId;
  readonly seal: Hash;
  readonly outputRoot: Hash;
  /** The trace root that it has revealed; null before. */
  readonly traceRoot: Hash | null;
}

/** Side 0 is the claim with the lower id. */
export type Side = 0 | 1;
export const SIDES: readonly [0, 1] = [0, 1];
export type Both<T> = readonly [T, T];

export function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0;
}

/** `Match` of IMatches.sol, with what only its events say. */
export interface MatchState {
  readonly id: MatchId;
  readonly claims: Both<ClaimId>;
  readonly phase: Phase;
  readonly ending: Ending;
  /** Levels below the current node; 0 at a leaf. */
  readonly height: number;
  /** Index of the current node among the nodes of its level. */
  readonly position: number;
  /** The side to move in open, descend and leaf. */
  readonly turn: Side;
  readonly losers: Both<boolean>;
  /** Since when the running clocks run. */
  readonly clockStartedAt: Timestamp;
  /** Each side's clock when it last stopped. */
  readonly remainingSeconds: Both<Seconds>;
  /** From its events: the current node in each side's trace; null at the root (where it is the trace root), or when not read yet. */
  readonly nodes: Both<Hash> | null;
  /** From its events: what the other side has opened of its current node, while `turn` is to answer; null otherwise. */
  readonly opened: readonly Hash[] | null;
  /** From its events: the leaves that the sides have posted; null before. */
  readonly leaves: Both<Hex | null>;
  /** From its events: the element that the contract has computed, and what each side has there; null before. */
  readonly computed: { readonly element: number; readonly values: Both<number> } | null;
}

/** What somebody has coming for moves in a match, if the claim of that side becomes final and the other one has lost (IRefunds). */
export interface Promised {
  readonly matchId: MatchId;
  readonly side: Side;
  readonly account: string;
  readonly amountWei: Wei;
}

/** A job with all its claims and all the matches between them. */
export interface JobView {
  readonly job: JobState;
  readonly claims: readonly ClaimState[];
  readonly matches: readonly MatchState[];
  /** Nothing that was collected. */
  readonly promised: readonly Promised[];
}
