import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { zeroHash } from '../../src/commit/merkle.js';
import type { Move } from '../../src/dispute/actions.js';
import { decideMatch } from '../../src/dispute/decide-match.js';
import type { Both, ClaimState, MatchState, Side } from '../../src/dispute/game.js';
import { BrokenLaw, requireLawfulMove, requireLawfulReveal } from '../../src/dispute/laws.js';
import { levelsBelow, roundsOf } from '../../src/dispute/levels.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { timestamp } from '../../src/units.js';
import { Game, honestTrace } from '../helpers/game.js';
import { wrongElement } from '../helpers/liars.js';
import { CLOCK_SECONDS } from '../helpers/referee.js';
import { countingInput, countingProgram } from '../helpers/traces.js';

const truth = honestTrace(countingProgram(4, 300), countingInput(300));
const lie = wrongElement(3, 77);
const MOVES = [
  ['mallory', 'revealAndMove'],
  ['alice', 'revealAndMove'],
  ['mallory', 'descendToLeaf'],
] as const;

/** alice (correct, side 0) against mallory, after so many moves; the trees have depth 6. */
function after(moves: number): Game {
  const game = new Game(truth).claimedBy('alice').challengedByLiar('mallory', lie);
  for (const [who, what] of MOVES.slice(0, moves)) game.turn(who, what);
  return game;
}

/** wendy (correct, side 1) against mallory, in the same way. */
function afterAsSide1(moves: number): Game {
  const game = new Game(truth).claimedByLiar('mallory', lie).watchedBy('wendy').turn('wendy', 'challenge');
  const turns = [
    ['wendy', 'revealAndMove'],
    ['mallory', 'revealAndMove'],
    ['wendy', 'descendToLeaf'],
    ['mallory', 'postLeaf'],
  ] as const;
  for (const [who, what] of turns.slice(0, moves)) game.turn(who, what);
  return game;
}

const pairOf = (game: Game): Both<ClaimState> => [game.referee.claimOf(1n), game.referee.claimOf(2n)];

function decide(game: Game, over: Partial<MatchState> = {}, trace: TraceSource = truth, side: Side = 0) {
  return decideMatch({ ...game.match(1), ...over }, pairOf(game), trace, side, timestamp(game.referee.now));
}

const throwsLaw = (act: () => unknown, law: RegExp) =>
  assert.throws(act, (error: unknown) => error instanceof BrokenLaw && law.test(error.message));

test('levels: the first round takes the remainder, every later one four', () => {
  assert.equal([1, 2, 3, 4, 5, 8, 9, 22].map(levelsBelow), [1, 2, 3, 4, 1, 4, 1, 2]);
  assert.equal([1, 4, 5, 8, 9, 22].map(roundsOf), [1, 1, 2, 2, 3, 6]);
});

test('the moves of a side, in their order, each for the state it is made in', () => {
  const [opening, answer, leaf] = [
    decide(afterAsSide1(0), {}, truth, 1).action,
    decide(after(1)).action,
    decide(afterAsSide1(2), {}, truth, 1).action,
  ];
  assert.ok(opening?.kind === 'revealAndMove' && opening.move.kind === 'open');
  assert.is(opening.move.children.length, 4);
  assert.ok(answer?.kind === 'revealAndMove' && answer.move.kind === 'descend');
  const { height, position, answer: first, children } = answer.move;
  assert.equal([height, position, first.index, first.siblings.length, children.length], [6, 0, 1, 3, 16]);
  assert.ok(leaf?.kind === 'descendToLeaf');
  assert.equal([leaf.height, leaf.position, leaf.answer.index, leaf.leaf.length], [4, 1, 9, 2 + 512]);
});

test('who knows both leaves proves at once; who does not posts its own', () => {
  assert.is(decide(after(3)).action?.kind, 'proveStep');
  assert.is(decide(after(3), { leaves: [null, null] }).action?.kind, 'postLeaf');
  assert.is(decide(afterAsSide1(4), {}, truth, 1).action?.kind, 'proveStep');
});

test('a decision says until when it is in time', () => {
  const game = after(1).wait(10);
  assert.is(decide(game).deadline, game.referee.now - 10 + CLOCK_SECONDS);
});

test('while the other side is to move there is nothing to do', () => {
  assert.match(decide(after(0)).reason, /side 1 is to move: open the root/);
  assert.is(decide(after(2)).action, null);
  assert.match(decide(after(2)).reason, /side 1 is to move: descend from height 4/);
});

test('a side whose clock has run out makes no move, but proves still', () => {
  const late = CLOCK_SECONDS + 1;
  assert.match(decide(after(1).wait(late)).reason, /has run out/);
  assert.match(decide(afterAsSide1(0).wait(late), {}, truth, 1).reason, /has run out/);
  assert.match(decide(after(3).wait(late), { leaves: [null, null] }).reason, /has run out/);
  assert.is(decide(after(3).wait(late)).action?.kind, 'proveStep');
  assert.is(decide(afterAsSide1(4).wait(late), {}, truth, 1).action?.kind, 'proveStep');
});

test('a match that is over or moot asks for nothing', () => {
  assert.match(decide(after(3).turn('alice', 'proveStep')).reason, /over/);
  const game = after(1);
  game.referee.claims[1]!.status = 'lost';
  assert.match(decide(game).reason, /moot/);
});

