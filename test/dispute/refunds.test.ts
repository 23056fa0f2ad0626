import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Action } from '../../src/dispute/actions.js';
import { collect } from '../../src/dispute/decide-job.js';
import type { JobView, Promised } from '../../src/dispute/game.js';
import { wei } from '../../src/units.js';
import { Game, honestTrace } from '../helpers/game.js';
import { wrongElement } from '../helpers/liars.js';
import { addressOf } from '../helpers/players.js';
import { CLOCK_SECONDS, WINDOW_SECONDS } from '../helpers/referee.js';
import { countingInput, countingProgram } from '../helpers/traces.js';

const truth = honestTrace(countingProgram(4, 300), countingInput(300));
const actionsOf = (g: Game, name: string): Action[] => g.decisions(name).flatMap(({ action }) => action ?? []);

/** Alice is right and gone; m1 has challenged her and opened its root; wendy looks on. */
const defended = () =>
  new Game(truth)
    .claimedBy('alice')
    .challengedByLiar('m1', wrongElement(3, 77))
    .turn('m1', 'revealAndMove')
    .watchedBy('wendy');

test("a move for somebody else's claim goes through the refunds, one for one's own does not", () => {
  const g = defended();
  const [stranger] = actionsOf(g, 'wendy');
  const [own] = actionsOf(g, 'alice');
  assert.ok(stranger?.kind === 'assist' && own?.kind === 'revealAndMove');
  assert.equal(stranger.turn, own);
  assert.is(stranger.matchId, 1n);
});

test('so does the call of time, where it ends the match for one side alone', () => {
  const g = defended()
    .turn('wendy', 'revealAndMove')
    .wait(CLOCK_SECONDS + 1);
  const [stranger] = actionsOf(g, 'wendy');
  assert.ok(stranger?.kind === 'assist' && stranger.turn.kind === 'callTime');
  assert.is(actionsOf(g, 'alice')[0]?.kind, 'callTime');
});

/** The job as it stands, with something promised to wendy. */
function promisedTo(g: Game, changes: Partial<Promised> = {}): JobView {
  const view = g.referee.view();
  const promise = { matchId: view.matches[0]!.id, side: 0, account: addressOf('wendy'), amountWei: wei(5n) } as const;
  return { ...view, promised: [{ ...promise, ...changes }] };
}

const collected = (view: JobView): string[] => {
  const party = { addresses: [addressOf('wendy')], bondFrom: null, endsOthersJobs: false };
  return collect(view, party).map(({ action }) => action?.kind ?? 'wait');
};

test('what was promised is collected when the claim has won and the other has lost, by whom it was promised to', () => {
  const g = defended();
  assert.equal(collected(promisedTo(g)), [], 'the job is open');
  g.turn('wendy', 'revealAndMove')
    .wait(CLOCK_SECONDS + 1)
    .turn('wendy', 'callTime');
  g.wait(WINDOW_SECONDS).turn('alice', 'finalize');
  assert.equal(collected(promisedTo(g)), ['collectRefund']);
  assert.equal(collected(promisedTo(g, { side: 1 })), [], 'for moves of the side that lost');
  assert.equal(collected(promisedTo(g, { account: addressOf('alice') })), [], 'to somebody else');
  const other = g.referee.view();
  assert.equal(collected({ ...other, promised: [] }), []);
});

test.run();
