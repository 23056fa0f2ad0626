/** What was decided, as the call that does it. */
import type { Action, Answer } from '../dispute/actions.js';
import type { Contracts } from './contracts.js';
import type { Address, Call } from './typed.js';

export function callOf(contracts: Contracts, action: Action): Call {
  const { jobs, matches, refunds } = contracts;
  switch (action.kind) {
    case 'reveal':
      return matches.call('reveal', [action.claimId, action.terms, action.traceRoot, action.outputProof]);
    case 'revealAndMove':
      return matches.together([callOf(contracts, action.reveal), callOf(contracts, action.move)]);
    case 'assist': {
      const { turn } = action;
      const calls = turn.kind === 'revealAndMove' ? [turn.reveal, turn.move] : [turn];
      return refunds.call('assist', [action.matchId, calls.map((each) => callOf(contracts, each).data)]);
    }
    case 'collectRefund':
      return refunds.call('collect', [action.matchId, BigInt(action.side), action.account as Address]);
    case 'challenge': {
      const { target, seal, outputRoot, output, bondWei } = action;
      return jobs.call('challenge', [target, seal, outputRoot, output], bondWei);
    }
    case 'finalize':
      return jobs.call('finalize', [action.jobId, action.terms, action.output]);
    case 'walkClaims':
      return jobs.call('walkClaims', [action.jobId, BigInt(action.maxSteps)]);
    case 'reclaimBond':
      return jobs.call('reclaimBond', [action.claimId, action.terms]);
    case 'withdraw':
      return jobs.call('withdraw', []);
    case 'openMatch':
      return matches.call('openMatch', [action.claimIdA, action.claimIdB]);
    case 'open':
      return matches.call('open', [action.matchId, action.children]);
    case 'descend': {
      const { matchId, height, position, children } = action;
      return matches.call('descend', [matchId, BigInt(height), BigInt(position), answerOf(action), children]);
    }
    case 'descendToLeaf': {
      const { matchId, height, position, leaf } = action;
      return matches.call('descendToLeaf', [matchId, BigInt(height), BigInt(position), answerOf(action), leaf]);
    }
    case 'postLeaf':
      return matches.call('postLeaf', [action.matchId, BigInt(action.position), action.otherNode, action.leaf]);
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
      return matches.call('settleSameTrace', [action.matchId, action.terms1]);
  }
}

const answerOf = ({ answer }: { readonly answer: Answer }) => ({ ...answer, index: BigInt(answer.index) });
