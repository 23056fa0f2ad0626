/** What a side of a match has to do now. There is no choice in it: a side only ever opens its own commitment. */
import type { Hash, Hex } from '../commit/hash.js';
import type { Timestamp } from '../units.js';
import { type Decision, decided, type Move, waiting } from './actions.js';
import { clocksAt, haveSameTrace, isMoot } from './clock.js';
import { type Both, type ClaimState, type MatchState, otherSide, type Side } from './game.js';
import { requireLaw, requireLawfulMove, requireLawfulReveal } from './laws.js';
import { locate } from './locate.js';
import { descendMove, openMove, postLeafMove, proofMove, revealMove } from './moves.js';
import type { TraceSource } from './trace.js';
import { trueValue } from './truth.js';

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
  // A proof is in time until time is called; other moves would revert.
  const move = moveOf(match, trace, side);
  if (typeof move === 'string') return wait(move);
  if (clock.expired && !isProof(move)) return wait(`the clock of side ${side} has run out`);
  const reason = `side ${side} is to move: ${describe(match)}`;
  if (claims[side].traceRoot !== null) {
    requireLawfulMove(move, match, claims, trace, side);
    return decided(move, reason, subject, clock.endsAt);
  }
  const reveal = revealMove(claims[side], trace);
  requireLawfulReveal(reveal, claims[side], trace);
  requireLawfulMove(move, match, revealedBy(claims, side, trace.forest.root), trace, side);
  return decided({ kind: 'revealAndMove', reveal, move }, reason, subject, clock.endsAt);
}

/** The claims as they stand when `side` has revealed. */
function revealedBy([claim0, claim1]: Both<ClaimState>, side: Side, traceRoot: Hash): Both<ClaimState> {
  return side === 0 ? [{ ...claim0, traceRoot }, claim1] : [claim0, { ...claim1, traceRoot }];
}

const isProof = ({ kind }: Move): boolean => kind === 'proveInput' || kind === 'proveStep' || kind === 'provePadding';

/** The move, or a sentence that says what must be read from the chain before it can be made. */
function moveOf(match: MatchState, trace: TraceSource, side: Side): Move | string {
  switch (match.phase) {
    case 'open':
      return openMove(match, trace);
    case 'descend': {
      if (!match.opened) return 'what the other side has opened is not read from its event yet';
      return descendMove(match, trace, match.opened) ?? 'the other side has opened the same nodes';
    }
    case 'leaf': {
      if (!match.nodes) return 'the leaves are not read from their events yet';
      return leafMove(match, match.nodes, trace, side);
    }
    default: {
      const [leaf0, leaf1] = match.leaves;
      if (!leaf0 || !leaf1) return 'the posted leaves are not read from their events yet';
      return proofMove(match, [leaf0, leaf1], trace, side);
    }
  }
}

/** Who has its own leaf, the other side's, and a trace that proves it right need not post its leaf first. */
function leafMove(match: MatchState, nodes: Both<Hash>, trace: TraceSource, side: Side): Move {
  const posted = match.leaves[otherSide(side)];
  const own = postLeafMove(match, trace, nodes);
  if (!posted) return own;
  const leaves: Both<Hex> = side === 0 ? [own.leaf, posted] : [posted, own.leaf];
  return holds(trace, match, leaves, side) ? proofMove(match, leaves, trace, side) : own;
}

/** Whether the contract would find the side's own element to be the true one. A liar's is not: it posts its leaf and waits. */
function holds(trace: TraceSource, match: MatchState, leaves: Both<Hex>, side: Side): boolean {
  const location = locate(trace.commitment, { ...match, leaves });
  const { disputed } = location;
  return disputed !== null && disputed.values[side] === trueValue(trace, location, disputed.element);
}

function requireOwn({ traceRoot }: ClaimState, root: Hash): void {
  requireLaw(traceRoot === null || traceRoot === root, 'a side is moved for only with the trace it revealed');
}

function waitingFor(match: MatchState, claims: Both<ClaimState>, side: Side): string {
  if (haveSameTrace(claims)) return 'both sides have revealed the same trace';
  return `side ${otherSide(side)} is to move: ${describe(match)}`;
}

function describe({ phase, height, position }: MatchState): string {
  switch (phase) {
    case 'open':
      return 'open the root';
    case 'descend':
      return `descend from height ${height}, position ${position}`;
    case 'leaf':
      return `post leaf ${position}`;
    default:
      return `prove leaf ${position}`;
  }
}
