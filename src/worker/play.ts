/** Playing one's own claims with one's own trace, whatever it is worth: the side of a match that a liar is on. */
import { callOf } from '../chain/actions.js';
import type { Contracts } from '../chain/contracts.js';
import { ContractRefusal } from '../chain/errors.js';
import { currentView, readerOfJob } from '../chain/reader.js';
import type { Sender } from '../chain/sender.js';
import type { Move } from '../dispute/actions.js';
import { isPlaying } from '../dispute/clock.js';
import { decideMatch } from '../dispute/decide-match.js';
import { type Both, type ClaimState, type JobView, SIDES } from '../dispute/game.js';
import type { TraceSource } from '../dispute/trace.js';
import type { JobId } from '../units.js';
import { requireDevnet } from './tamper.js';

export interface PlayOptions {
  readonly contracts: Contracts;
  readonly sender: Sender;
  readonly jobId: JobId;
  /** What the claims were made from. */
  readonly trace: TraceSource;
  readonly onMove?: (move: Move['kind'], txHash: string, gasUsed: bigint) => void;
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Makes every move that the sender's claims in a job ask for, but no proofs, until the job has ended, none of them is live, or the
 * signal aborts. Devnet only: an honest party uses `watch` or `work`, which judge before they move.
 */
export async function playOwnClaims(options: PlayOptions): Promise<void> {
  const { contracts, sender, jobId, signal, pollMs = 50 } = options;
  requireDevnet(contracts.node);
  const reader = await readerOfJob(contracts, jobId);
  while (!signal?.aborted) {
    const view = await currentView(reader, jobId);
    const own = view.claims.filter(({ status, claimant }) => status === 'live' && claimant === sender.address);
    if (view.job.status !== 'open' || own.length === 0) return;
    const moves = await movesOf(options, view);
    for (const move of moves) await send(options, move);
    if (moves.length === 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function movesOf({ contracts, sender, trace }: PlayOptions, view: JobView): Promise<Move[]> {
  const now = await contracts.node.now();
  return view.matches.flatMap((match) => {
    const claims = match.claims.map((id) =>
      view.claims.find((claim) => claim.id === id),
    ) as unknown as Both<ClaimState>;
    if (match.phase === 'proof' || !isPlaying(match, claims)) return [];
    return SIDES.filter((side) => claims[side].claimant === sender.address).flatMap((side) => {
      const { action } = decideMatch(match, claims, trace, side, now);
      return action ? [action as Move] : [];
    });
  });
}

async function send({ contracts, sender, onMove }: PlayOptions, move: Move): Promise<void> {
  try {
    const { txHash, gasUsed } = await sender.send(callOf(contracts, move));
    onMove?.(move.kind, txHash, gasUsed);
  } catch (error) {
    if (!(error instanceof ContractRefusal)) throw error; // the match has moved on, or is over
  }
}
