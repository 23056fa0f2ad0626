/** Whole games, each as it is played. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Action, Move, Reveal } from '../../src/dispute/actions.js';
import { roundsOf } from '../../src/dispute/levels.js';
import { slotCount, slotShape } from '../../src/program/program.js';
import { matchId } from '../../src/units.js';
import { Game, honestTrace } from '../helpers/game.js';
import { type Lie, wrongElement, wrongFrom, wrongInput, wrongPadding, wrongSlot } from '../helpers/liars.js';
import { addressOf } from '../helpers/players.js';
import { randomInput, randomProgram } from '../helpers/random-program.js';
import { CLOCK_SECONDS, WINDOW_SECONDS } from '../helpers/referee.js';
import { countingInput, countingProgram } from '../helpers/traces.js';

/** 5 slots of 300 elements: depth 3 + 3. */
const counting = honestTrace(countingProgram(4, 300), countingInput(300));
const game = () => new Game(counting);

test('an honest claim that nobody disputes becomes final after its window', () => {
  game().claimedBy('alice').watchedBy('wendy').play().expectFinal('alice').expectLost();
});

test('a lie in a step is challenged, narrowed down to its element, and loses; move by move', () => {
  const lie = wrongElement(3, 77);
  game()
    .claimedByLiar('mallory', lie)
    .watchedBy('wendy')
    .turn('wendy', 'challenge')
    .turn('wendy', 'revealAndMove') // opens 2 levels of 6
    .turn('wendy', null)
    .turn('mallory', 'revealAndMove') // answers, and opens the other 4
    .turn('mallory', null)
    .turn('wendy', 'descendToLeaf')
    .turn('wendy', null)
    .turn('mallory', 'postLeaf')
    .turn('wendy', 'proveStep')
    .expectFound(3, 77)
    .expectRounds(2)
    .expectLost('mallory')
    .turn('wendy', null)
    .wait(WINDOW_SECONDS + 1)
    .turn('wendy', 'finalize')
    .expectFinal('wendy')
    .expectNoWeiLost();
});

interface Case {
  readonly what: string;
  readonly lie: Lie;
  readonly slot: number;
  readonly element: number;
}

const LIES: Case[] = [
  { what: 'an element of a step', lie: wrongElement(2, 299), slot: 2, element: 299 },
  { what: 'an element of a step and all that follows from it', lie: wrongFrom(1, 0), slot: 1, element: 0 },
  { what: 'an element of the output', lie: wrongElement(4, 128), slot: 4, element: 128 },
  { what: 'an element of the input and all that follows from it', lie: wrongInput(150), slot: 0, element: 150 },
  { what: 'an element of the input only', lie: wrongElement(0, 299), slot: 0, element: 299 },
  { what: 'the padding of a step', lie: wrongPadding(2, 303), slot: 2, element: 303 },
  { what: 'a leaf of a step beyond its end', lie: wrongPadding(2, 400), slot: 2, element: 400 },
  { what: 'the padding of the input', lie: wrongPadding(0, 301), slot: 0, element: 301 },
  { what: 'a leaf of the input beyond its end', lie: wrongPadding(0, 1000), slot: 0, element: 1000 },
  { what: 'a slot that does not exist', lie: wrongSlot(5, 0), slot: 5, element: 0 },
  { what: 'the last byte of the last slot that there could be', lie: wrongSlot(7, 2047), slot: 7, element: 2047 },
];

for (const { what, lie, slot, element } of LIES) {
  test(`a liar about ${what} is found there, as side 0`, () => {
    game()
      .claimedByLiar('mallory', lie)
      .watchedBy('wendy')
      .play()
      .expectFound(slot, element)
      .expectRounds(2)
      .expectLost('mallory')
      .expectFinal('wendy');
  });

  test(`a liar about ${what} is found there, as side 1`, () => {
    game()
      .claimedBy('alice')
      .challengedByLiar('mallory', lie)
      .play()
      .expectFound(slot, element)
      .expectRounds(2)
      .expectLost('mallory')
      .expectFinal('alice');
  });
}

