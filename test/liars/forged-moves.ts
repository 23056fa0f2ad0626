/** Moves that are no moves: each is sent before the one that is due, and refused. */
import type { Hash, Hex } from '../../src/commit/hash.js';
import { toHex } from '../../src/commit/hash.js';
import type { Action, Turn } from '../../src/dispute/actions.js';
import type { MatchState } from '../../src/dispute/game.js';
import { firstFlipped, flipped, forgeries, lastFlipped, lengthened, reversed, shortened, spoiled } from './forge.js';
import type { Habits, Liar } from './liar.js';
import { liarFirst, lieIn, workerFirst } from './lies.js';
import type { Strategy } from './strategy.js';

type Forger = (turn: Turn, match: MatchState, liar: Liar) => readonly Action[];

/** Both as the first claim's side and as the challenger's, because the two sides' moves differ. */
function forged(name: string, sentence: string, forges: Forger, atLeast = 1): Strategy[] {
  const habits: Habits = { forges };
  const roles = [
    { suffix: '', start: liarFirst, said: sentence },
    { suffix: '-by-a-challenger', start: workerFirst, said: `${sentence}, against a right claim` },
  ];
  return roles.map(({ suffix, start, said }) => ({
    name: `${name}${suffix}`,
    sentence: said,
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job, liar } = await start(stage, lie.trace, habits);
      await stage.play();
      stage.expectRefused(liar, atLeast);
      await stage.expectFound(job, lie.slot, lie.element);
    },
  }));
}

type Hashes = readonly Hash[];

/** As many nodes of the liar's own tree as there were, from somewhere else in it. */
const ofAnotherLevel =
  ({ trace: { forest } }: Liar) =>
  (children: Hashes): Hash[] => {
    const levels = Math.log2(children.length);
    return forest.descendants(levels + 1, 0, levels);
  };

const fromElsewhere = ({ trace: { forest } }: Liar): Hex => toHex(forest.leaf(0));

export const FORGED_MOVES: readonly Strategy[] = [
  ...forged('children-that-do-not-hash', 'opens nodes that do not hash to the node it stands at', (turn) =>
    forgeries<Hashes>(turn, 'children', firstFlipped, lastFlipped, reversed),
  ),
  ...forged('children-of-another-level', 'opens nodes of its own tree that belong to another level', (turn, _, liar) =>
    forgeries<Hashes>(turn, 'children', ofAnotherLevel(liar)),
  ),
  ...forged('too-few-or-too-many-children', 'opens half of the nodes, twice as many, or none', (turn) =>
    forgeries<Hashes>(
      turn,
      'children',
      (all) => all.slice(0, all.length / 2),
      (all) => [...all, ...all],
      () => [],
    ),
  ),
  ...forged('move-for-another-state', 'names another height or another position', (turn) => [
    ...forgeries<number>(
      turn,
      'height',
      (height) => height + 4,
      () => 0,
    ),
    ...forgeries<number>(turn, 'position', (position) => position + 1),
  ]),
  ...forged('false-first-difference', 'answers that the first difference is somewhere else, or nowhere', (turn) => [
    ...forgeries<number>(
      turn,
      'index',
      (index) => index ^ 1,
      () => 255,
    ),
    ...forgeries<Hash>(turn, 'otherNode', flipped),
    ...forgeries<Hashes>(turn, 'siblings', firstFlipped, lastFlipped, (all) => all.slice(1)),
  ]),
  ...forged('leaf-of-the-wrong-length', 'posts a leaf with a byte too few, a byte too many, or none', (turn) =>
    forgeries<Hex>(turn, 'leaf', shortened, lengthened, () => '0x'),
  ),
  ...forged(
    'leaf-of-another-slot',
    'posts a leaf of its own from another slot, or one with another byte',
    (turn, _, liar) => forgeries<Hex>(turn, 'leaf', () => fromElsewhere(liar), spoiled),
  ),
  ...forged('false-reveal', 'reveals another root, or proves its output by something else', (turn) => [
    ...forgeries<Hash>(turn, 'traceRoot', flipped),
    ...forgeries<Hash>(turn, 'seal', flipped),
    ...forgeries<Hashes>(
      turn,
      'outputProof',
      firstFlipped,
      (all) => all.slice(1),
      (all) => [...all, ...all],
    ),
  ]),
  {
    name: 'moves-for-a-match-that-is-over',
    sentence: 'makes all of its moves again when the match is over, and calls time in it',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job, liar } = await liarFirst(stage, lie.trace);
      await stage.play(([view]) => view?.matches[0]?.phase === 'over');
      const { matches } = await stage.view(job);
      for (const action of [...liar.sent]) await liar.forge(action);
      for (const { id } of matches) await liar.forge({ kind: 'callTime', matchId: id });
      stage.expectRefused(liar, 3);
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
    },
  },
  {
    name: 'moves-twice',
    sentence: 'makes each of its moves a second time, when it is the other side that is to move',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job, liar } = await workerFirst(stage, lie.trace, {
        forges: (_turn, _match, { sent }) => sent,
      });
      await stage.play();
      stage.expectRefused(liar, 2);
      await stage.expectFound(job, lie.slot, lie.element);
    },
  },
];
