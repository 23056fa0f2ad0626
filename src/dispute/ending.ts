/** How a job ends, and what is left to collect after it. */
import { type Action, type Decision, decided, type Finalize, waiting } from './actions.js';
import type { JobView } from './game.js';
import type { JobFacts } from './job-facts.js';
import { requireLawfulFinish } from './laws.js';
import { isOwn, type Party } from './party.js';
import { postedOutput } from './trace.js';

/** Dead claims that `finalize` may walk past by itself, and the most that one `skipDeadClaims` is asked to. */
const DEAD_CLAIMS_WALKED = 50;
const DEAD_CLAIMS_SKIPPED = 500;

/** Ends an open job when it is decided and one's business; nothing that one's trace does not confirm becomes final by it. */
export function endJob(facts: JobFacts): Decision[] {
  const { view, live, wrong, now, answered, deployment } = facts;
  const { job, claims } = view;
  const [first] = live;
  if (!first) return voidJob(facts);
  if (now <= job.windowEndsAt) return [waiting(`the challenge window is open until ${job.windowEndsAt}`)];
  if (job.inputOutstanding) return [waiting('a demanded input is not complete')];
  if (wrong.length > 0) return [waiting(`wrong claims are live: ${wrong.length}`)];
  if (live.length > 1 && live.some(({ revealed }) => !revealed)) return [waiting('live claims are yet to be revealed')];
  if (!facts.isOwn(first) && !facts.endsIt) return [waiting(`decided for claim ${first.id}: ending it is not ours`)];

  const dead = claims.filter(({ id }) => id >= job.firstClaim && id < first.id).length;
  if (dead > DEAD_CLAIMS_WALKED) {
    const skip: Action = { kind: 'skipDeadClaims', jobId: job.id, maxSteps: Math.min(dead, DEAD_CLAIMS_SKIPPED) };
    return [decided(skip, `${dead} dead claims are in the way of the end`)];
  }
  const action: Finalize = { kind: 'finalize', jobId: job.id, output: postedOutput(answered, job) };
  requireLawfulFinish(action, first, answered, deployment.sealDomain);
  return [decided(action, `decided for claim ${first.id}`)];
}

/** A job without a live claim gives the fee back once no first claim can come any more. */
function voidJob(facts: JobFacts): Decision[] {
  const { job } = facts.view;
  if (facts.now <= job.claimBy) return [waiting(`no claim is live; a first claim may come until ${job.claimBy}`)];
  if (job.inputOutstanding) return [waiting('a demanded input is not complete')];
  if (!facts.endsIt) return [waiting('no claim is live and none can come: ending the job is not ours')];
  const action: Finalize = { kind: 'finalize', jobId: job.id, output: '0x' };
  requireLawfulFinish(action, null, null, facts.deployment.sealDomain);
  return [decided(action, 'no claim is live and none can come: the fee goes back')];
}

/** Bonds of one's own claims that an ended job did not need. */
export function reclaimBonds({ job, claims }: JobView, party: Party): Decision[] {
  return claims
    .filter(({ id, status, claimant }) => status === 'live' && id !== job.winner && isOwn(party, claimant))
    .map(({ id }) => decided({ kind: 'reclaimBond', claimId: id }, `the job is ${job.status}`, { claimId: id }));
}

/** Takes out what is credited to one's own accounts, once it is worth the gas. */
export function decideWithdrawals(
  credits: readonly { readonly account: string; readonly creditWei: bigint }[],
  atLeastWei: bigint,
): Decision[] {
  return credits
    .filter(({ creditWei }) => creditWei > 0n && creditWei >= atLeastWei)
    .map(({ account, creditWei }) =>
      decided({ kind: 'withdraw', account }, `${creditWei} wei are credited to ${account}`),
    );
}
