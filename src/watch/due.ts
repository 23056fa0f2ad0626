/** Which jobs ask for attention, before anything is run for them. Pure. */

import type { Hash } from '../commit/hash.js';
import { type Decision, decided, waiting } from '../dispute/actions.js';
import { clocksAt, isPlaying } from '../dispute/clock.js';
import { voidAction } from '../dispute/ending.js';
import type { Both, ClaimState, JobView, MatchState } from '../dispute/game.js';
import { judge, type Verdict } from '../dispute/judge.js';
import { isOwn, type Party } from '../dispute/party.js';
import { after, seconds, type Timestamp } from '../units.js';

export type Attention =
  /** Only a trace says what is to be done, and by when. */
  | { readonly kind: 'judge'; readonly deadline: Timestamp }
  /** What is to be done, without a trace. */
  | { readonly kind: 'decided'; readonly decisions: readonly Decision[] };

/** What a job asks of this party. A job without a live claim is not run: there is nothing to judge. */
export function attentionTo(view: JobView, party: Party, now: Timestamp): Attention {
  const { job, claims } = view;
  if (job.status !== 'open') return { kind: 'decided', decisions: [] };
  if (claims.some(({ status }) => status === 'live')) return { kind: 'judge', deadline: nextDeadline(view, now) };
  return { kind: 'decided', decisions: [unclaimed(view, party, now)] };
}

/** A job that nobody has claimed gives the fee back when the time for a first claim is over. */
function unclaimed({ job }: JobView, party: Party, now: Timestamp): Decision {
  if (now <= job.claimBy) return waiting(`no claim is live; a first claim may come until ${job.claimBy}`);
  if (job.inputOutstanding) return waiting('a demanded input is not complete');
  if (!party.endsOthersJobs && !isOwn(party, job.requester))
    return waiting('no claim is live and none can come: ending the job is not ours');
  return decided(voidAction(job.id), 'no claim is live and none can come: the fee goes back');
}

/** After every deadline. */
export const NEVER = Number.MAX_SAFE_INTEGER as Timestamp;

/**
 * Chain time before which nothing becomes due in a job by itself: it need not be looked at until then, unless something happens to it.
 * Where anything is disputed, missing or left undone, that is now.
 *
 * @param verdict null when none is needed.
 */
export function quietUntil(
  view: JobView,
  verdict: Verdict | null,
  decisions: readonly Decision[],
  sealDomain: Hash,
  now: Timestamp,
): Timestamp {
  const { job, claims } = view;
  if (job.inputOutstanding || decisions.some(({ action }) => action !== null)) return now;
  if (job.status !== 'open') return NEVER;
  const live = claims.filter(({ status }) => status === 'live');
  const isUndisputed =
    live.length <= 1 && live.every((claim) => verdict !== null && judge(claim, verdict, sealDomain) === 'correct');
  if (!isUndisputed) return now;
  const end = live.length === 0 ? job.claimBy : job.windowEndsAt;
  return now <= end ? after(end, seconds(1)) : NEVER;
}

/** The first moment at which somebody's time ends: of a side that is to move, or to challenge. */
export function nextDeadline({ job, claims, matches }: JobView, now: Timestamp): Timestamp {
  const ends = matches.flatMap((match) => {
    const pair = claimsOf(match, claims);
    if (!pair || !isPlaying(match, pair)) return [];
    return clocksAt(match, pair, now).flatMap(({ endsAt }) => (endsAt === null ? [] : [endsAt]));
  });
  const ahead = [...ends, job.windowEndsAt].filter((end) => end >= now);
  return (ahead.length === 0 ? now : Math.min(...ahead)) as Timestamp;
}

function claimsOf({ claims: [id0, id1] }: MatchState, claims: readonly ClaimState[]): Both<ClaimState> | null {
  const [claim0, claim1] = [id0, id1].map((id) => claims.find((claim) => claim.id === id));
  return claim0 && claim1 ? [claim0, claim1] : null;
}
