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

/** Claims that have ended and matches that are over: they do not change any more, however many there are. */
interface Settled {
  readonly claims: ReadonlyMap<ClaimId, ClaimState>;
  readonly matches: ReadonlyMap<MatchId, MatchState>;
}

const NOTHING_SETTLED: Settled = { claims: new Map(), matches: new Map() };

/**
 * Follows a deployment. `refresh` reads the new events; `view` gives a job as it stands at the block of the last refresh, `newest` as it
 * stands now. A job is only read again when something has happened to it: all that the contracts store changes with an event.
 */
export class GameReader {
  readonly log: GameLog;
  private reading: Promise<void> | null = null;
  /** What `refresh` has not told yet. */
  private untold: Update | null = null;
  private readonly views = new Map<JobId, JobView>();
  private readonly settled = new Map<JobId, Settled>();

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
    await this.read();
    const { untold } = this;
    if (!untold) return this.refresh(); // another one has told what was read
    this.untold = null;
    return untold;
  }

  /** A job as it stands now, and the block that it was read at. What was read for it is told by the next `refresh`. */
  async newest(id: JobId): Promise<{ readonly view: JobView; readonly block: BlockRef }> {
    await this.read();
    const block = this.log.readUpTo;
    const view = await this.view(id);
    if (!block) throw new RangeError('Nothing was read.');
    return { view, block };
  }

  /** Has a job read again at the next `view`: for what is written without an event. */
  invalidate(id: JobId): void {
    this.views.delete(id);
  }

  /** @throws NetworkError when the chain reorganised meanwhile: refresh, and ask again. */
  async view(id: JobId): Promise<JobView> {
    const known = this.views.get(id);
    if (known) return known;
    const head = this.log.readUpTo;
    const record = this.log.record(id);
    if (!head || !record) throw new RangeError(`Job ${id} is not known before a refresh.`);
    const { contracts, log } = this;
    const settled = this.settled.get(id) ?? NOTHING_SETTLED;
    const [job, claims, matches] = await Promise.all([
      readJobState(contracts, id, head),
      Promise.all(
        record.claims.map(
          async (claim) => settled.claims.get(claim) ?? readClaimState(contracts, claim, log.termsOf(claim), head),
        ),
      ),
      Promise.all(
        record.matches.map(
          async (match) => settled.matches.get(match) ?? readMatchState(contracts, match, log.posted(match), head),
        ),
      ),
    ]);
    await this.contracts.node.requireCanonical(head);
    const view = { job, claims, matches, promised: log.promised(id) };
    this.keep(view, head);
    return view;
  }

  /** Those who ask while it is being read get what is read. */
  private async read(): Promise<void> {
    this.reading ??= this.update().finally(() => {
      this.reading = null;
    });
    await this.reading;
  }

  private async update(): Promise<void> {
    const update = await this.log.update();
    for (const job of [...update.touched, ...update.forgotten]) this.invalidate(job);
    if (update.rewound) this.settled.clear();
    for (const job of update.forgotten) this.settled.delete(job);
    this.untold = this.untold === null ? update : both(this.untold, update);
  }

  /** @param head the block that it was read at; a refresh may have come in between. */
  private keep(view: JobView, head: BlockRef): void {
    if (this.log.readUpTo !== head) return;
    const { job, claims, matches } = view;
    this.views.set(job.id, view);
    this.settled.set(job.id, {
      claims: new Map(claims.filter(({ status }) => status !== 'live').map((claim) => [claim.id, claim])),
      matches: new Map(matches.filter(({ phase }) => phase === 'over').map((match) => [match.id, match])),
    });
  }
}

function both(earlier: Update, later: Update): Update {
  const forgotten = [...earlier.forgotten].filter((id) => !later.touched.has(id));
  return {
    head: later.head,
    touched: new Set([...earlier.touched, ...later.touched]),
    rewound: earlier.rewound || later.rewound,
    forgotten: new Set([...forgotten, ...later.forgotten]),
  };
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
