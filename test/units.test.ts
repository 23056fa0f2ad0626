import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { after, claimId, elapsed, jobId, matchId, seconds, timestamp, wei } from '../src/units.js';

test('ids and amounts are bigints, instants and durations are numbers', () => {
  assert.is(jobId(7), 7n);
  assert.is(claimId('12'), 12n);
  assert.is(matchId(0x10n), 16n);
  assert.is(wei('0xff'), 255n);
  assert.is(timestamp(1_700_000_000n), 1_700_000_000);
  assert.is(seconds('60'), 60);
});

test('what is no whole number, or negative, is refused', () => {
  for (const wrong of ['x', '1.5', 1.5, Number.NaN])
    assert.throws(() => jobId(wrong), /is not a job id: expected a whole/);
  assert.throws(() => wei(-1), /negative/);
  assert.throws(() => seconds(-1n), /negative/);
  assert.throws(() => timestamp(2n ** 60n), /too large/);
});

test('durations lie between instants', () => {
  const start = timestamp(100);
  assert.is(after(start, seconds(5)), 105);
  assert.is(elapsed(start, timestamp(90)), -10);
});

test.run();
