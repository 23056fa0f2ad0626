/** What a party can do to a job, with exactly the arguments that the contracts take. */
import type { OpeningData } from '../commit/forest.js';
import type { Hash, Hex } from '../commit/hash.js';
import type { ClaimId, JobId, MatchId, Timestamp, Wei } from '../units.js';
import type { Both, Side } from './game.js';

export interface Reveal {
  readonly kind: 'reveal';
  readonly claimId: ClaimId;
  readonly traceRoot: Hash;
  readonly outputProof: readonly Hash[];
}

export interface OpenMatch {
  readonly kind: 'openMatch';
  readonly claimIdA: ClaimId;
  readonly claimIdB: ClaimId;
}

export interface Descend {
  readonly kind: 'descend';
  readonly matchId: MatchId;
  readonly height: number;
  readonly position: number;
  readonly children: readonly Hash[];
  /** What side 0 has opened; empty when side 0 moves. */
  readonly otherChildren: readonly Hash[];
}

export interface PostLeaf {
  readonly kind: 'postLeaf';
  readonly matchId: MatchId;
  readonly side: Side;
  readonly position: number;
  readonly leaf: Hex;
}

export interface ProveInput {
  readonly kind: 'proveInput';
  readonly matchId: MatchId;
  readonly position: number;
  readonly leaves: Both<Hex>;
  readonly inputLeaf: Hex;
  readonly inputProof: readonly Hash[];
}

export interface ProveStep {
  readonly kind: 'proveStep';
  readonly matchId: MatchId;
  readonly position: number;
  readonly leaves: Both<Hex>;
  readonly step: Hex;
  readonly stepProof: readonly Hash[];
  /** The side whose trace root the trace opening is against. */
  readonly side: Side;
  readonly traceOpening: OpeningData;
  readonly constantsOpening: OpeningData;
}

export interface ProvePadding {
  readonly kind: 'provePadding';
  readonly matchId: MatchId;
  readonly position: number;
  readonly leaves: Both<Hex>;
}

export interface CallTime {
  readonly kind: 'callTime';
  readonly matchId: MatchId;
}

export interface SettleSameTrace {
  readonly kind: 'settleSameTrace';
  readonly matchId: MatchId;
}

export interface Challenge {
  readonly kind: 'challenge';
  /** The account that must send it: the seal holds for no other. */
  readonly claimant: string;
  /** To be sent along. */
  readonly bondWei: Wei;
  readonly target: {
    readonly claimId: ClaimId;
    readonly modelId: Hash;
    readonly inputRoot: Hash;
    readonly seal: Hash;
    readonly outputRoot: Hash;
  };
  readonly seal: Hash;
  readonly outputRoot: Hash;
  readonly output: Hex;
}

export interface Finalize {
  readonly kind: 'finalize';
  readonly jobId: JobId;
  readonly output: Hex;
}

export interface SkipDeadClaims {
  readonly kind: 'skipDeadClaims';
  readonly jobId: JobId;
  readonly maxSteps: number;
}

export interface ReclaimBond {
  readonly kind: 'reclaimBond';
  readonly claimId: ClaimId;
}

export interface Withdraw {
  readonly kind: 'withdraw';
  /** The account that must send it. */
  readonly account: string;
}

/** Moves of one side of a match. */
export type Move = Reveal | Descend | PostLeaf | ProveInput | ProveStep | ProvePadding;

export type Action =
  | Move
  | OpenMatch
  | CallTime
  | SettleSameTrace
  | Challenge
  | Finalize
  | SkipDeadClaims
  | ReclaimBond
  | Withdraw;

export interface Subject {
  readonly matchId?: MatchId;
  readonly claimId?: ClaimId;
}

/** One thing that was decided, also when it is to do nothing. */
export interface Decision {
  readonly action: Action | null;
  readonly subject: Subject;
  /** A sentence for the log. */
  readonly reason: string;
  /** Last second in which the action is in time (now, when every second counts); null when there is no hurry. */
  readonly deadline: Timestamp | null;
}

export function decided(
  action: Action,
  reason: string,
  subject: Subject = {},
  deadline: Timestamp | null = null,
): Decision {
  return { action, subject, reason, deadline };
}

export function waiting(reason: string, subject: Subject = {}, deadline: Timestamp | null = null): Decision {
  return { action: null, subject, reason, deadline };
}
