import type { Contracts } from '../chain/contracts.js';
import { UserError } from '../errors.js';
import type { Store } from '../store/store.js';
import { claimId, type MatchId } from '../units.js';
import type { MatchView } from './match-view.js';

/** Reads a match with its job. @throws UserError when there is no such match. */
export async function readMatch(contracts: Contracts, store: Store, id: MatchId): Promise<MatchView> {
  const [{ readClaimState }, { currentView, readerOfJob }] = await Promise.all([
    import('../chain/states.js'),
    import('../chain/reader.js'),
  ]);
  await requireMatch(contracts, id);
  const { claims } = await contracts.matches.read('getMatch', [id]);
  const first = await readClaimState(contracts, claimId(claims[0]), await contracts.node.getBlockNumber());
  const view = await currentView(await readerOfJob(contracts, first.jobId), first.jobId);
  const match = view.matches.find((candidate) => candidate.id === id);
  if (!match) throw new Error(`Match ${id} is not among those of job ${first.jobId}.`);
  return { view, match, now: await contracts.node.now(), model: await store.model(view.job.modelId) };
}

async function requireMatch({ matches, address, node }: Contracts, id: MatchId): Promise<void> {
  const count = await matches.read('matchCount', []);
  if (id <= count) return;
  const last = count === 0n ? 'it has no matches yet' : `the last one is ${count}`;
  throw new UserError(
    'OG_UNKNOWN_MATCH',
    `There is no match ${id} in the deployment ${address} on chain ${node.chainId}: ${last}.`,
    'og job <number> lists the matches of a job.',
  );
}
