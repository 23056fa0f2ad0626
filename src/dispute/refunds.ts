/** Gas that comes back to whoever moves for somebody else's claim (docs/protocol.md, "Moving for others"). */
import type { MatchId } from '../units.js';
import { type CallTime, type Decision, decided, type Turn } from './actions.js';
import { type ClaimState, type JobView, otherSide, type Promised } from './game.js';
import { isOwn, type Party } from './party.js';

/** A decision to move in a match, so that its base fee is promised back where the claim is not one's own. */
export function assisting(decision: Decision, matchId: MatchId, claim: ClaimState, party: Party): Decision {
  if (!decision.action || isOwn(party, claim.claimant)) return decision;
  return { ...decision, action: { kind: 'assist', matchId, turn: decision.action as Turn | CallTime } };
}

/** What one's own accounts have coming if this claim wins its job. */
export function promisedFor(claim: ClaimState, { matches, promised }: JobView, party: Party): Promised[] {
  return promised.filter(
    ({ matchId, side, account }) =>
      isOwn(party, account) && matches.some(({ id, claims }) => id === matchId && claims[side] === claim.id),
  );
}

/** What one's own accounts have coming from a job that has ended: for moves for its winner, against claims that have lost. */
export function collectRefunds(view: JobView, party: Party): Decision[] {
  const { job, claims, matches } = view;
  const winner = claims.find(({ id }) => job.status === 'final' && id === job.winner);
  if (!winner) return [];
  return promisedFor(winner, view, party)
    .filter(({ matchId, side }) => {
      const loser = matches.find(({ id }) => id === matchId)?.claims[otherSide(side)];
      return claims.some(({ id, status }) => id === loser && status === 'lost');
    })
    .map(({ matchId, side, account, amountWei }) =>
      decided(
        { kind: 'collectRefund', matchId, side, account },
        `${amountWei} wei of gas come back for moves for claim ${winner.id}`,
        { matchId },
      ),
    );
}