test('padding behind the output is refused where the output is posted, and found where it goes by its root', () => {
  const lie = wrongPadding(4, 511);
  assert.throws(() => game().claimedByLiar('mallory', lie), /Jobs_OutputMismatch/);
  const byRoot = () => new Game(counting, { outputByRoot: true });
  byRoot().claimedByLiar('mallory', lie).watchedBy('wendy').play().expectFound(4, 511).expectFinal('wendy');
  byRoot().claimedBy('alice').challengedByLiar('mallory', lie).play().expectFound(4, 511).expectFinal('alice');
});

for (const dawdles of [false, true])
  for (const phase of ['open', 'descend', 'leaf'] as const) {
    const how = dawdles ? 'dawdles and is' : 'is';
    test(`a liar that ${how} silent in ${phase} loses by time wherever that is its move, on either side`, () => {
      const habits = { silentIn: [phase], dawdles };
      const lie = wrongElement(3, 5);
      const first = game().claimedByLiar('mallory', lie, habits).watchedBy('wendy').play().expectLost('mallory');
      if (!dawdles || phase !== 'open') first.expectEnding(phase === 'open' ? 'proof' : 'time'); // the later claim opens
      const second = game().claimedBy('alice').challengedByLiar('mallory', lie, habits).play();
      second.expectLost('mallory').expectFinal('alice');
      if (!dawdles || phase !== 'leaf') second.expectEnding(phase === 'leaf' ? 'proof' : 'time'); // the honest side answers last, and proves
    });
  }

test('a liar that moves in the last second of its clock is found all the same, on either side', () => {
  const habits = { dawdles: true };
  game().claimedByLiar('mallory', wrongElement(3, 5), habits).watchedBy('wendy').play().expectLost('mallory');
  game().claimedBy('alice').challengedByLiar('mallory', wrongElement(3, 5), habits).play().expectLost('mallory');
});

test('garbage instead of children, answers, leaves or proofs of output is not accepted, and the sender loses by time', () => {
  const zeros = `0x${'00'.repeat(32)}` as const;
  const tampered = (change: (action: Action) => Action) => ({
    tampers: (action: Action): Action =>
      action.kind === 'revealAndMove'
        ? { ...action, reveal: change(action.reveal) as Reveal, move: change(action.move) as Move }
        : change(action),
  });
  const asSide1 = (change: (action: Action) => Action) =>
    game().claimedBy('alice').challengedByLiar('mallory', wrongElement(3, 5), tampered(change)).play();
  const asSide0 = (change: (action: Action) => Action) =>
    game().claimedByLiar('mallory', wrongElement(3, 5), tampered(change)).watchedBy('wendy').play();
  const all = [
    asSide1((move) => (move.kind === 'open' ? { ...move, children: move.children.map(() => zeros) } : move)),
    asSide1((move) => (move.kind === 'reveal' ? { ...move, outputProof: move.outputProof.map(() => zeros) } : move)),
    asSide1((move) => (move.kind === 'descendToLeaf' ? { ...move, leaf: `0x${'11'.repeat(256)}` } : move)),
    asSide0((move) => (move.kind === 'descend' ? { ...move, children: move.children.map(() => zeros) } : move)),
    asSide0((move) => (move.kind === 'descend' ? { ...move, answer: { ...move.answer, index: 3 } } : move)),
    asSide0((move) => (move.kind === 'descend' ? { ...move, answer: { ...move.answer, otherNode: zeros } } : move)),
    asSide0((move) => (move.kind === 'postLeaf' ? { ...move, leaf: `0x${'11'.repeat(256)}` } : move)),
  ];
  for (const played of all) played.expectEnding('time').expectLost('mallory');
  assert.equal(
    all.map(({ referee }) => referee.rounds.get(matchId(1)) ?? 0),
    [0, 0, 1, 0, 0, 0, 2],
  );
});

test('an honest claim is defended by a stranger while its claimant is away', () => {
  const played = game()
    .claimedBy('alice', false)
    .challengedByLiar('mallory', wrongElement(2, 9))
    .watchedBy('wendy', { bonds: false })
    .play()
    .expectFound(2, 9)
    .expectLost('mallory');
  assert.is(played.referee.view().job.status, 'final');
  assert.is(played.referee.claimOf(1n).status, 'final');
  assert.is(played.referee.claims.length, 2, 'no bond but those two');
});

