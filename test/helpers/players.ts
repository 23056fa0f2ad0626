/** Who plays: an honest party that does what is decided, and liars that do what suits them. */
import { sealOf } from '../../src/commit/seal.js';
import type { Action, Decision, Move } from '../../src/dispute/actions.js';
import { expiredSides, isToMove } from '../../src/dispute/clock.js';
import { decideJob } from '../../src/dispute/decide-job.js';
import { type ClaimState, type MatchState, type Phase, SIDES, type Side } from '../../src/dispute/game.js';
import type { Verdict } from '../../src/dispute/judge.js';
import { descendMove, openMove, postLeafMove, revealMove } from '../../src/dispute/moves.js';
import { postedOutput, type TraceSource } from '../../src/dispute/trace.js';
import { timestamp } from '../../src/units.js';
import { type Referee, Reverted } from './referee.js';

export interface Player {
  readonly name: string;
  readonly address: string;
  /** Does at most one thing; says what. */
  act(referee: Referee): Action | null;
}

/** One address for one name. */
export function addressOf(name: string): string {
  return `0x${Buffer.from(name).toString('hex').padEnd(40, '0').slice(0, 40)}`;
}

export interface HonestMeans {
  /** Whether it may put up a bond; true unless told. */
  readonly bonds?: boolean;
  /** Whether it ends others' jobs; true unless told. */
  readonly endsOthersJobs?: boolean;
}

/** Plays whatever is decided, one action at a time. */
export class Honest implements Player {
  readonly address: string;

  constructor(
    readonly name: string,
    readonly verdict: Verdict,
    private readonly means: HonestMeans = {},
  ) {
    this.address = addressOf(name);
  }

  decisions(referee: Referee): Decision[] {
    const { bonds = true, endsOthersJobs = true } = this.means;
    const party = { addresses: [this.address], bondFrom: bonds ? this.address : null, endsOthersJobs };
    return decideJob(referee.view(), this.verdict, party, referee.deployment, timestamp(referee.now));
  }

  /** What is due is applied, and must be accepted. */
  act(referee: Referee): Action | null {
    const due = this.decisions(referee).find(({ action }) => action);
    if (!due?.action) return null;
    referee.apply(due.action, this.address);
    return due.action;
  }
}

export interface LiarHabits {
  /** Phases in which it does nothing. */
  readonly silentIn?: readonly Phase[];
  /** Moves in the last second of its clock only. */
  readonly dawdles?: boolean;
  /** Changes a move before it is sent. */
  readonly tampers?: (action: Action) => Action;
}

/**
 * Plays its own commitment as far as it can be played, and calls time on whoever is late. It gives no proofs, which could only
 * prove it wrong.
 */
export class Liar implements Player {
  readonly address: string;

  constructor(
    readonly name: string,
    readonly trace: TraceSource,
    private readonly habits: LiarHabits = {},
  ) {
    this.address = addressOf(name);
  }

  act(referee: Referee): Action | null {
    const { claims, matches } = referee.view();
    for (const match of matches)
      for (const side of SIDES) {
        const pair = [this.find(claims, match, 0), this.find(claims, match, 1)] as const;
        if (pair[side].claimant !== this.address) continue;
        const late = expiredSides(match, pair, timestamp(referee.now));
        const timeout: Action = { kind: 'callTime', matchId: match.id };
        if (late.length > 0 && !late.includes(side) && this.tries(referee, timeout)) return timeout;
        if (!isToMove(match, pair, side)) continue;
        if (this.habits.silentIn?.includes(match.phase) || !this.isTime(match, side, referee.now)) continue;
        const move = this.move(match, pair[side]);
        if (move && this.tries(referee, this.habits.tampers?.(move) ?? move)) return move;
      }
    return null;
  }

  private move(match: MatchState, claim: ClaimState): Action | null {
    const move = this.openingOf(match);
    if (!move || claim.traceRoot !== null) return move;
    return { kind: 'revealAndMove', reveal: revealMove(claim, this.trace), move };
  }

  private openingOf(match: MatchState): Move | null {
    if (match.phase === 'open') return openMove(match, this.trace);
    if (match.phase === 'descend') return match.opened && descendMove(match, this.trace, match.opened);
    return match.phase === 'leaf' && match.nodes ? postLeafMove(match, this.trace, match.nodes) : null;
  }

  private isTime(match: MatchState, side: Side, now: number): boolean {
    return !this.habits.dawdles || now === match.clockStartedAt + match.remainingSeconds[side];
  }

  private tries(referee: Referee, action: Action): boolean {
    try {
      referee.apply(action, this.address);
      return true;
    } catch (error) {
      if (error instanceof Reverted) return false;
      throw error;
    }
  }

  private find(claims: readonly ClaimState[], match: MatchState, side: Side): ClaimState {
    return claims.find(({ id }) => id === match.claims[side]) as ClaimState;
  }
}

/** What a player posts as a claim of this trace. */
export function claimOf(referee: Referee, address: string, trace: TraceSource) {
  const { job } = referee.view();
  return {
    seal: sealOf(referee.deployment.sealDomain, job.id, address, trace.forest.root),
    outputRoot: trace.answer.outputRoot,
    output: postedOutput(trace, job),
  };
}
