/** Playing one's own claims with one's own trace, whatever it is worth: the side of a match that a liar is on. */
import { callOf } from '../chain/actions.js';
import type { Contracts } from '../chain/contracts.js';
import { ContractRefusal } from '../chain/errors.js';
import { currentView, readerOfJob } from '../chain/reader.js';
import type { Sender } from '../chain/sender.js';
import type { Turn } from '../dispute/actions.js';
import { isPlaying } from '../dispute/clock.js';
import { decideMatch } from '../dispute/decide-match.js';
import { type Both, type ClaimState, type JobView, SIDES } from '../dispute/game.js';
import type { TraceSource } from '../dispute/trace.js';
import type { JobId, Timestamp } from '../units.js';
import { requireDevnet } from './tamper.js';

export interface PlayOptions {
  readonly contracts: Contracts;
  readonly sender: Sender;
  readonly jobId: JobId;
  /** What the claims were made from. */
  readonly trace: TraceSource;
  readonly onMove?: (move: Turn['kind'], txHash: string, gasUsed: bigint) => void;
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
    const isOurs = ({ claimant }: ClaimState): boolean => claimant === sender.address;
    const moves = movesFor(isOurs, view, options.trace, await contracts.node.now());
    for (const move of moves) await send(options, move);
    if (moves.length === 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/**
 * The moves that are due for these claims in their matches, up to the proof. A liar makes the same ones as an honest side; the proof it
 * leaves alone, because it would lose by it.
 */
export function movesFor(
  isOurs: (claim: ClaimState) => boolean,
  view: JobView,
  trace: TraceSource,
  now: Timestamp,
): Turn[] {
  return view.matches.flatMap((match) => {
    const claims = match.claims.map((id) =>
      view.claims.find((claim) => claim.id === id),
    ) as unknown as Both<ClaimState>;
    if (match.phase === 'proof' || !isPlaying(match, claims)) return [];
    return SIDES.filter((side) => isOurs(claims[side])).flatMap((side) => {
      const { action } = decideMatch(match, claims, trace, side, now);
      return action ? [action as Turn] : [];
    });
  });
}

async function send({ contracts, sender, onMove }: PlayOptions, move: Turn): Promise<void> {
  try {
    const { txHash, gasUsed } = await sender.send(callOf(contracts, move));
    onMove?.(move.kind, txHash, gasUsed);
  } catch (error) {
    if (!(error instanceof ContractRefusal)) throw error; // the match has moved on, or is over
  }
}
