import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clocksAt, expiredSides, isMoot } from '../../src/dispute/clock.js';
import type { Both, ClaimState, MatchState } from '../../src/dispute/game.js';
import { claimId, jobId, matchId, seconds, timestamp } from '../../src/units.js';

const HASH = `0x${'00'.repeat(32)}` as const;
const OTHER = `0x${'01'.repeat(32)}` as const;

const claim = (id: number, traceRoot: ClaimState['traceRoot']): ClaimState => ({
  id: claimId(id),
  jobId: jobId(1),
  claimant: '',
  status: 'live',
  target: claimId(0),
  seal: HASH,
  outputRoot: HASH,
  traceRoot,
});
const revealed: Both<ClaimState> = [claim(1, HASH), claim(2, OTHER)];

const match = (over: Partial<MatchState>): MatchState => ({
  id: matchId(1),
  claims: [claimId(1), claimId(2)],
  phase: 'descend',
  ending: 'none',
  height: 4,
  position: 0,
  turn: 0,
  losers: [false, false],
  clockStartedAt: timestamp(1000),
  remainingSeconds: [seconds(100), seconds(60)],
  nodes: [HASH, HASH],
  opened: null,
  leaves: [null, null],
  computed: null,
  ...over,
});

const at = (state: MatchState, claims: Both<ClaimState>, now: number) => clocksAt(state, claims, timestamp(now));

test('only the clock of the side to move runs', () => {
  const [first, second] = at(match({ turn: 1 }), revealed, 1040);
  assert.equal(first, { toMove: false, secondsLeft: 100, endsAt: null, expired: false });
  assert.equal(second, { toMove: true, secondsLeft: 20, endsAt: 1060, expired: false });
});

test('the last second is in time, the next is not', () => {
  assert.is(at(match({}), revealed, 1100)[0].expired, false);
  assert.is(at(match({}), revealed, 1101)[0].expired, true);
  assert.equal(expiredSides(match({}), revealed, timestamp(5000)), [0]);
});

test('revealing stops no clock: it is the opening that does', () => {
  const state = match({ phase: 'open', turn: 1 });
  const toMove = (claims: Both<ClaimState>) => at(state, claims, 1010).map((clock) => clock.toMove);
  assert.equal(toMove([claim(1, null), claim(2, null)]), [false, true]);
  assert.equal(toMove([claim(1, null), claim(2, HASH)]), [false, true]);
});

test('sides that have revealed the same trace have nothing to move', () => {
  const same: Both<ClaimState> = [claim(1, HASH), claim(2, HASH)];
  for (const phase of ['open', 'descend'] as const)
    assert.equal(expiredSides(match({ phase, turn: 1 }), same, timestamp(9999)), []);
});

test('at a leaf the side that has not posted its own is to move, for a proof both are', () => {
  const toMove = (state: MatchState) => at(state, revealed, 1010).map((clock) => clock.toMove);
  assert.equal(toMove(match({ phase: 'leaf', turn: 1 })), [false, true]);
  assert.equal(toMove(match({ phase: 'proof' })), [true, true]);
});

test('nobody is to move in a match that is over or moot', () => {
  for (const phase of ['over', 'none'] as const)
    assert.equal(expiredSides(match({ phase }), revealed, timestamp(9999)), []);
  const dead: Both<ClaimState> = [revealed[0], { ...revealed[1], status: 'lost' }];
  assert.ok(isMoot(dead));
  assert.equal(expiredSides(match({}), dead, timestamp(9999)), []);
});

test.run();
