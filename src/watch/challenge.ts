/** Checking one job by hand, and disputing it to the end: what `og challenge` does. */
import { currentView, type GameReader, readerOfJob } from '../chain/reader.js';
import type { JobView } from '../dispute/game.js';
import type { TraceSource } from '../dispute/trace.js';
import { UserError } from '../errors.js';
import { ProcessVerifier } from '../verify/process-verifier.js';
import { type ChallengeOptions, type ChallengeResult, NOTHING, type Outcome } from './challenge-result.js';
import { Challenger } from './challenger.js';
import { Evidence } from './evidence.js';

export type { ChallengeOptions, ChallengeResult, Outcome };

/**
 * Re-runs a job and judges its claims; if one is wrong, posts the counter-claim and plays until every wrong claim has lost.
 *
 * @throws UserError when there is no such job, nobody has claimed it, or the account cannot pay; NetworkError.
 */
export async function challengeJob(options: ChallengeOptions): Promise<ChallengeResult> {
  const reader = await readerOfJob(options.contracts, options.jobId);
  const view = await currentView(reader, options.jobId);
  if (view.job.status !== 'open') return ended(view);
  if (!view.claims.some(({ status }) => status === 'live'))
    throw new UserError('OG_NO_CLAIM', `Job ${options.jobId} has no live claim: there is nothing to challenge.`);
  const trace = options.trace ?? (await run(options, reader));
  return typeof trace === 'string' ? unverifiable(trace) : new Challenger(options, reader, trace).play(view);
}

async function run(
  { jobId, onEvent, contracts, store, verifier }: ChallengeOptions,
  reader: GameReader,
): Promise<TraceSource | string> {
  const record = reader.log.record(jobId);
  if (!record) return 'the chain does not show its request any more';
  onEvent?.({ kind: 'running' });
  const runs = verifier ?? new ProcessVerifier(store, { parallel: 1, trustsPlaces: contracts.node.isDevnet });
  try {
    return await new Evidence(contracts, store, runs).trace(record, 0);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    if (!verifier) await runs.close();
  }
}

const unverifiable = (reason: string): ChallengeResult => ({ ...NOTHING, verdict: 'unverifiable', reason });

function ended({ job }: JobView): ChallengeResult {
  return { ...unverifiable(`the job is ${job.status} already`), outcome: 'ended' };
}
