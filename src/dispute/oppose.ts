/** Wrong claims: each must meet a correct one that can still win. */
import { sealOf } from '../commit/seal.js';
import type { ClaimId } from '../units.js';
import { type Challenge, type Decision, decided, waiting } from './actions.js';
import type { JobFacts } from './job-facts.js';
import { requireLawfulChallenge, requireLawfulOpening } from './laws.js';
import { termsOf } from './moves.js';
import { postedOutput } from './trace.js';

/** Matches of wrong claims with the earliest correct claim, where they have none with a correct claim that can win. */
export function openMatches(facts: JobFacts): Decision[] {
  return facts.wrong.flatMap((wrong) => {
    const met = facts.correct.filter((correct) => facts.matchOf(correct, wrong));
    const fresh = facts.correct.find((correct) => !met.includes(correct));
    if (!fresh || met.some((correct) => !facts.isDoomed(correct))) return [];
    requireLawfulOpening(fresh, wrong, facts.answered, facts.deployment.sealDomain);
    const [claimIdA, claimIdB] = ordered(fresh.id, wrong.id);
    const reason = `claim ${wrong.id} is wrong and has no match with a correct claim that can win`;
    return [decided({ kind: 'openMatch', claimIdA, claimIdB }, reason, { claimId: wrong.id })];
  });
}

/** A counter-claim, when a wrong claim is live and no correct one that can win. */
export function challengeWrong(facts: JobFacts): Decision[] {
  const { view, party, now, answered, deployment } = facts;
  const { answer } = answered;
  const { job } = view;
  const [target] = facts.wrong;
  if (!target || facts.correct.some((claim) => !facts.isDoomed(claim))) return [];
  const subject = { claimId: target.id };
  if (now > job.windowEndsAt) return [waiting('the claim is wrong, but the challenge window is over', subject)];
  const own = facts.wrong.find((claim) => facts.isOwn(claim));
  if (own) return [waiting(`not bonding: one's own claim ${own.id} is wrong by this trace; find out why`, subject)];
  const claimant = party.bondFrom;
  if (claimant === null) return [waiting('the claim is wrong, but no bond may be put up', subject)];

  const action: Challenge = {
    kind: 'challenge',
    claimant,
    bondWei: deployment.parameters.bondWei,
    target: {
      claimId: target.id,
      modelId: job.modelId,
      inputRoot: job.inputRoot,
      terms: termsOf(target),
    },
    seal: sealOf(deployment.sealDomain, job.id, claimant, answer.traceRoot),
    outputRoot: answer.outputRoot,
    output: postedOutput(answered, job),
  };
  requireLawfulChallenge(action, job, view.claims, answered, deployment.sealDomain);
  const reason = 'the claim is wrong and no correct claim that can win is live';
  return [decided(action, reason, subject, job.windowEndsAt)];
}

function ordered(x: ClaimId, y: ClaimId): [ClaimId, ClaimId] {
  return x < y ? [x, y] : [y, x];
}
