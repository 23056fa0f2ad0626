/** What the transactions of a match have called, read from their data: the inverse of actions.ts. */

import type { OpeningData } from '../commit/forest.js';
import { asHash, type Hash, type Hex } from '../commit/hash.js';
import type { Answer, Reveal, Terms } from '../dispute/actions.js';
import type { EvidenceMove } from '../dispute/evidence.js';
import type { Side } from '../dispute/game.js';
import { claimId, matchId } from '../units.js';
import { abis } from './generated/contracts.js';
import { callsIn, interfaceOf, type TypedCall } from './typed.js';

const JOBS = interfaceOf(abis.Jobs);
const MATCHES = interfaceOf(abis.Matches);
const REFUNDS = interfaceOf(abis.Refunds);

/** A claim as the transaction that posted it says it: `submit` or `challenge`. */
export interface PostedClaim {
  readonly kind: 'claim';
  readonly modelId: Hash;
  readonly inputRoot: Hash;
  readonly seal: Hash;
  readonly outputRoot: Hash;
}

export type MatchCall = PostedClaim | Reveal | EvidenceMove;

/** Calls that belong to no match are left out, and all of a transaction that goes through a contract of others. */
export function matchCallsIn(
  { to, data }: { readonly to: string; readonly data: Hex },
  { jobs, matches, refunds }: { readonly jobs: string; readonly matches: string; readonly refunds: string },
): MatchCall[] {
  const at = to.toLowerCase();
  if (at === jobs.toLowerCase())
    return callsIn<typeof abis.Jobs>(JOBS, data).flatMap((call) => postedClaim(call) ?? []);
  if (at === matches.toLowerCase()) return movesIn(data);
  if (at === refunds.toLowerCase())
    return callsIn<typeof abis.Refunds>(REFUNDS, data).flatMap((call) =>
      call.name === 'assist' ? call.args.calls.flatMap(movesIn) : [],
    );
  return [];
}

const movesIn = (data: Hex): MatchCall[] =>
  callsIn<typeof abis.Matches>(MATCHES, data).flatMap((call) => moveOf(call) ?? []);

function postedClaim(call: TypedCall<typeof abis.Jobs>): PostedClaim | null {
  if (call.name !== 'submit' && call.name !== 'challenge') return null;
  const { seal, outputRoot } = call.args;
  const { modelId, inputRoot } = call.name === 'submit' ? call.args : call.args.target;
  return {
    kind: 'claim',
    modelId: asHash(modelId),
    inputRoot: asHash(inputRoot),
    seal: asHash(seal),
    outputRoot: asHash(outputRoot),
  };
}

function moveOf({ name, args }: TypedCall<typeof abis.Matches>): Reveal | EvidenceMove | null {
  switch (name) {
    case 'reveal': {
      const { traceRoot, outputProof } = args;
      const terms = termsFrom(args.terms);
      return {
        kind: name,
        claimId: claimId(args.claimId),
        terms,
        traceRoot: asHash(traceRoot),
        outputProof: outputProof.map(asHash),
      };
    }
    case 'open':
      return { kind: name, matchId: matchId(args.matchId), children: args.children.map(asHash) };
    case 'descend':
      return { kind: name, ...stateOf(args), answer: answerFrom(args.answer), children: args.children.map(asHash) };
    case 'descendToLeaf':
      return { kind: name, ...stateOf(args), answer: answerFrom(args.answer), leaf: args.leaf };
    case 'postLeaf':
      return { kind: name, ...placeOf(args), otherNode: asHash(args.otherNode), leaf: args.leaf };
    case 'proveInput':
      return {
        kind: name,
        ...placeOf(args),
        leaves: args.leaves,
        inputLeaf: args.inputLeaf,
        inputProof: args.inputProof.map(asHash),
      };
    case 'proveStep':
      return {
        kind: name,
        ...placeOf(args),
        leaves: args.leaves,
        step: args.step,
        stepProof: args.stepProof.map(asHash),
        side: Number(args.side) as Side,
        traceOpening: openingFrom(args.traceOpening),
        constantsOpening: openingFrom(args.constantsOpening),
      };
    case 'provePadding':
      return { kind: name, ...placeOf(args), leaves: args.leaves };
    case 'callTime':
      return { kind: name, matchId: matchId(args.matchId) };
    case 'settleSameTrace':
      return { kind: name, matchId: matchId(args.matchId), terms1: termsFrom(args.terms1) };
    default:
      return null;
  }
}

interface RawPlace {
  readonly matchId: bigint;
  readonly position: bigint;
}

const placeOf = ({ matchId: id, position }: RawPlace) => ({ matchId: matchId(id), position: Number(position) });
const stateOf = (args: RawPlace & { readonly height: bigint }) => ({ ...placeOf(args), height: Number(args.height) });

function termsFrom({ seal, outputRoot, target }: { seal: Hex; outputRoot: Hex; target: bigint }): Terms {
  return { seal: asHash(seal), outputRoot: asHash(outputRoot), target: claimId(target) };
}

function answerFrom(answer: { index: bigint; otherNode: Hex; siblings: readonly Hex[] }): Answer {
  const { index, otherNode, siblings } = answer;
  return { index: Number(index), otherNode: asHash(otherNode), siblings: siblings.map(asHash) };
}

function openingFrom({ runs, leaves, siblings }: OpeningData): OpeningData {
  return { runs, leaves, siblings: siblings.map(asHash) };
}
