import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { zeroHash } from '../../src/commit/merkle.js';
import { decideMatch } from '../../src/dispute/decide-match.js';
import type { Both, ClaimState, MatchState, Side } from '../../src/dispute/game.js';
import { BrokenLaw, requireLawfulMove } from '../../src/dispute/laws.js';
import { levelsBelow, roundsOf } from '../../src/dispute/levels.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { timestamp } from '../../src/units.js';
import { Game, honestTrace } from '../helpers/game.js';
import { wrongElement } from '../helpers/liars.js';
import { CLOCK_SECONDS } from '../helpers/referee.js';
import { countingInput, countingProgram } from '../helpers/traces.js';

const truth = honestTrace(countingProgram(4, 300), countingInput(300));
const lie = wrongElement(3, 77);
const PLAY = ['reveal', 'descend', 'descend', 'postLeaf'] as const;

/** alice (correct, side 0) against mallory, after this many rounds of both moving. */
function after(rounds: number): Game {
  const game = new Game(truth).claimedBy('alice').challengedByLiar('mallory', lie);
  for (const turn of PLAY.slice(0, rounds)) game.turn('alice', turn).turn('mallory', turn);
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
  const moves = [0, 1, 2, 3, 4].map((rounds) => decide(after(rounds)).action);
  assert.equal(
    moves.map((move) => move?.kind),
    ['reveal', 'descend', 'descend', 'postLeaf', 'proveStep'],
  );
  const [, first, second, leaf] = moves;
  assert.ok(first?.kind === 'descend' && second?.kind === 'descend' && leaf?.kind === 'postLeaf');
  assert.equal([first.height, first.position, first.children.length], [6, 0, 4]);
  assert.equal([second.height, second.position, second.children.length], [4, 1, 16]);
  assert.is(leaf.position, 3 * 8 + 1);
});

test('a decision says until when it is in time', () => {
  const game = after(1).wait(10);
  assert.is(decide(game).deadline, game.referee.now - 10 + CLOCK_SECONDS);
});

test('while the other side is to move there is nothing to do', () => {
  const game = after(1).turn('alice', 'descend');
  assert.is(decide(game).action, null);
  assert.match(decide(game).reason, /side 1 is to move: descend from height 6/);
  assert.match(decide(after(0).turn('alice', 'reveal')).reason, /side 1 has not revealed yet/);
});

test('a side whose clock has run out makes no move, but proves still', () => {
  for (const rounds of [1, 2, 3]) assert.match(decide(after(rounds).wait(CLOCK_SECONDS + 1)).reason, /has run out/);
  assert.is(decide(after(4).wait(CLOCK_SECONDS + 1)).action?.kind, 'proveStep');
});

test('a match that is over or moot asks for nothing', () => {
  assert.match(decide(after(4).turn('alice', 'proveStep')).reason, /over/);
  const game = after(2);
  game.referee.claims[1]!.status = 'lost';
  assert.match(decide(game).reason, /moot/);
});

test('what has not been read from events yet is waited for', () => {
  const asSide1 = new Game(truth).claimedByLiar('mallory', lie).watchedBy('wendy').turn('wendy', 'challenge');
  asSide1.turn('wendy', 'reveal').turn('mallory', 'reveal').turn('mallory', 'descend');
  assert.is(decide(asSide1, {}, truth, 1).action?.kind, 'descend');
  assert.match(decide(asSide1, { opened: null }, truth, 1).reason, /not read from its event/);
  assert.match(decide(after(4), { leaves: [null, null] }).reason, /not read from their events/);
});

// ---- laws

test('never for a side that revealed another trace', () => {
  throwsLaw(() => decide(after(1), {}, truth, 1), /only with the trace it revealed/);
  throwsLaw(() => decide(after(2), {}, lie(truth)), /only with the trace it revealed/);
});

test('never children that do not hash to the node', () => {
  throwsLaw(() => decide(after(1), { nodes: [zeroHash(3), zeroHash(4)] }), /children hash to the node/);
  throwsLaw(() => decide(after(2), { position: 2 }), /children hash to the node/);
});

test('never side 0’s opening as an event invented it', () => {
  const game = new Game(truth).claimedByLiar('mallory', lie).watchedBy('wendy').turn('wendy', 'challenge');
  game.turn('wendy', 'reveal').turn('mallory', 'reveal').turn('mallory', 'descend');
  const opened = game.match(1).opened?.with(1, zeroHash(0)) ?? [];
  throwsLaw(() => decide(game, { opened }, truth, 1), /side 0's node hashes from/);
});

test('never a leaf that does not hash to the node', () => {
  throwsLaw(() => decide(after(3), { position: 0 }), /a leaf hashes to the node/);
});

test('never a proof by which the side itself would lose: the trace must agree with the reference evaluator', () => {
  const broken = lie(truth); // an executor that computes one element wrong
  const game = new Game(truth).claimedByLiar('mallory', lie).watchedBy('wendy').turn('wendy', 'challenge');
  game.turn('wendy', 'reveal').turn('mallory', 'reveal');
  for (const turn of ['descend', 'descend', 'postLeaf'] as const) game.turn('mallory', turn).turn('wendy', turn);
  assert.is(decide(game, {}, truth, 1).action?.kind, 'proveStep');
  throwsLaw(() => decide(game, {}, broken, 0), /slot 3, element 77: the trace has \d+, the reference evaluator \d+/);
});

test('never a move for another match, another state or another claim', () => {
  const game = after(1);
  const [match, claims] = [game.match(1), pairOf(game)];
  const { action } = decide(game);
  assert.ok(action?.kind === 'descend');
  const lawful = (change: object, over: Partial<MatchState> = {}) =>
    requireLawfulMove({ ...action, ...change }, { ...match, ...over }, claims, truth, 0);
  lawful({});
  throwsLaw(() => lawful({ matchId: 9n }), /names its match/);
  throwsLaw(() => lawful({ position: 1 }), /names the position/);
  throwsLaw(() => lawful({ height: 5 }), /names the height/);
  throwsLaw(() => lawful({ children: action.children.slice(1) }), /opens all nodes/);
  throwsLaw(() => lawful({ otherChildren: action.children }), /side 0 opens first/);
  throwsLaw(() => lawful({}, { turn: 1 }), /its turn/);
  throwsLaw(() => lawful({}, { claims: [claims[1].id, claims[0].id] }), /claims are those of the match/);
});

test('never a reveal of another root, of an output that is not in the trace, or twice', () => {
  const game = after(0);
  const [match, claims] = [game.match(1), pairOf(game)];
  const { action } = decide(game);
  assert.ok(action?.kind === 'reveal');
  const lawful = (change: object, claim: Partial<ClaimState> = {}) =>
    requireLawfulMove({ ...action, ...change }, match, [{ ...claims[0], ...claim }, claims[1]], truth, 0);
  lawful({});
  throwsLaw(() => lawful({ traceRoot: zeroHash(1) }), /root of this trace/);
  throwsLaw(() => lawful({ outputProof: action.outputProof.slice(1) }), /slotDepth siblings/);
  throwsLaw(() => lawful({ outputProof: action.outputProof.with(0, zeroHash(9)) }), /last slot of the trace/);
  throwsLaw(() => lawful({}, { outputRoot: zeroHash(9) }), /last slot of the trace/);
  throwsLaw(() => lawful({}, { revealed: { traceRoot: truth.forest.root, at: timestamp(1) } }), /once/);
});

test.run();
