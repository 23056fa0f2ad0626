/** What the word of others is good for. */

import type { Timestamp } from '../units.js';
import { decideJob } from './decide-job.js';
import type { JobView } from './game.js';
import { JobFacts } from './job-facts.js';
import type { Deployment, Party } from './party.js';
import type { Answered } from './trace.js';

/**
 * Whether an answer that one did not compute oneself may be left at that: by it every live claim is correct, and nothing is to be
 * done. So nobody's word but one's own is ever acted on, and nobody else can call a claim wrong.
 */
export function leavesNothingToDo(
  view: JobView,
  answered: Answered,
  party: Party,
  deployment: Deployment,
  now: Timestamp,
): boolean {
  const { wrong, needsTrace } = new JobFacts(view, answered, party, deployment, now);
  if (wrong.length > 0 || needsTrace) return false;
  const decisions = decideJob(view, { kind: 'traced', trace: answered }, party, deployment, now);
  return decisions.every(({ action }) => action === null);
}
