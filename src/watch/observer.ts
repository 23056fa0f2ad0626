/** Who looks on while a daemon works: metrics, health and alerts. Nothing here decides anything, and nothing here may throw. */
import type { JobView } from '../dispute/game.js';
import type { Verdict } from '../dispute/judge.js';
import type { JobId, Timestamp } from '../units.js';

export interface Observer {
  /** The chain was read up to this block, for which there are so many known jobs and so much of one's own at stake. */
  chainRead(head: { readonly number: number; readonly timestamp: number }, jobs: number, atStakeWei: bigint): void;
  /** A job was looked at. */
  visited(view: JobView, verdict: Verdict | null, now: Timestamp): void;
  /** A job has ended, or is none of one's business: nothing in it is one's own. */
  ended(id: JobId): void;
  /** A job is not known any more: it has ended long ago, or was taken back. */
  forgotten(id: JobId): void;
  /** A counter-claim was decided and not posted, because the match could not be paid to its end; `null` when it can be. */
  cannotAfford(id: JobId, reason: string | null): void;
}

export const NOBODY: Observer = {
  chainRead: () => undefined,
  visited: () => undefined,
  ended: () => undefined,
  forgotten: () => undefined,
  cannotAfford: () => undefined,
};
