/** A challenge against any claim, with any trace: what a liar posts. */
import type { Contracts } from '../../src/chain/contracts.js';
import type { Address } from '../../src/chain/typed.js';
import { sealOf } from '../../src/commit/seal.js';
import type { Challenge } from '../../src/dispute/actions.js';
import type { ClaimState, JobView } from '../../src/dispute/game.js';
import { termsOf } from '../../src/dispute/moves.js';
import { postedOutput, type TraceSource } from '../../src/dispute/trace.js';

export function attackOn(
  { sealDomain, parameters }: Contracts,
  { job }: JobView,
  target: ClaimState,
  claimant: Address,
  trace: TraceSource,
): Challenge {
  const { modelId, inputRoot } = job;
  return {
    kind: 'challenge',
    claimant,
    bondWei: parameters.bondWei,
    target: { claimId: target.id, modelId, inputRoot, terms: termsOf(target) },
    seal: sealOf(sealDomain, job.id, claimant, trace.answer.traceRoot),
    outputRoot: trace.answer.outputRoot,
    output: postedOutput(trace, job),
  };
}