test('what has not been read from events yet is waited for', () => {
  assert.match(decide(after(1), { opened: null }).reason, /not read from its event/);
  assert.match(decide(after(3), { nodes: null }).reason, /not read from their events/);
  assert.match(decide(afterAsSide1(4), { leaves: [null, null] }, truth, 1).reason, /not read from their events/);
});

// ---- laws

test('never for a side that revealed another trace', () => {
  throwsLaw(() => decide(after(1), {}, truth, 1), /only with the trace it revealed/);
  throwsLaw(() => decide(after(2), {}, lie(truth)), /only with the trace it revealed/);
});

test('never an answer to what the other side did not open', () => {
  const game = after(1);
  const opened = game.match(1).opened?.with(1, zeroHash(0)) ?? [];
  throwsLaw(() => decide(game, { opened }), /hashes to both nodes/);
});

test('never an answer for nodes that the match does not stand at', () => {
  const game = afterAsSide1(2);
  throwsLaw(() => decide(game, { nodes: [zeroHash(4), zeroHash(4)] }, truth, 1), /hashes to both nodes/);
  throwsLaw(() => decide(game, { position: 2 }, truth, 1), /hashes to both nodes/);
});

test('never a leaf that does not hash to the node', () => {
  throwsLaw(() => decide(after(3), { position: 0, leaves: [null, null] }), /a leaf hashes to the node/);
});

test('never a proof by which the side itself would lose: the trace must agree with the reference evaluator', () => {
  const broken = lie(truth); // an executor that computes one element wrong
  const game = afterAsSide1(4);
  throwsLaw(() => decide(game, {}, broken, 0), /slot 3, element 77: the trace has \d+, the reference evaluator \d+/);
});

test('a trace that the reference evaluator does not confirm posts its leaf and no proof', () => {
  assert.is(decide(afterAsSide1(3), {}, lie(truth), 0).action?.kind, 'postLeaf');
});

test('never a move for another match, another state or another claim', () => {
  const game = afterAsSide1(2);
  const [match, claims] = [game.match(1), pairOf(game)];
  const { action } = decide(game, {}, truth, 1);
  assert.ok(action?.kind === 'descendToLeaf');
  const lawful = (change: object, over: Partial<MatchState> = {}) =>
    requireLawfulMove({ ...action, ...change }, { ...match, ...over }, claims, truth, 1);
  lawful({});
  throwsLaw(() => lawful({ matchId: 9n }), /names its match/);
  throwsLaw(() => lawful({ position: 3 }), /names the position/);
  throwsLaw(() => lawful({ height: 5 }), /names the height/);
  throwsLaw(() => lawful({ kind: 'descend', children: [] }), /last answer posts a leaf/);
  throwsLaw(() => lawful({ answer: { ...action.answer, index: 8 } }), /hashes to both nodes/);
  throwsLaw(() => lawful({ answer: { ...action.answer, siblings: [] } }), /hashes to both nodes/);
  throwsLaw(() => lawful({ answer: { ...action.answer, otherNode: match.nodes![1] } }), /hashes to both nodes/);
  throwsLaw(() => lawful({}, { turn: 0 }), /its turn/);
  throwsLaw(() => lawful({}, { claims: [claims[1].id, claims[0].id] }), /claims are those of the match/);
});

test('never an opening of another root', () => {
  const game = afterAsSide1(0);
  const { action } = decide(game, {}, truth, 1);
  assert.ok(action?.kind === 'revealAndMove');
  const claims = pairOf(game).map((claim) => ({
    ...claim,
    traceRoot: truth.forest.root,
  })) as unknown as Both<ClaimState>;
  const lawful = (change: object) =>
    requireLawfulMove({ ...action.move, ...change } as Move, game.match(1), claims, truth, 1);
  lawful({});
  throwsLaw(() => lawful({ children: [zeroHash(0)] }), /opens all nodes/);
  throwsLaw(() => lawful({ children: [4, 4, 4, 4].map(zeroHash) }), /children hash to the node/);
});

test('never a reveal of another root, of an output that is not in the trace, or twice', () => {
  const game = after(1);
  const [claim] = pairOf(game);
  const { action } = decide(game);
  assert.ok(action?.kind === 'revealAndMove');
  const { reveal } = action;
  const lawful = (change: object, over: Partial<ClaimState> = {}) =>
    requireLawfulReveal({ ...reveal, ...change }, { ...claim, ...over }, truth);
  lawful({});
  throwsLaw(() => lawful({ claimId: 2n }), /names its claim/);
  throwsLaw(() => lawful({ traceRoot: zeroHash(1) }), /root of this trace/);
  throwsLaw(() => lawful({ outputProof: reveal.outputProof.slice(1) }), /slotDepth siblings/);
  throwsLaw(() => lawful({ outputProof: reveal.outputProof.with(0, zeroHash(9)) }), /last slot of the trace/);
  throwsLaw(() => lawful({}, { outputRoot: zeroHash(9) }), /last slot of the trace/);
  throwsLaw(() => lawful({}, { traceRoot: truth.forest.root }), /once/);
});

test.run();
