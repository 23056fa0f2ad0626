import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GameEvent } from '../../src/chain/game-log.js';
import { NEVER } from '../../src/watch/due.js';
import { expectation } from '../../src/watch/expectation.js';

const OWN = '0x00000000000000000000000000000000000000A1';
const OTHER = '0x00000000000000000000000000000000000000b2';
const party = { addresses: [OWN.toLowerCase()], bondFrom: OWN, endsOthersJobs: false };

let block = 0;
const event = (name: GameEvent['name'], args: Record<string, unknown> = {}): GameEvent =>
  ({ name, args, blockNumber: ++block }) as unknown as GameEvent;
const claimed = (claimId: bigint, claimant: string): GameEvent =>
  event('Claimed', { claimId, claimant, windowEndsAt: 9_000n });
const expected = (...events: GameEvent[]): readonly [number, number] => {
  const { deadline, quietUntil } = expectation(events, party);
  return [deadline, quietUntil];
};
test.before.each(() => {
  block = 0;
});

test("nothing is to be done for one's own claim until the window ends, unless somebody objects or wants the input", () => {
  assert.equal(expected(event('JobRequested'), claimed(1n, OWN)), [9_000, 9_000]);
  assert.equal(expected(claimed(1n, OWN), claimed(2n, OTHER)), [9_000, 0]);
  assert.equal(expected(claimed(1n, OWN), event('InputDemanded')), [9_000, 0]);
  assert.equal(expected(claimed(1n, OTHER), claimed(2n, OWN), event('ClaimLost', { claimId: 1n })), [9_000, 9_000]);
});

test("another's claim is to be judged before its window ends; what nobody has claimed, and what has ended, comes last", () => {
  assert.equal(expected(claimed(1n, OTHER)), [9_000, 0]);
  assert.equal(expected(event('JobRequested')), [NEVER - 1, 0]);
  assert.equal(expected(claimed(1n, OWN), event('ClaimClosed', { claimId: 1n })), [NEVER - 1, 0]);
  assert.equal(expected(claimed(1n, OTHER), event('JobFinal')), [NEVER, 0]);
});

test('a match comes before all, the one whose last move is oldest first', () => {
  const moves = ['MatchOpened', 'NodeOpened', 'LeafPosted'] as const;
  const [opened, moved, leaf] = moves.map((name) => event(name, { matchId: 7n })) as [GameEvent, GameEvent, GameEvent];
  const claims = [claimed(1n, OWN), claimed(2n, OTHER)];
  assert.equal(expected(...claims, opened, moved, leaf), [3, 0]);
  assert.equal(expected(...claims, opened, event('MatchOpened', { matchId: 8n })), [1, 0]);
  assert.equal(expected(...claims, opened, event('MatchEnded', { matchId: 7n })), [9_000, 0]);
});

test.run();
