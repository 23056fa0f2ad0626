/** What was decided, as the call that does it. */
import type { Action } from '../dispute/actions.js';
import type { Contracts } from './contracts.js';
import type { Call } from './typed.js';

export function callOf({ jobs, matches }: Contracts, action: Action): Call {
  switch (action.kind) {
    case 'reveal':
      return jobs.call('reveal', [action.claimId, action.traceRoot, action.outputProof]);
    case 'challenge': {
      const { target, seal, outputRoot, output, bondWei } = action;
      return jobs.call('challenge', [target, seal, outputRoot, output], bondWei);
    }
    case 'finalize':
      return jobs.call('finalize', [action.jobId, action.output]);
    case 'skipDeadClaims':
      return jobs.call('skipDeadClaims', [action.jobId, BigInt(action.maxSteps)]);
    case 'reclaimBond':
      return jobs.call('reclaimBond', [action.claimId]);
    case 'withdraw':
      return jobs.call('withdraw', []);
    case 'openMatch':
      return matches.call('openMatch', [action.claimIdA, action.claimIdB]);
    case 'descend': {
      const { matchId, height, position, children, otherChildren } = action;
      return matches.call('descend', [matchId, BigInt(height), BigInt(position), children, otherChildren]);
    }
    case 'postLeaf':
      return matches.call('postLeaf', [action.matchId, BigInt(action.side), BigInt(action.position), action.leaf]);
    case 'proveInput': {
      const { matchId, position, leaves, inputLeaf, inputProof } = action;
      return matches.call('proveInput', [matchId, BigInt(position), leaves, inputLeaf, inputProof]);
    }
    case 'proveStep': {
      const { matchId, position, leaves, step, stepProof, side, traceOpening, constantsOpening } = action;
      return matches.call('proveStep', [
        matchId,
        BigInt(position),
        leaves,
        step,
        stepProof,
        BigInt(side),
        traceOpening,
        constantsOpening,
      ]);
    }
    case 'provePadding':
      return matches.call('provePadding', [action.matchId, BigInt(action.position), action.leaves]);
    case 'callTime':
      return matches.call('callTime', [action.matchId]);
    case 'settleSameTrace':
      return matches.call('settleSameTrace', [action.matchId]);
  }
}
