/** Whether a claim is right, by one's own trace. */
import type { Hash } from '../commit/hash.js';
import { sealOf } from '../commit/seal.js';
import { type Both, type ClaimState, SIDES, type Side } from './game.js';
import type { Answered } from './trace.js';

/**
 * What re-running says of a whole job. Traced: with the whole trace, or with no more than what it came to, where that is enough
 * (see needsTrace). Unverifiable: the model, the input or the chain could not be read.
 */
export type Verdict =
  | { readonly kind: 'traced'; readonly trace: Answered }
  | { readonly kind: 'unverifiable'; readonly reason: string };

export type Judgement = 'correct' | 'wrong' | 'unverifiable';

/**
 * A claim is correct when its seal opens to the trace and its output root is the trace's. Under a right seal with another
 * output root it cannot be revealed, so it cannot be defended and is as wrong as any other.
 */
export function judge(claim: ClaimState, verdict: Verdict, sealDomain: Hash): Judgement {
  if (verdict.kind === 'unverifiable') return 'unverifiable';
  return isCorrect(claim, verdict.trace, sealDomain) ? 'correct' : 'wrong';
}

export function isCorrect(claim: ClaimState, { answer }: Answered, sealDomain: Hash): boolean {
  const seal = sealOf(sealDomain, claim.jobId, claim.claimant, answer.traceRoot);
  return claim.seal === seal && claim.outputRoot === answer.outputRoot;
}

/** The sides of a match that this trace can move for. */
export function sidesToDefend(claims: Both<ClaimState>, trace: Answered, sealDomain: Hash): Side[] {
  return SIDES.filter((side) => isCorrect(claims[side], trace, sealDomain));
}
