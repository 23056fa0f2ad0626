/** What there is to do for a job, as a list of questions; each is answered in a file of its own. */
import type { Timestamp } from '../units.js';
import { type Decision, waiting } from './actions.js';
import { defend, dueReveals } from './defend.js';
import { endJob, reclaimBonds } from './ending.js';
import type { JobView } from './game.js';
import { JobFacts } from './job-facts.js';
import type { Verdict } from './judge.js';
import { requireTraceOf } from './laws.js';
import { challengeWrong, openMatches } from './oppose.js';
import type { Deployment, Party } from './party.js';
import { collectRefunds } from './refunds.js';
import { type Answered, isWholeTrace } from './trace.js';

/**
 * Everything that is due now, most urgent first; then what is waited for, and why. An unverifiable job is only watched.
 *
 * @param view the job with all its claims, and all matches between them.
 * @param now time of the chain.
 * @throws BrokenLaw when the trace is not one of this job, or the view contradicts itself.
 */
export function decideJob(
  view: JobView,
  verdict: Verdict,
  party: Party,
  deployment: Deployment,
  now: Timestamp,
): Decision[] {
  if (view.job.status !== 'open') return collect(view, party);
  if (verdict.kind === 'unverifiable') return [waiting(`the job is unverifiable: ${verdict.reason}`)];
  requireTraceOf(view.job, verdict.trace);
  const facts = new JobFacts(view, verdict.trace, party, deployment, now);
  if (facts.needsTrace && !isWholeTrace(verdict.trace)) return [waiting('the whole trace is being made')];
  return byUrgency([
    ...dueReveals(facts),
    ...defend(facts),
    ...challengeWrong(facts),
    ...openMatches(facts),
    ...endJob(facts),
  ]);
}

/** What one has coming from a job that has ended. */
export function collect(view: JobView, party: Party): Decision[] {
  return [...reclaimBonds(view, party), ...collectRefunds(view, party)];
}

/** Whether `decideJob` needs the whole trace for this view, and not only what it came to. */
export function needsTrace(
  view: JobView,
  answered: Answered,
  party: Party,
  deployment: Deployment,
  now: Timestamp,
): boolean {
  return view.job.status === 'open' && new JobFacts(view, answered, party, deployment, now).needsTrace;
}

function byUrgency(decisions: readonly Decision[]): Decision[] {
  const rank = ({ action, deadline }: Decision): number => {
    if (!action) return Number.MAX_SAFE_INTEGER;
    return deadline ?? Number.MAX_SAFE_INTEGER - 1;
  };
  return [...decisions].sort((x, y) => rank(x) - rank(y));
}
