/** Answering a request: run the model, post the first claim. */
import { submitCall } from '../chain/claims.js';
import type { JobRecord } from '../chain/game-log.js';
import type { Hash } from '../commit/hash.js';
import { waiting } from '../dispute/actions.js';
import type { JobState, JobView } from '../dispute/game.js';
import type { Answered } from '../dispute/trace.js';
import { after, seconds, type Timestamp, type Wei } from '../units.js';
import { NEVER } from '../watch/due.js';
import { lineOf } from '../watch/line.js';
import type { Table } from '../watch/table.js';
import type { TurnResult } from '../watch/turn.js';

export interface ServeOptions {
  /** Requests that pay less are left to others. */
  readonly minFeeWei: Wei;
  /** Models that are served. */
  readonly served: ReadonlySet<Hash>;
  /** Wait until the model was run, however long that takes; otherwise come back when it was. */
  readonly waitForTrace: boolean;
}

export type Served = Pick<TurnResult, 'tried' | 'done' | 'quietUntil'>;

/** Why a job is not answered; null when it is to be. */
export function reasonNotToServe(
  { job, claims }: JobView,
  { served, minFeeWei }: Pick<ServeOptions, 'served' | 'minFeeWei'>,
  now: Timestamp,
): string | null {
  if (job.status !== 'open') return `the job is ${job.status}`;
  if (claims.some(({ status }) => status === 'live')) return 'a claim is live already';
  if (now > job.claimBy) return 'the time for a first claim is over';
  if (!served.has(job.modelId)) return `model ${job.modelId} is not served here`;
  if (job.feeWei < minFeeWei) return `the fee of ${job.feeWei} wei is less than ${minFeeWei}`;
  return null;
}

export async function serve(
  table: Table,
  record: JobRecord,
  view: JobView,
  now: Timestamp,
  options: ServeOptions,
): Promise<Served> {
  const { job } = view;
  const wait = (reason: string, quietUntil = now): Served => {
    table.journal.waits(job.id, [lineOf(waiting(reason))]);
    return { tried: 0, done: 0, quietUntil };
  };
  const not = reasonNotToServe(view, options, now);
  if (not) return wait(`not claiming: ${not}`, now <= job.claimBy ? after(job.claimBy, seconds(1)) : NEVER);
  if (!table.party().bondFrom) return wait('not claiming: no bond may be put up');

  const verdict = options.waitForTrace
    ? await table.verdicts.make(record, 'answer', job.claimBy)
    : table.verdicts.ask(record, 'answer', job.claimBy);
  if (!verdict) return wait('the model is being run', NEVER);
  if (verdict.kind === 'unverifiable') {
    const reason = `not claiming: ${verdict.reason}`;
    table.journal.once(job.id, verdict, { level: 'error', decision: 'unverifiable', verdict: 'unverifiable', reason });
    return { tried: 0, done: 0, quietUntil: now };
  }
  const stillWanted = async (): Promise<number | null> => {
    const { view: seen, block } = await table.reader.newest(job.id);
    return reasonNotToServe(seen, options, now) === null ? block.number : null;
  };
  return { ...(await submit(table, job, verdict.trace, stillWanted)), quietUntil: now };
}

async function submit(
  table: Table,
  job: JobState,
  trace: Answered,
  stillWanted: () => Promise<number | null>,
): Promise<Pick<TurnResult, 'tried' | 'done'>> {
  const { sender, contracts } = table;
  if (!sender) return { tried: 0, done: 0 };
  const { bondWei } = contracts.parameters;
  const facts = {
    decision: 'submit',
    reason: `nobody has answered yet; the fee is ${job.feeWei} wei`,
    bondWei: String(bondWei),
    deadline: job.claimBy,
  };
  if (!table.sends) {
    table.journal.once(job.id, 'submit', { ...facts, dryRun: true });
    return { tried: 0, done: 0 };
  }
  const sent = await table.send(job.id, submitCall(contracts, sender.address, job, trace), facts, { stillWanted });
  return { tried: 1, done: sent ? 1 : 0 };
}
