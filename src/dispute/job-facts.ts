import type { ClaimId, Timestamp } from '../units.js';
import { clocksAt, isPlaying } from './clock.js';
import { type Both, type ClaimState, type JobView, type MatchState, otherSide, SIDES, type Side } from './game.js';
import { isCorrect } from './judge.js';
import { requireLaw } from './laws.js';
import { type Deployment, isOwn, type Party } from './party.js';
import { type Answered, isWholeTrace, type TraceSource } from './trace.js';

/** A match that still decides something, with its claims. */
export interface Playing {
  readonly match: MatchState;
  readonly claims: Both<ClaimState>;
}

/** An open job as one who has re-run it sees it: what several of the questions in this folder ask. */
export class JobFacts {
  /** Live claims, earliest first. */
  readonly live: readonly ClaimState[];
  readonly correct: readonly ClaimState[];
  readonly wrong: readonly ClaimState[];
  readonly playing: readonly Playing[];

  constructor(
    readonly view: JobView,
    readonly answered: Answered,
    readonly party: Party,
    readonly deployment: Deployment,
    readonly now: Timestamp,
  ) {
    this.live = view.claims.filter(({ status }) => status === 'live').sort((x, y) => (x.id < y.id ? -1 : 1));
    this.correct = this.live.filter((claim) => this.isCorrect(claim));
    this.wrong = this.live.filter((claim) => !this.isCorrect(claim));
    this.playing = view.matches
      .map((match): Playing => ({ match, claims: [this.claim(match.claims[0]), this.claim(match.claims[1])] }))
      .filter(({ match, claims }) => isPlaying(match, claims));
  }

  isCorrect(claim: ClaimState): boolean {
    return isCorrect(claim, this.answered, this.deployment.sealDomain);
  }

  /** For the moves of a match. @throws BrokenLaw when nothing but the answer is at hand: see `needsTrace`. */
  get trace(): TraceSource {
    requireLaw(isWholeTrace(this.answered), 'moves are made with the whole trace');
    return this.answered;
  }

  /** Whether more than the answer is needed to decide: a match is being played, or correct claims are to be revealed. */
  get needsTrace(): boolean {
    return this.playing.length > 0 || this.correct.length > 1;
  }

  isOwn(claim: ClaimState): boolean {
    return isOwn(this.party, claim.claimant);
  }

  /** Whether ending this job is one's business, were it not for the winner. */
  get endsIt(): boolean {
    return this.party.endsOthersJobs || isOwn(this.party, this.view.job.requester);
  }

  matchOf(x: ClaimState, y: ClaimState): MatchState | undefined {
    return this.view.matches.find(({ claims }) => claims.includes(x.id) && claims.includes(y.id));
  }

  /**
   * A claim without any time left against a wrong one, unless time can be called on that one alone: it may lose whatever is
   * done for it, so nobody can rely on it.
   */
  isDoomed(claim: ClaimState): boolean {
    return this.playing.some(({ match, claims }) => {
      const side = sideOf(claims, claim);
      if (side === null || this.isCorrect(claims[otherSide(side)])) return false;
      const clocks = clocksAt(match, claims, this.now);
      const winsByTime = clocks[otherSide(side)].expired && !clocks[side].expired;
      return clocks[side].secondsLeft <= 0 && !winsByTime;
    });
  }

  private claim(id: ClaimId): ClaimState {
    const found = this.view.claims.find((claim) => claim.id === id);
    requireLaw(found !== undefined, `the claims of every match are in the view; claim ${id} is not`);
    return found;
  }
}

export function sideOf(claims: Both<ClaimState>, claim: ClaimState): Side | null {
  return SIDES.find((side) => claims[side].id === claim.id) ?? null;
}
