/** Chess clocks (docs/protocol.md, section 4; Clock.sol): a clock runs only while its side is to move. */
import { after, elapsed, type Seconds, type Timestamp } from '../units.js';
import { type Both, type ClaimState, type MatchState, SIDES, type Side } from './game.js';

export interface SideClock {
  /** Whether the side is to move, so that its clock runs. */
  readonly toMove: boolean;
  /** What is left of it; negative when it ran out and the side is still to move. */
  readonly secondsLeft: Seconds;
  /** Last second in which the side may move; null when it is not to move. */
  readonly endsAt: Timestamp | null;
  /** Anyone may call time against this side. */
  readonly expired: boolean;
}

/** Both sides' clocks at time `now`. A match with a claim that is no longer live is moot: nobody is to move. */
export function clocksAt(match: MatchState, claims: Both<ClaimState>, now: Timestamp): Both<SideClock> {
  const clockOf = (side: Side): SideClock => {
    const left = match.remainingSeconds[side];
    if (!isToMove(match, claims, side)) return { toMove: false, secondsLeft: left, endsAt: null, expired: false };
    const secondsLeft = (left - elapsed(match.clockStartedAt, now)) as Seconds;
    return { toMove: true, secondsLeft, endsAt: after(match.clockStartedAt, left), expired: secondsLeft < 0 };
  };
  return [clockOf(0), clockOf(1)];
}

export function isMoot(claims: Both<ClaimState>): boolean {
  return claims.some(({ status }) => status !== 'live');
}

/** Whether a match still decides anything. */
export function isPlaying(match: MatchState, claims: Both<ClaimState>): boolean {
  return match.phase !== 'over' && match.phase !== 'none' && !isMoot(claims);
}

export function isToMove(match: MatchState, claims: Both<ClaimState>, side: Side): boolean {
  if (isMoot(claims)) return false;
  switch (match.phase) {
    case 'open':
    case 'descend':
    case 'leaf':
      return match.turn === side && !haveSameTrace(claims);
    case 'proof':
      return true;
    case 'none':
    case 'over':
      return false;
  }
}

/** Both have revealed one trace: neither has anything to open or to answer, and no time can be called. */
export function haveSameTrace([claim0, claim1]: Both<ClaimState>): boolean {
  return claim0.traceRoot !== null && claim0.traceRoot === claim1.traceRoot;
}

/** The sides that anyone may call time against. */
export function expiredSides(match: MatchState, claims: Both<ClaimState>, now: Timestamp): Side[] {
  const clocks = clocksAt(match, claims, now);
  return SIDES.filter((side) => clocks[side].expired);
}
