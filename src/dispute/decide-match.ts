/** What a side of a match has to do now. There is no choice in it: a side only ever opens its own commitment. */
import type { Hash } from '../commit/hash.js';
import type { Timestamp } from '../units.js';
import { type Decision, decided, type Move, waiting } from './actions.js';
import { clocksAt, isMoot } from './clock.js';
import { type Both, type ClaimState, type MatchState, otherSide, type Side } from './game.js';
import { requireLaw, requireLawfulMove } from './laws.js';
import { descendMove, postLeafMove, proofMove, revealMove } from './moves.js';
import type { TraceSource } from './trace.js';

/**
 * The move that is due for `side`, or why there is none.
 *
 * @param side the side whose claim opens to `trace` (see {@link sidesToDefend}); it may be a stranger's.
 * @param now time of the chain.
 * @throws BrokenLaw when the side has revealed another trace, or the move would not be accepted or would lose.
 */
export function decideMatch(
  match: MatchState,
  claims: Both<ClaimState>,
  trace: TraceSource,
  side: Side,
  now: Timestamp,
): Decision {
  const clock = clocksAt(match, claims, now)[side];
  const subject = { matchId: match.id };
  const wait = (reason: string): Decision => waiting(reason, subject, clock.endsAt);

  if (match.phase === 'over' || match.phase === 'none') return wait('the match is over');
  if (isMoot(claims)) return wait('the match is moot: a claim in it is no longer live');
  requireOwn(claims[side], trace.forest.root);
  if (!clock.toMove) return wait(waitingFor(match, claims, side));
  // A late reveal still opens the claim, and a proof is in time until time is called; other moves would revert.
  if (clock.expired && match.phase !== 'proof' && match.phase !== 'reveal')
    return wait(`the clock of side ${side} has run out`);

  const move = moveOf(match, claims, trace, side);
  if (typeof move === 'string') return wait(move);
  requireLawfulMove(move, match, claims, trace, side);
  return decided(move, `side ${side} is to move: ${describe(match)}`, subject, clock.endsAt);
}

/** The move, or a sentence that says what must be read from the chain before it can be made. */
function moveOf(match: MatchState, claims: Both<ClaimState>, trace: TraceSource, side: Side): Move | string {
  switch (match.phase) {
    case 'reveal':
      return revealMove(claims[side].id, trace);
    case 'descend': {
      if (side === 0) return descendMove(match, trace, []);
      if (!match.opened) return 'what side 0 has opened is not read from its event yet';
      return descendMove(match, trace, match.opened);
    }
    case 'leaf':
      return postLeafMove(match, trace, side);
    default: {
      const [leaf0, leaf1] = match.leaves;
      if (!leaf0 || !leaf1) return 'the posted leaves are not read from their events yet';
      return proofMove(match, [leaf0, leaf1], trace, side);
    }
  }
}

function requireOwn({ revealed }: ClaimState, root: Hash): void {
  requireLaw(revealed === null || revealed.traceRoot === root, 'a side is moved for only with the trace it revealed');
}

function waitingFor(match: MatchState, claims: Both<ClaimState>, side: Side): string {
  if (match.phase !== 'reveal') return `side ${otherSide(side)} is to move: ${describe(match)}`;
  if (!claims[otherSide(side)].revealed) return `side ${otherSide(side)} has not revealed yet`;
  return 'both sides have revealed the same trace';
}

function describe({ phase, height, position }: MatchState): string {
  switch (phase) {
    case 'reveal':
      return 'reveal';
    case 'descend':
      return `descend from height ${height}, position ${position}`;
    case 'leaf':
      return `post leaf ${position}`;
    default:
      return `prove leaf ${position}`;
  }
}
