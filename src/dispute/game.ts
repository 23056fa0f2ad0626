/**
 * The game as it stands on a chain: what the contracts' structs hold, plus what only their events say. Made by the chain
 * reader; everything in this folder is a pure function of it, of a trace and of the time.
 */
import type { Hash, Hex } from '../commit/hash.js';
import type { ClaimId, JobId, MatchId, Seconds, Timestamp, Wei } from '../units.js';

/** Enums of the contracts, in their order. */
export const JOB_STATUSES = ['none', 'open', 'final', 'void'] as const;
export const CLAIM_STATUSES = ['none', 'live', 'lost', 'closed', 'final'] as const;
export const PHASES = ['none', 'reveal', 'descend', 'leaf', 'proof', 'over'] as const;
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
}

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
  /** Bytes of the output that claims post; 0 when it goes by its root. */
  readonly outputBytes: number;
  readonly feeWei: Wei;
  readonly potWei: Wei;
  readonly consumer: string;
  /** A demanded input is not complete: nothing may become final (`isOutstanding` of IInputs.sol). */
  readonly inputOutstanding: boolean;
}

/** `Claim` of IJobs.sol. */
export interface ClaimState {
  readonly id: ClaimId;
  readonly jobId: JobId;
  readonly claimant: string;
  readonly status: ClaimStatus;
  /** The claim that it was posted against; 0 for a first claim. */
  readonly target: ClaimId;
  readonly seal: Hash;
  readonly outputRoot: Hash;
  /** What it revealed and when; null before. */
  readonly revealed: { readonly traceRoot: Hash; readonly at: Timestamp } | null;
}

/** Side 0 is the claim with the lower id. */
export type Side = 0 | 1;
export const SIDES: readonly [0, 1] = [0, 1];
export type Both<T> = readonly [T, T];

export function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0;
}

/**
 * `Match` of IMatches.sol, as `getMatch` gives it: in Descend as soon as both sides have revealed different traces, with the
 * clocks as they then ran.
 */
export interface MatchState {
  readonly id: MatchId;
  readonly claims: Both<ClaimId>;
  readonly phase: Phase;
  readonly ending: Ending;
  /** Levels below the current node; 0 at a leaf. */
  readonly height: number;
  /** Index of the current node among the nodes of its level. */
  readonly position: number;
  /** The side to move while descending. */
  readonly turn: Side;
  readonly leafPosted: Both<boolean>;
  readonly losers: Both<boolean>;
  /** Since when the running clocks run. */
  readonly clockStartedAt: Timestamp;
  /** Each side's clock when it last stopped. */
  readonly remainingSeconds: Both<Seconds>;
  /** The current node in each side's trace. */
  readonly nodes: Both<Hash>;
  /** From its events: what side 0 has opened of the current node, while side 1 is to answer; null otherwise. */
  readonly opened: readonly Hash[] | null;
  /** From its events: the leaves that the sides have posted; null before. */
  readonly leaves: Both<Hex | null>;
}

/** A job with all its claims and all the matches between them. */
export interface JobView {
  readonly job: JobState;
  readonly claims: readonly ClaimState[];
  readonly matches: readonly MatchState[];
}
