/** A match between two players on one chain, move by move. */
import { callOf } from '../../chain/actions.js';
import type { Contracts } from '../../chain/contracts.js';
import { currentView, readerOfJob } from '../../chain/reader.js';
import type { Sender, Sent } from '../../chain/sender.js';
import type { Action } from '../../dispute/actions.js';
import { decideJob } from '../../dispute/decide-job.js';
import type { JobView } from '../../dispute/game.js';
import type { TraceSource } from '../../dispute/trace.js';
import type { ClaimId, JobId } from '../../units.js';
import { movesFor } from '../../worker/play.js';

export interface MatchPlayers {
  /** Judges, posts the counter-claim, and moves for it. */
  readonly watchtower: { readonly sender: Sender; readonly trace: TraceSource };
  /** Moves for its claim and nothing else. */
  readonly liar: { readonly sender: Sender; readonly trace: TraceSource; readonly claim: ClaimId };
}

/** One transaction of the match, as it was mined. */
export interface Played {
  readonly by: 'watchtower' | 'liar';
  readonly action: Action;
  readonly sent: Sent;
}

/** Far more moves than any match has; a match that takes more has got stuck. */
const MOST_MOVES = 1_000;

/**
 * Plays a disputed job until nobody has anything to do but to wait for the window's end.
 *
 * @param tell is called after each transaction.
 */
export async function playDispute(
  contracts: Contracts,
  id: JobId,
  { watchtower, liar }: MatchPlayers,
  tell: (played: Played) => void,
): Promise<JobView> {
  const reader = await readerOfJob(contracts, id);
  const deployment = { sealDomain: contracts.sealDomain, parameters: contracts.parameters };
  const party = { addresses: [watchtower.sender.address], bondFrom: watchtower.sender.address, endsOthersJobs: false };
  for (let moves = 0; moves < MOST_MOVES; moves++) {
    const view = await currentView(reader, id);
    const now = await contracts.node.now();
    const decisions = decideJob(view, { kind: 'traced', trace: watchtower.trace }, party, deployment, now);
    const own = decisions.find(({ action }) => action !== null && action.kind !== 'finalize')?.action;
    if (own) {
      tell({ by: 'watchtower', action: own, sent: await watchtower.sender.send(callOf(contracts, own)) });
      continue;
    }
    const [reply] = movesFor((claim) => claim.id === liar.claim, view, liar.trace, now);
    if (!reply) return view;
    tell({ by: 'liar', action: reply, sent: await liar.sender.send(callOf(contracts, reply)) });
  }
  throw new Error(`The dispute of job ${id} did not end after ${MOST_MOVES} moves.`);
}
