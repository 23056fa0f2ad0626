/**
 * Inputs that went by their root. Who cannot get one while a claim is live demands it with a stake, because otherwise a wrong
 * claim could become final unseen; who has it, and has something to lose, posts it.
 */

import type { JobRecord } from '../chain/game-log.js';
import { demandCall, giveUpCall, type InputDemand, postCalls, readDemand } from '../chain/inputs.js';
import type { Call } from '../chain/typed.js';
import type { JobView } from '../dispute/game.js';
import type { Verdict } from '../dispute/judge.js';
import { isOwn, type Party } from '../dispute/party.js';
import type { Timestamp } from '../units.js';
import type { Facts } from './line.js';
import type { Table } from './table.js';

interface Due {
  readonly call: Call;
  readonly facts: Facts;
}

export async function inputTurn(
  table: Table,
  record: JobRecord,
  view: JobView,
  verdict: Verdict,
  now: Timestamp,
): Promise<{ tried: number; done: number }> {
  const due = await dueForInput(table, record, view, verdict, now);
  if (!table.sends) {
    for (const { facts } of due) table.journal.once(view.job.id, facts.decision, { ...facts, dryRun: true });
    return { tried: 0, done: 0 };
  }
  const sent = await Promise.all(due.map(({ call, facts }) => table.send(view.job.id, call, facts)));
  return { tried: sent.length, done: sent.filter((each) => each !== null).length };
}

async function dueForInput(
  table: Table,
  record: JobRecord,
  view: JobView,
  verdict: Verdict,
  now: Timestamp,
): Promise<Due[]> {
  const { contracts } = table;
  const { job } = view;
  const missing = verdict.kind === 'unverifiable' && table.evidence.misses(job.id);
  if (!missing && !job.inputOutstanding) return [];
  const demand = await readDemand(contracts, job.id);
  const party = table.party();

  if (demand && !demand.complete && now > demand.deadline) return giveUp(table, view, demand, party);
  if (verdict.kind === 'traced') {
    if (!demand || demand.complete || !hasInterest(view, party)) return [];
    const input = await table.evidence.input(record);
    const calls = await postCalls(contracts, job.id, verdict.trace.answer.model, input);
    const reason = 'the input was demanded, and without it the job is void';
    return calls.map((call) => ({ call, facts: { decision: 'postInput', reason, deadline: demand.deadline } }));
  }
  if (!missing || demand || now > job.windowEndsAt) return [];
  const stakeWei = contracts.parameters.inputDemandWei;
  if (!table.purse.allows(stakeWei, table.atStakeWei())) return [];
  const facts: Facts = {
    decision: 'demandInput',
    level: 'warn',
    reason: 'a claim is live whose input cannot be had, so it could become final unseen',
    deadline: job.windowEndsAt,
    bondWei: String(stakeWei),
  };
  return [{ call: demandCall(contracts, job.id, job.inputRoot), facts }];
}

function giveUp({ contracts }: Table, { job }: JobView, { demander }: InputDemand, party: Party): Due[] {
  if (!isOwn(party, demander) && !isOwn(party, job.requester) && !party.endsOthersJobs) return [];
  const reason = 'the demanded input did not come in time: the job is void';
  return [{ call: giveUpCall(contracts, job.id), facts: { decision: 'giveUpInput', reason } }];
}

/** One's own claim would be void with the job, or one's own request unanswered. */
function hasInterest({ job, claims }: JobView, party: Party): boolean {
  if (isOwn(party, job.requester)) return true;
  return claims.some(({ status, claimant }) => status === 'live' && isOwn(party, claimant));
}
