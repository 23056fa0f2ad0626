import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ChainClock } from '../../src/chain/chain-clock.js';

/** A block every 12 seconds, each seen `delays[i]` seconds after it was made, by a clock that is `aheadSeconds` ahead. */
function after(delays: readonly number[], aheadSeconds: number): ChainClock {
  const clock = new ChainClock();
  delays.forEach((delay, i) => {
    const timestamp = 1_000 + 12 * i;
    clock.saw({ number: i, timestamp }, timestamp + delay + aheadSeconds);
  });
  return clock;
}

test('before a new block is seen, this machine is believed', () => {
  assert.is(new ChainClock().at(5_000), 5_000);
  assert.is(after([7], 300).at(5_000), 5_000);
});

test('a clock that is ahead or behind is corrected by the blocks', () => {
  for (const ahead of [300, 0, -300]) assert.is(after([50, 4, 1, 2, 3], ahead).at(5_000 + ahead), 5_000 - 2);
});

test('one block with a time that is made up does not matter, nor one that is seen twice', () => {
  const clock = after([1, 1, 1], 0);
  clock.saw({ number: 3, timestamp: 99_999 }, 1_037);
  clock.saw({ number: 4, timestamp: 1_048 }, 1_049);
  clock.saw({ number: 4, timestamp: 1_048 }, 1_999);
  assert.is(clock.at(5_000), 4_999);
});

test('what was seen long ago does not count', () => {
  const clock = after(
    Array.from({ length: 8 }, () => 1),
    0,
  );
  for (let number = 8; number < 18; number++) clock.saw({ number, timestamp: 1_000 + number }, 1_061 + number);
  assert.is(clock.at(5_000), 5_000 - 61);
});

test.run();
