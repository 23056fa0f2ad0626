/** Moving for a claim with the trace it was made from, also when that trace is a lie. */
import type { Action } from '../../dispute/actions.js';
import { isToMove } from '../../dispute/clock.js';
import { decideMatch } from '../../dispute/decide-match.js';
import { type JobView, SIDES } from '../../dispute/game.js';
import type { TraceSource } from '../../dispute/trace.js';
import type { ClaimId, Timestamp } from '../../units.js';
import { claimsOf } from '../job-view.js';

/**
 * The moves that are due for one claim in its matches, up to the proof. A liar makes the same ones as an honest side; the proof it
 * leaves alone, because it would lose by it.
 */
export function movesOf(view: JobView, claimId: ClaimId, trace: TraceSource, now: Timestamp): Action[] {
  return view.matches.flatMap((match) => {
    const claims = claimsOf(match, view.claims);
    return SIDES.flatMap((side) => {
      if (claims[side].id !== claimId || match.phase === 'proof' || !isToMove(match, claims, side)) return [];
      const { action } = decideMatch(match, claims, trace, side, now);
      return action ? [action] : [];
    });
  });
}
