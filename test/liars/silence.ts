/** Time as a weapon: silence at each kind of move, and every move in the last second. */
import { liarFirst, lieIn, workerFirst } from './lies.js';
import type { Strategy } from './strategy.js';

const times = (count: number): string => (count === 0 ? 'no move' : count === 1 ? 'one move' : `${count} moves`);

function silent(name: string, as: string, start: typeof liarFirst, moves: number): Strategy {
  return {
    name,
    sentence: `makes ${times(moves)} and falls silent, ${as}`,
    async play(stage) {
      const { job } = await start(stage, lieIn(stage, 3).trace, { moves });
      await stage.play();
      await stage.expectInTime(job);
      await stage.expectEnding(job, 'time');
    },
  };
}

/** A clock is one for all moves: only the first of them can come in its last second, and the next ones in the same. */
function dawdling(name: string, sentence: string, start: typeof liarFirst, moves = Number.POSITIVE_INFINITY): Strategy {
  return {
    name,
    sentence,
    async play(stage) {
      const { job, liar } = await start(stage, lieIn(stage, 3).trace, { dawdles: true, moves });
      await stage.play();
      stage.require(liar.sent.length > 0, 'it was to make a move in its last second');
      await stage.expectInTime(job);
    },
  };
}

export const SILENCE: readonly Strategy[] = [
  // In a match on the digits the first claim's side has two moves to make, the challenger's three.
  ...[0, 1].map((moves) => silent(`silent-after-${moves}`, 'with the first claim', liarFirst, moves)),
  ...[0, 1, 2].map((moves) =>
    silent(`silent-after-${moves}-as-challenger`, 'against a right claim', workerFirst, moves),
  ),
  dawdling('last-second-moves', 'makes every move in the last second that its clock has', liarFirst),
  dawdling(
    'last-second-moves-as-challenger',
    'makes every move in the last second, against a right claim',
    workerFirst,
  ),
  dawdling('last-second-then-silent', 'makes its first move in the last second, and no other', workerFirst, 1),
  {
    name: 'time-called-too-early',
    sentence: 'calls time on the honest side before each of its own moves',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job, liar } = await workerFirst(stage, lie.trace, {
        forges: (_, { id }) => [{ kind: 'callTime', matchId: id }],
      });
      await stage.play();
      stage.expectRefused(liar, 1);
      await stage.expectFound(job, lie.slot, lie.element);
    },
  },
];
