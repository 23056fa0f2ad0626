import type { Contracts } from '../chain/contracts.js';
import type { MatchRecord } from '../chain/match-record.js';
import { UserError } from '../errors.js';
import type { Store } from '../store/store.js';
import { claimsOfMatch, type JobId, jobId, type MatchId, matchText } from '../units.js';
import { claimsOf } from './job-view.js';
import type { MatchView } from './match-view.js';

/** Reads a match with its job. @throws UserError when there is no such match. */
export async function readMatch(contracts: Contracts, store: Store, id: MatchId): Promise<MatchView> {
  const { view, match } = await find(contracts, id);
  return { view, match, now: await contracts.node.now(), model: await store.model(view.job.modelId) };
}

/** Reads all that made a match. @throws UserError when there is no such match. */
export async function readMatchRecord(contracts: Contracts, id: MatchId): Promise<MatchRecord> {
  const { view, match, history } = await find(contracts, id);
  const { recordMatch } = await import('../chain/match-record.js');
  return recordMatch(contracts, view, match, claimsOf(match, view.claims), history);
}

async function find(contracts: Contracts, id: MatchId) {
  const { currentView, readerOfJob } = await import('../chain/reader.js');
  const job = await jobOfMatch(contracts, id);
  const reader = await readerOfJob(contracts, job);
  const view = await currentView(reader, job);
  const match = view.matches.find((candidate) => candidate.id === id);
  if (!match) throw new Error(`Match ${matchText(id)} is not among those of job ${job}.`);
  return { view, match, history: reader.log.history(job) };
}

async function jobOfMatch({ jobs, matches, address, node }: Contracts, id: MatchId): Promise<JobId> {
  const [claim0, claim1] = claimsOfMatch(id);
  if ((await matches.read('matchOf', [claim0, claim1])) === 0n)
    throw new UserError(
      'OG_UNKNOWN_MATCH',
      `There is no match ${matchText(id)} in the deployment ${address} on chain ${node.chainId}.`,
      'og job <number> lists the matches of a job.',
    );
  return jobId((await jobs.read('getClaim', [claim0])).jobId);
}
