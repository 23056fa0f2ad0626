/**
 * When a job that was not read yet is likely to ask for something, from its events alone: after a restart there are many jobs and little time, and
 * those in whose matches it is running must not wait for the others. Pure.
 */
import type { GameEvent } from '../chain/game-log.js';
import { isOwn, type Party } from '../dispute/party.js';
import { type Timestamp, timestamp } from '../units.js';
import type { Looked } from './agenda.js';
import { NEVER } from './due.js';

/** Before every other moment: in the order of their last moves, since the clock of the oldest has run for longest. */
const inMatch = (lastMoveBlock: number): Timestamp => timestamp(lastMoveBlock);
/** After all that have a deadline. */
const UNCLAIMED = (NEVER - 1) as Timestamp;
const NOT_QUIET = timestamp(0);

/** @param events all of a job, in the order of the chain. */
export function expectation(events: readonly GameEvent[], party: Party): Looked {
  if (events.some(({ name }) => name === 'JobFinal' || name === 'JobVoid'))
    return { deadline: NEVER, quietUntil: NOT_QUIET };
  const lastMove = oldestLastMove(events);
  if (lastMove !== null) return { deadline: inMatch(lastMove), quietUntil: NOT_QUIET };
  const over = new Set<bigint>();
  const live = new Map<bigint, { readonly claimant: string; readonly windowEndsAt: bigint }>();
  for (const { name, args } of events) {
    if (name === 'ClaimLost' || name === 'ClaimClosed') over.add(args.claimId);
    if (name === 'Claimed') live.set(args.claimId, args);
  }
  for (const id of over) live.delete(id);
  const [only, another] = live.values();
  if (!only) return { deadline: UNCLAIMED, quietUntil: NOT_QUIET };
  const windowEndsAt = timestamp(Number(only.windowEndsAt));
  // Nothing becomes due for one's own claim as long as nobody objects; a demand of the input has events of its own.
  const isQuiet = another === undefined && isOwn(party, only.claimant) && !events.some(isOfInput);
  return { deadline: windowEndsAt, quietUntil: isQuiet ? windowEndsAt : NOT_QUIET };
}

const isOfInput = ({ name }: GameEvent): boolean => name.startsWith('Input');

/** Of each match that is not over the block of its last event; of those the first. Null when none is played. */
function oldestLastMove(events: readonly GameEvent[]): number | null {
  const lastMoves = new Map<bigint, number>();
  for (const { name, args, blockNumber } of events) {
    if (!('matchId' in args)) continue;
    if (name === 'MatchEnded') lastMoves.delete(args.matchId);
    else lastMoves.set(args.matchId, blockNumber);
  }
  return lastMoves.size === 0 ? null : Math.min(...lastMoves.values());
}
