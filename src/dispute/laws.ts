/**
 * What must hold of everything that is decided here, whatever the state was. Each law is checked in production before an
 * action leaves this folder, because an action that breaks one could lose an honest party's bond. A broken law is a bug (or a
 * trace that the reference evaluator does not confirm), never the user's mistake.
 */
import { fromHex, type Hash } from '../commit/hash.js';
import { keccakHex } from '../commit/keccak.js';
import type {
  Challenge,
  Descend,
  DescendToLeaf,
  Finalize,
  Move,
  Open,
  PostLeaf,
  ProveInput,
  ProvePadding,
  ProveStep,
  Reveal,
} from './actions.js';
import { climbBoth, rootOf } from './answer.js';
import { type Both, type ClaimState, type JobState, type MatchState, otherSide, SIDES, type Side } from './game.js';
import { isCorrect } from './judge.js';
import { levelsBelow } from './levels.js';
import { locate } from './locate.js';
import type { Answered, TraceSource } from './trace.js';
import { trueValue } from './truth.js';

/** A bug of ours: the action was not taken. */
export class BrokenLaw extends Error {
  constructor(law: string) {
    super(`An action was about to break a law of the game: ${law}`);
    this.name = 'BrokenLaw';
  }
}

export function requireLaw(holds: boolean, law: string): asserts holds {
  if (!holds) throw new BrokenLaw(law);
}

/** Laws of a move of `side`, made from `trace`, in a match that stands at `match`. */
export function requireLawfulMove(
  move: Move,
  match: MatchState,
  claims: Both<ClaimState>,
  trace: TraceSource,
  side: Side,
): void {
  requireLaw(match.claims[side] === claims[side].id, 'the claims are those of the match, side 0 first');
  requireLaw(claims[side].traceRoot === trace.forest.root, 'a side is moved for only with the trace it revealed');
  requireLaw(move.matchId === match.id, 'a move names its match');
  if (move.kind !== 'open')
    requireLaw(move.position === match.position, 'a move names the position that the match stands at');
  if (move.kind === 'open') requireLawfulOpen(move, match, trace, side);
  else if (move.kind === 'descend' || move.kind === 'descendToLeaf') requireLawfulDescent(move, match, claims, side);
  else if (move.kind === 'postLeaf') requireLawfulLeaf(move, match, side);
  else requireLawfulProof(move, match, trace, side);
}

/** Laws of opening a claim's seal. */
export function requireLawfulReveal(move: Reveal, claim: ClaimState, trace: TraceSource): void {
  const { model } = trace.commitment;
  requireLaw(claim.status === 'live' && claim.traceRoot === null, 'only a live claim is revealed, once');
  requireLaw(move.claimId === claim.id && move.terms.seal === claim.seal, 'a reveal names its claim and its terms');
  requireLaw(move.traceRoot === trace.forest.root, 'what is revealed is the root of this trace');
  requireLaw(move.outputProof.length === model.slotDepth, 'an output proof has slotDepth siblings');
  const root = climb(claim.outputRoot, model.stepCount, move.outputProof);
  requireLaw(root === move.traceRoot, "the claim's output is the last slot of the trace");
}

function requireLawfulOpen(move: Open, match: MatchState, trace: TraceSource, side: Side): void {
  requireLaw(match.phase === 'open' && match.turn === side, 'side 1 opens first');
  requireLaw(move.children.length === 2 ** levelsBelow(match.height), 'a round opens all nodes of its level');
  requireLaw(rootOf(move.children) === trace.forest.root, 'children hash to the node of their side');
}

function requireLawfulDescent(
  move: Descend | DescendToLeaf,
  match: MatchState,
  claims: Both<ClaimState>,
  side: Side,
): void {
  requireLaw(match.phase === 'descend' && match.turn === side, 'a side descends when it is its turn');
  requireLaw(move.height === match.height, 'a move names the height that the match stands at');
  const levels = levelsBelow(match.height);
  const below = match.height - levels;
  requireLaw((move.kind === 'descendToLeaf') === (below === 0), 'the last answer posts a leaf');
  if (move.kind === 'descend')
    requireLaw(move.children.length === 2 ** levelsBelow(below), 'a round opens all nodes of its level');
  const own = move.kind === 'descend' ? rootOf(move.children) : keccakHex(fromHex(move.leaf));
  const { otherNode } = move.answer;
  requireLaw(own !== otherNode, 'an answer is where the sides differ');
  const above = climbBoth(side === 0 ? [own, otherNode] : [otherNode, own], move.answer, levels);
  const nodes = match.nodes ?? claims.map(({ traceRoot }) => traceRoot);
  requireLaw(above !== null && SIDES.every((each) => above[each] === nodes[each]), 'an answer hashes to both nodes');
}

