/** The state of jobs, for deciding: views at one block, plus what only events say. */

import type { ClaimState, JobView, MatchState } from '../dispute/game.js';
import { NetworkError } from '../errors.js';
import type { ClaimId, JobId, MatchId } from '../units.js';
import type { Contracts } from './contracts.js';
import { type BlockRef, GameLog, type Update } from './game-log.js';
import { requireJob } from './requests.js';
import { readClaimState, readJobState, readMatchState } from './states.js';

/** Times that a state is read again when the chain reorganises under it. */
const ATTEMPTS = 3;
/** Times that a node is asked for a block that it should have. */
const LAGGING_ATTEMPTS = 30;

/**
 * Follows a deployment. `refresh` reads the new events; `view` gives a job as it stands at the block of the last refresh. A job is
 * only read again when something has happened to it: all that the contracts store changes with an event.
 */
export class GameReader {
  readonly log: GameLog;
  private head: BlockRef | null = null;
  private readonly views = new Map<JobId, JobView>();
  private readonly settledClaims = new Map<ClaimId, ClaimState>();
  private readonly settledMatches = new Map<MatchId, MatchState>();

  /**
   * @param fromBlock jobs that were requested before this block are not known.
   * @param keepsEnded jobs that ended long ago are not forgotten.
   */
  constructor(
    readonly contracts: Contracts,
    fromBlock?: number,
    keepsEnded = false,
  ) {
    this.log = new GameLog(contracts, fromBlock, keepsEnded);
  }

  async refresh(): Promise<Update> {
    const update = await this.log.update();
    for (const job of update.touched) this.invalidate(job);
    if (update.rewound) {
      this.settledClaims.clear();
      this.settledMatches.clear();
    }
    this.head = update.head;
    return update;
  }

  /** Has a job read again at the next `view`: for what is written without an event. */
  invalidate(id: JobId): void {
    this.views.delete(id);
  }

  /** @throws NetworkError when the chain reorganised meanwhile: refresh, and ask again. */
  async view(id: JobId): Promise<JobView> {
    const known = this.views.get(id);
    if (known) return known;
    const { head } = this;
    const record = this.log.record(id);
    if (!head || !record) throw new RangeError(`Job ${id} is not known before a refresh.`);
    const [job, claims, matches] = await Promise.all([
      readJobState(this.contracts, id, head),
      Promise.all(record.claims.map((claim) => this.claim(claim, head))),
      Promise.all(record.matches.map((match) => this.match(match, head))),
    ]);
    await this.contracts.node.requireCanonical(head);
    const view = { job, claims, matches };
    this.keep(view, head);
    return view;
  }

  /** A claim that has ended and a match that is over do not change any more, however many there are. */
  private async claim(id: ClaimId, head: BlockRef): Promise<ClaimState> {
    const settled = this.settledClaims.get(id);
    if (settled) return settled;
    return readClaimState(this.contracts, id, this.log.termsOf(id), head);
  }

  private async match(id: MatchId, head: BlockRef): Promise<MatchState> {
    const settled = this.settledMatches.get(id);
    if (settled) return settled;
    return readMatchState(this.contracts, id, this.log.posted(id), head);
  }

  /** @param head the block that it was read at; a refresh may have come in between. */
  private keep(view: JobView, head: BlockRef): void {
    if (this.head !== head) return;
    const { job, claims, matches } = view;
    this.views.set(job.id, view);
    for (const claim of claims) if (claim.status !== 'live') this.settledClaims.set(claim.id, claim);
    for (const match of matches) if (match.phase === 'over') this.settledMatches.set(match.id, match);
  }
}

/** A reader of one job and of what happens to it. @throws UserError when there is no such job. */
export async function readerOfJob(contracts: Contracts, id: JobId): Promise<GameReader> {
  const fromBlock = await requestBlockOf(contracts, id);
  return new GameReader(contracts, fromBlock, true);
}

/**
 * The newest state of one job.
 *
 * @param notBefore waits until the node has this block: that of one's own last transaction, which another machine behind the same
 * address may not know yet.
 */
export async function currentView(reader: GameReader, id: JobId, notBefore = 0): Promise<JobView> {
  for (let attempt = 1; ; attempt++) {
    const { head } = await reader.refresh();
    if (head.number < notBefore && attempt < LAGGING_ATTEMPTS) {
      await new Promise((resolve) => setTimeout(resolve, reader.contracts.node.pollingMs));
      continue;
    }
    try {
      return await reader.view(id);
    } catch (error) {
      const passes = error instanceof NetworkError && error.code === 'OG_REORG' && attempt < ATTEMPTS;
      if (!passes) throw error;
    }
  }
}

/** The block of a job's request, looked for from the newest block back. */
async function requestBlockOf(contracts: Contracts, id: JobId): Promise<number> {
  const { jobs, node, logs, firstBlock } = contracts;
  await requireJob(contracts, id);
  const filter = { address: jobs.address, topics: jobs.topics(['JobRequested'], id) };
  const log = await logs.last(filter, firstBlock, await node.getBlockNumber());
  if (!log)
    throw new NetworkError(
      'OG_NO_LOGS',
      `The node does not give the request of job ${id}, though the job exists.`,
      'Use a node that keeps logs (--rpc), or look further back (--from-block).',
    );
  return log.blockNumber;
}