test('a claim with the right output under a seal that opens to nothing is challenged and loses', () => {
  const honest = game();
  const { job } = honest.referee.view();
  const [output, outputRoot] = [honest.truth.slots[4], honest.truth.forest.slotRoot(4)];
  assert.ok(output && job);
  const bytes = Buffer.alloc(4 * output.length);
  output.forEach((value, i) => {
    bytes.writeInt32BE(value, 4 * i);
  });
  const copied = `0x${'ab'.repeat(32)}` as const;
  honest.referee.submit(addressOf('copycat'), copied, outputRoot, `0x${bytes.toString('hex')}`);
  honest.watchedBy('wendy').play().expectEnding('time').expectFinal('wendy');
  assert.is(honest.referee.claimOf(1n).status, 'lost');
});

test('two honest watchtowers: one challenges, the other posts nothing', () => {
  const played = game().claimedByLiar('mallory', wrongFrom(1, 3)).watchedBy('wendy').watchedBy('walter').play();
  played.expectFinal('wendy').expectLost('mallory');
  assert.is(played.referee.claims.length, 2);
});

test('a needless challenge of a correct claim loses the burned share only', () => {
  const played = game().claimedBy('alice');
  played.challenge({ address: addressOf('hasty') }, played.truth);
  played.play().expectEnding('sameTrace').expectLost().expectFinal('alice');
  assert.is(played.referee.claimOf(2n).status, 'closed');
  assert.is(played.referee.credits.get(addressOf('hasty')), 800_000n);
});

test('two correct claims stand: the earlier one takes the pot, the other its bond', () => {
  const played = game().claimedByLiar('mallory', wrongElement(3, 5)).watchedBy('wendy');
  played.challenge({ address: addressOf('second') }, played.truth, 1);
  played.play();
  assert.is(played.referee.claimOf(1n).status, 'lost');
  assert.is(played.referee.claimOf(2n).status, 'final');
  assert.is(played.referee.claims.length, 2, 'wendy saw a correct claim and posted none');
});

test('forty liars against one honest claim: all lose, within the window and two clocks', () => {
  const crowd = game().claimedBy('alice');
  for (let i = 0; i < 40; i++)
    crowd.challengedByLiar(`m${i}`, wrongElement(1 + (i % 4), i), {
      silentIn: i % 3 === 0 ? ['descend'] : [],
      dawdles: i % 2 === 0,
    });
  const start = crowd.referee.now;
  crowd.play().expectFinal('alice');
  assert.is(crowd.referee.claims.filter(({ status }) => status === 'lost').length, 40);
  const moves = 40 * 14; // a second each, because everybody moves one after the other here
  assert.ok(crowd.referee.now - start <= WINDOW_SECONDS + 2 * CLOCK_SECONDS + moves);
});

test('a late challenge, in the last second of the window, changes nothing', () => {
  game()
    .claimedBy('alice')
    .wait(WINDOW_SECONDS)
    .challengedByLiar('mallory', wrongInput(0), { dawdles: true })
    .play()
    .expectFinal('alice')
    .expectLost('mallory');
});

test('any lie about any element of any program is found exactly there, in the fewest rounds, on either side', () => {
  const lies = fc.record({
    seed: fc.nat(100_000),
    slot: fc.nat(),
    element: fc.nat(),
    honestFirst: fc.boolean(),
    consistent: fc.boolean(),
  });
  fc.assert(
    fc.property(lies, ({ seed, slot, element, honestFirst, consistent }) => {
      const program = randomProgram(seed, { steps: 1 + (seed % 6), maxElements: 500 });
      const truth = honestTrace(program, randomInput(program, seed));
      const at = slot % slotCount(program);
      const which = element % slotShape(program, at).elements;
      const lie = (consistent ? wrongFrom : wrongElement)(at, which);
      const played = honestFirst
        ? new Game(truth).claimedBy('honest').challengedByLiar('mallory', lie)
        : new Game(truth).claimedByLiar('mallory', lie).watchedBy('honest');
      played
        .play()
        .expectEnding('proof')
        .expectFound(at, which)
        .expectRounds(roundsOf(truth.forest.depth))
        .expectLost('mallory')
        .expectFinal('honest');
    }),
    { numRuns: 150 },
  );
});

test.run();