function requireLawfulLeaf(move: PostLeaf, match: MatchState, side: Side): void {
  requireLaw(match.phase === 'leaf' && match.turn === side, 'the second leaf is posted once, in its phase');
  requireLaw(keccakHex(fromHex(move.leaf)) === match.nodes?.[side], 'a leaf hashes to the node of its side');
  requireLaw(move.otherNode === match.nodes[otherSide(side)], "a leaf is posted beside the other side's");
}

/** The strictest law: no proof is sent that the side it is made for would not survive. */
function requireLawfulProof(
  move: ProveInput | ProveStep | ProvePadding,
  match: MatchState,
  trace: TraceSource,
  side: Side,
): void {
  requireLaw(match.phase === 'proof' || match.phase === 'leaf', 'a proof is given at a leaf');
  for (const each of SIDES)
    requireLaw(keccakHex(fromHex(move.leaves[each])) === match.nodes?.[each], 'a leaf hashes to the node of its side');
  const location = locate(trace.commitment, { ...match, leaves: move.leaves });
  const kinds = { input: 'proveInput', step: 'proveStep', padding: 'provePadding' } as const;
  requireLaw(move.kind === kinds[location.kind], 'the proof is of the kind that its slot asks for');
  const { disputed } = location;
  requireLaw(disputed !== null, 'the two leaves differ');
  const truth = trueValue(trace, location, disputed.element);
  requireLaw(
    disputed.values[side] === truth,
    `slot ${location.slot}, element ${disputed.element}: the trace has ${disputed.values[side]}, the reference evaluator ${truth}`,
  );
}

/** Laws of posting a counter-claim. */
export function requireLawfulChallenge(
  challenge: Challenge,
  job: JobState,
  claims: readonly ClaimState[],
  trace: Answered,
  sealDomain: Hash,
): void {
  const target = claims.find(({ id }) => id === challenge.target.claimId);
  requireLaw(target?.status === 'live', 'only a live claim is challenged');
  requireLaw(target.jobId === job.id, 'a claim of this job is challenged');
  requireLaw(!isCorrect(target, trace, sealDomain), 'a correct claim is never challenged');
  requireLaw(target.seal === challenge.target.terms.seal, 'a challenge names the seal that was judged');
  requireLaw(challenge.outputRoot === trace.answer.outputRoot, 'a counter-claim claims the output of the trace');
  const counterClaim: ClaimState = {
    ...target,
    claimant: challenge.claimant,
    seal: challenge.seal,
    outputRoot: challenge.outputRoot,
  };
  requireLaw(isCorrect(counterClaim, trace, sealDomain), 'a counter-claim is correct by the trace it is made from');
}

/** A match is opened between a correct claim and a wrong one, both live. */
export function requireLawfulOpening(correct: ClaimState, wrong: ClaimState, trace: Answered, sealDomain: Hash): void {
  requireLaw(correct.status === 'live' && wrong.status === 'live', 'only live claims are matched');
  requireLaw(isCorrect(correct, trace, sealDomain), 'a match is opened for a correct claim');
  requireLaw(!isCorrect(wrong, trace, sealDomain), 'a match is opened against a wrong claim');
}

/** Laws of calling time. @param losers the sides against which the contract will end the match. */
export function requireLawfulTimeout(
  losers: readonly Side[],
  claims: Both<ClaimState>,
  trace: Answered,
  sealDomain: Hash,
): void {
  const wrong = losers.filter((side) => !isCorrect(claims[side], trace, sealDomain));
  requireLaw(wrong.length > 0, 'time is called against a wrong side, never against a correct one alone');
}

/** Laws of ending a job: nothing that this trace does not confirm is helped to become final. */
export function requireLawfulFinish(
  finish: Finalize,
  winner: ClaimState | null,
  trace: Answered | null,
  sealDomain: Hash,
): void {
  if (winner === null) {
    requireLaw(finish.output === '0x', 'a job that ends without a claim has no output');
    return;
  }
  requireLaw(trace !== null && isCorrect(winner, trace, sealDomain), 'only a correct claim is helped to become final');
  requireLaw(finish.terms.seal === winner.seal, 'a job ends with the terms of the winner');
}

/** A trace may be used for a job only if it is one of the job's model on the job's input. */
export function requireTraceOf(job: JobState, { answer }: Answered): void {
  requireLaw(answer.modelId === job.modelId, "the trace is of the job's model");
  requireLaw(answer.inputRoot === job.inputRoot, "the trace is of the job's input");
}

function climb(node: Hash, index: number, siblings: readonly Hash[]): Hash {
  return siblings.reduce<Hash>(
    (hash, sibling, height) => rootOf(Math.floor(index / 2 ** height) % 2 === 0 ? [hash, sibling] : [sibling, hash]),
    node,
  );
}
