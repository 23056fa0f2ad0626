/** What a party can do to a job, with exactly the arguments that the contracts take. */
import type { OpeningData } from '../commit/forest.js';
import type { Hash, Hex } from '../commit/hash.js';
import type { ClaimId, JobId, MatchId, Timestamp, Wei } from '../units.js';
import type { Both, Side } from './game.js';

/** `Terms` of IJobs.sol: what a claim says, which the contract keeps only the hash of. */
export interface Terms {
  readonly seal: Hash;
  readonly outputRoot: Hash;
  /** The claim it was posted against; 0 for a first claim. */
  readonly target: ClaimId;
}

export interface Reveal {
  readonly kind: 'reveal';
  readonly claimId: ClaimId;
  readonly terms: Terms;
  readonly traceRoot: Hash;
  readonly outputProof: readonly Hash[];
}

export interface OpenMatch {
  readonly kind: 'openMatch';
  readonly claimIdA: ClaimId;
  readonly claimIdB: ClaimId;
}

/** The first move: side 1 opens its root. */
export interface Open {
  readonly kind: 'open';
  readonly matchId: MatchId;
  readonly children: readonly Hash[];
}

/** `Answer` of IMatches.sol: where one's own opening first differs from what the other side has opened. */
export interface Answer {
  readonly index: number;
  readonly otherNode: Hash;
  readonly siblings: readonly Hash[];
}

export interface Descend {
  readonly kind: 'descend';
  readonly matchId: MatchId;
  readonly height: number;
  readonly position: number;
  readonly answer: Answer;
  /** Of one's own node at the answer. */
  readonly children: readonly Hash[];
}

export interface DescendToLeaf {
  readonly kind: 'descendToLeaf';
  readonly matchId: MatchId;
  readonly height: number;
  readonly position: number;
  readonly answer: Answer;
  readonly leaf: Hex;
}

export interface PostLeaf {
  readonly kind: 'postLeaf';
  readonly matchId: MatchId;
  readonly position: number;
  /** The other side's leaf hash. */
  readonly otherNode: Hash;
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
  /** Of the later claim. */
  readonly terms1: Terms;
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
    readonly terms: Terms;
  };
  readonly seal: Hash;
  readonly outputRoot: Hash;
  readonly output: Hex;
}

export interface Finalize {
  readonly kind: 'finalize';
  readonly jobId: JobId;
  /** The winner's; all zero for a job that ends without one. */
  readonly terms: Terms;
  readonly output: Hex;
}

export interface WalkClaims {
  readonly kind: 'walkClaims';
  readonly jobId: JobId;
  readonly maxSteps: number;
}

export interface ReclaimBond {
  readonly kind: 'reclaimBond';
  readonly claimId: ClaimId;
  readonly terms: Terms;
}

export interface Withdraw {
  readonly kind: 'withdraw';
  /** The account that must send it. */
  readonly account: string;
}

/** Moves of one side of a match. */
export type Move = Open | Descend | DescendToLeaf | PostLeaf | ProveInput | ProveStep | ProvePadding;

/** A side's first move in any of its matches, with the reveal that it needs, in one transaction. */
export interface RevealAndMove {
  readonly kind: 'revealAndMove';
  readonly reveal: Reveal;
  readonly move: Move;
}

/** What a side does in a match, as one transaction. */
export type Turn = Move | RevealAndMove;

/** A turn, or the end of the other side's time, for a claim of somebody else: the base fee comes back if that claim becomes final. */
export interface Assist {
  readonly kind: 'assist';
  readonly matchId: MatchId;
  readonly turn: Turn | CallTime;
}

/** Has what was promised to `account` credited. */
export interface CollectRefund {
  readonly kind: 'collectRefund';
  readonly matchId: MatchId;
  readonly side: Side;
  readonly account: string;
}

export type Action =
  | Turn
  | Reveal
  | OpenMatch
  | CallTime
  | Assist
  | CollectRefund
  | SettleSameTrace
  | Challenge
  | Finalize
  | WalkClaims
  | ReclaimBond
  | Withdraw;

/** What is done, also where it is done for somebody else. */
export const kindOf = (action: Action): Exclude<Action, Assist>['kind'] =>
  action.kind === 'assist' ? action.turn.kind : action.kind;

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
