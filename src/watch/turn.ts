/** One look at one job: read it, judge it, do what is due. */
import { callOf } from '../chain/actions.js';
import type { JobRecord } from '../chain/game-log.js';
import { type Action, type Decision, waiting } from '../dispute/actions.js';
import { collect, decideJob, needsTrace } from '../dispute/decide-job.js';
import type { JobView } from '../dispute/game.js';
import { leavesNothingToDo } from '../dispute/hearsay.js';
import { judge, type Verdict } from '../dispute/judge.js';
import type { Party } from '../dispute/party.js';
import { type Answer, type Answered, isWholeTrace } from '../dispute/trace.js';
import type { Timestamp } from '../units.js';
import { attentionTo, NEVER, quietUntil } from './due.js';
import { holdOff } from './hold-off.js';
import { inputTurn } from './input-turn.js';
import { type Facts, lineOf } from './line.js';
import type { Table } from './table.js';
import type { Depth } from './verdicts.js';

export interface TurnOptions {
  /** Wait until the job is judged, however long that takes; otherwise come back when it is. */
  readonly waitForVerdict: boolean;
}

export interface TurnResult {
  readonly view: JobView;
  readonly verdict: Verdict | null;
  /** Transactions that were sent, and how many of them were accepted. */
  readonly tried: number;
  readonly done: number;
  /** Chain time before which nothing becomes due, unless something happens to the job or its verdict comes. */
  readonly quietUntil: Timestamp;
  /** Others' clocks run in it, and none of one's own: it is no reason for an alert. */
  readonly isOthers?: boolean;
}

/** What is to be done in a state that was read later than the one that was decided on. */
type Decide = (view: JobView, now: Timestamp) => readonly Decision[];

export async function takeTurn(
  table: Table,
  record: JobRecord,
  now: Timestamp,
  { waitForVerdict }: TurnOptions,
): Promise<TurnResult> {
  const view = await table.reader.view(record.id);
  const party = table.party();
  if (view.job.status !== 'open') {
    table.evidence.release(record);
    const ended = (seen: JobView): Decision[] => (seen.job.status === 'open' ? [] : collect(seen, party));
    return act(table, view, null, ended(view), ended, now);
  }
  const attention = attentionTo(view, party, now);
  if (attention.kind === 'decided') return act(table, view, null, attention.decisions, unjudged(party), now);

  const { deadline } = attention;
  const suffices = (answer: Answer): boolean => leavesNothingToDo(view, { answer }, party, table.deployment, now);
  const judged = async (depth: Depth): Promise<Verdict | null> => {
    const { verdicts } = table;
    // A single look has no later moment at which runners could be found out: it believes nobody.
    if (waitForVerdict) return verdicts.make(record, depth, deadline);
    return verdicts.ask(record, depth, deadline, suffices);
  };
  let verdict = await judged('answer');
  if (!verdict) {
    const turn = await act(table, view, null, [waiting('the model is being run', {}, deadline)], () => [], now);
    return { ...turn, quietUntil: NEVER };
  }
  sayJudgements(table, view, verdict);
  if (verdict.kind === 'traced' && !isWholeTrace(verdict.trace)) {
    if (needsTrace(view, verdict.trace, party, table.deployment, now)) verdict = (await judged('trace')) ?? verdict;
    if (verdict.kind === 'unverifiable') sayJudgements(table, view, verdict);
  }
  const judgedBy = verdict;
  const decide: Decide = (seen, at) => decideJob(seen, judgedBy, party, table.deployment, at);
  const decisions = holdOff(decide(view, now), view, party, now, table.holdOffSeconds);
  const turn = await act(table, view, verdict, await affordable(table, record, decisions), decide, now);
  const input = await inputTurn(table, record, view, verdict, now);
  const tried = turn.tried + input.tried;
  return { ...turn, tried, done: turn.done + input.done };
}

function unjudged(party: Party): Decide {
  return (view, now) => {
    const attention = attentionTo(view, party, now);
    return attention.kind === 'decided' ? attention.decisions : [];
  };
}

/** No bond is put up unless the match can be paid to its end. */
async function affordable(
  table: Table,
  { id, modelId }: JobRecord,
  decisions: readonly Decision[],
): Promise<Decision[]> {
  if (!table.sends || !decisions.some(({ action }) => action?.kind === 'challenge')) return [...decisions];
  const why = await table.cannotAfford(modelId);
  table.observer.cannotAfford(id, why);
  if (why === null) return [...decisions];
  return decisions.map((decision) => {
    if (decision.action?.kind !== 'challenge') return decision;
    return waiting(`not challenging: ${why}`, decision.subject, decision.deadline);
  });
}

async function act(
  table: Table,
  view: JobView,
  verdict: Verdict | null,
  decisions: readonly Decision[],
  decide: Decide,
  now: Timestamp,
): Promise<TurnResult> {
  const { id } = view.job;
  const due = decisions.filter(({ action }) => action !== null);
  const waits = decisions.filter(({ action }) => action === null).map(lineOf);
  const unsent = table.sends ? [] : due.map((decision): Facts => ({ ...lineOf(decision), dryRun: true }));
  table.journal.waits(id, [...waits, ...unsent]);
  const result = { view, verdict, quietUntil: quietUntil(view, verdict, decisions, table.deployment.sealDomain, now) };
  if (!table.sends) return { ...result, tried: 0, done: 0 };
  const sent = await Promise.all(
    due.flatMap((decision) => {
      const { action } = decision;
      if (!action) return [];
      const stillWanted = (): Promise<number | null> => stillDueAt(table, view, action, decide);
      return [table.send(id, callOf(table.contracts, action), lineOf(decision), { stillWanted })];
    }),
  );
  return { ...result, tried: sent.length, done: sent.filter((each) => each !== null).length };
}

/**
 * The block at which the newest state asks for the same action still; null when it does not: another transaction, or a reorganisation, may have
 * come in between.
 */
async function stillDueAt(table: Table, view: JobView, action: Action, decide: Decide): Promise<number | null> {
  const { view: seen, block } = await table.reader.newest(view.job.id);
  if (seen === view) return block.number;
  const wanted = decide(seen, await table.contracts.node.now());
  const call = callOf(table.contracts, action);
  const due = wanted.some((each) => each.action !== null && callOf(table.contracts, each.action).data === call.data);
  return due ? block.number : null;
}

const saidBy = ({ heardFrom = [] }: Answered): string =>
  heardFrom.length === 0 ? '' : `, says ${heardFrom.join(', ')}`;

/** Each live claim's verdict, once. What cannot be verified is said as an error, and again whenever it was tried again in vain. */
function sayJudgements(table: Table, { job, claims }: JobView, verdict: Verdict): void {
  for (const claim of claims) {
    if (claim.status !== 'live') continue;
    const judgement = judge(claim, verdict, table.deployment.sealDomain);
    if (verdict.kind === 'unverifiable') {
      table.journal.once(job.id, verdict, {
        level: 'error',
        claim: Number(claim.id),
        decision: 'unverifiable',
        verdict: judgement,
        reason: verdict.reason,
      });
    } else {
      table.journal.once(job.id, `${claim.id}:${claim.seal}`, {
        level: judgement === 'wrong' ? 'warn' : 'info',
        claim: Number(claim.id),
        decision: 'judge',
        verdict: judgement,
        reason: `claim ${claim.id} of ${claim.claimant} is ${judgement}${saidBy(verdict.trace)}`,
      });
    }
  }
}
