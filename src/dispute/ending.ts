/** How a job ends, and what is left to collect after it. */
import type { Hash } from '../commit/hash.js';
import { type ClaimId, claimId, type JobId } from '../units.js';
import { type Action, type Decision, decided, type Finalize, waiting } from './actions.js';
import type { ClaimState, JobState, JobView } from './game.js';
import type { JobFacts } from './job-facts.js';
import { requireLawfulFinish } from './laws.js';
import { termsOf } from './moves.js';
import { isOwn, type Party } from './party.js';
import { promisedFor } from './refunds.js';
import { postedOutput } from './trace.js';

const NO_HASH: Hash = `0x${'00'.repeat(32)}`;
/** Claims that `finalize` may walk past by itself, and the most that one `walkClaims` is asked to. */
const CLAIMS_WALKED = 50;
const CLAIMS_WALKED_AT_ONCE = 500;

/** Ends an open job when it is decided and one's business; nothing that one's trace does not confirm becomes final by it. */
export function endJob(facts: JobFacts): Decision[] {
  const { view, live, wrong, now, answered, deployment } = facts;
  const { job, claims } = view;
  const [first] = live;
  if (!first) return voidJob(facts);
  if (now <= job.windowEndsAt) return [waiting(`the challenge window is open until ${job.windowEndsAt}`)];
  if (job.inputOutstanding) return [waiting('a demanded input is not complete')];
  if (wrong.length > 0) return [waiting(`wrong claims are live: ${wrong.length}`)];
  if (live.length > 1 && live.some(({ traceRoot }) => traceRoot === null))
    return [waiting('live claims are yet to be revealed')];
  const isOurs = facts.isOwn(first) || facts.endsIt || promisedFor(first, view, facts.party).length > 0;
  if (!isOurs) return [waiting(`decided for claim ${first.id}: ending it is not ours`)];

  const ahead = claims.filter(({ id }) => isAhead(job, first, live.length > 1, id)).length;
  if (ahead > CLAIMS_WALKED) {
    const walk: Action = { kind: 'walkClaims', jobId: job.id, maxSteps: Math.min(ahead, CLAIMS_WALKED_AT_ONCE) };
    return [decided(walk, `${ahead} claims are in the way of the end`)];
  }
  const action: Finalize = {
    kind: 'finalize',
    jobId: job.id,
    terms: termsOf(first),
    output: postedOutput(answered, job),
  };
  requireLawfulFinish(action, first, answered, deployment.sealDomain);
  return [decided(action, `decided for claim ${first.id}`)];
}

/** Whether `finalize` has to look at this claim: dead ones before the first live one and, among several, those that must agree. */
function isAhead(job: JobState, first: ClaimState, several: boolean, id: ClaimId): boolean {
  if (id < first.id) return id >= job.firstClaim;
  return several && id > first.id && id > job.agreedUpTo;
}

/** A job without a live claim gives the fee back once no first claim can come any more. */
function voidJob(facts: JobFacts): Decision[] {
  const { job } = facts.view;
  if (facts.now <= job.claimBy) return [waiting(`no claim is live; a first claim may come until ${job.claimBy}`)];
  if (job.inputOutstanding) return [waiting('a demanded input is not complete')];
  if (!facts.endsIt) return [waiting('no claim is live and none can come: ending the job is not ours')];
  const action = voidAction(job.id);
  requireLawfulFinish(action, null, null, facts.deployment.sealDomain);
  return [decided(action, 'no claim is live and none can come: the fee goes back')];
}

/** Ends a job that nobody has won. */
export function voidAction(jobId: JobId): Finalize {
  return { kind: 'finalize', jobId, terms: { seal: NO_HASH, outputRoot: NO_HASH, target: claimId(0) }, output: '0x' };
}

/** Bonds of one's own claims that an ended job did not need. */
export function reclaimBonds({ job, claims }: JobView, party: Party): Decision[] {
  return claims
    .filter(({ id, status, claimant }) => status === 'live' && id !== job.winner && isOwn(party, claimant))
    .map((claim) => {
      const action: Action = { kind: 'reclaimBond', claimId: claim.id, terms: termsOf(claim) };
      return decided(action, `the job is ${job.status}`, { claimId: claim.id });
    });
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
