/** Leaving others a short while to make their own moves, so that two who defend the same do not both pay. Pure. */
import { keccakHex } from '../commit/keccak.js';
import { type Decision, kindOf, waiting } from '../dispute/actions.js';
import { type JobView, SIDES } from '../dispute/game.js';
import { isOwn, type Party } from '../dispute/party.js';
import type { Seconds, Timestamp } from '../units.js';

/** A move is never put off so long that less than this share of the clock is left. */
const CLOCK_SHARE_LEFT = 0.75;

/**
 * Puts off moves in matches in which none of the claims is one's own, by between one and two times `holdOffSeconds` after the other side's
 * last move: another time for each account, so that the first to move is seen by the others.
 */
export function holdOff(
  decisions: readonly Decision[],
  { claims, matches }: JobView,
  party: Party,
  now: Timestamp,
  holdOffSeconds: Seconds,
): Decision[] {
  if (holdOffSeconds <= 0) return [...decisions];
  return decisions.map((decision) => {
    const { action, subject, deadline } = decision;
    const match = matches.find(({ id }) => id === subject.matchId);
    if (!action || !match || kindOf(action) === 'callTime') return decision;
    const involved = match.claims.some((id) => claims.some((claim) => claim.id === id && isOwn(party, claim.claimant)));
    if (involved) return decision;
    const share = shareOf(`${party.addresses[0] ?? ''}:${match.id}:${match.height}`);
    const clockSeconds = Math.min(...SIDES.map((side) => match.remainingSeconds[side]));
    const waitSeconds = Math.min(holdOffSeconds * (1 + share), clockSeconds * (1 - CLOCK_SHARE_LEFT));
    const until = match.clockStartedAt + waitSeconds;
    if (now >= until) return decision;
    return waiting(`holding off ${kindOf(action)} for its own side until ${Math.ceil(until)}`, subject, deadline);
  });
}

/** Evenly spread over [0, 1). */
function shareOf(text: string): number {
  return Number.parseInt(keccakHex(Buffer.from(text)).slice(2, 10), 16) / 2 ** 32;
}
