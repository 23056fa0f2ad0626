import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseWei, showCount, showWei } from '../../src/cli/amounts.js';
import { parseSeconds, showInstant, showSeconds } from '../../src/cli/durations.js';
import { plainJson } from '../../src/cli/json.js';
import { facts, table } from '../../src/cli/table.js';

const test = suite('amounts, durations, tables, JSON');

test('amounts: ether unless a unit says otherwise', () => {
  assert.is(parseWei('0.01', '--fee'), 10n ** 16n);
  assert.is(parseWei('1', '--fee'), 10n ** 18n);
  assert.is(parseWei('5gwei', '--fee'), 5n * 10n ** 9n);
  assert.is(parseWei('1.5 gwei', '--fee'), 1_500_000_000n);
  assert.is(parseWei('100wei', '--fee'), 100n);
  assert.is(parseWei('0', '--fee'), 0n);
});

test('amounts: what is none is refused', () => {
  for (const text of ['', '-1', '1.5wei', 'ten', '1e3', '0x10', '1 dollar', '0.0000000000000000001', '1,5'])
    assert.throws(() => parseWei(text, '--fee'), /is not an amount for --fee/, text);
});

test('amounts: shown as they would be typed', () => {
  assert.is(showWei(0n), '0 ETH');
  assert.is(showWei(100n), '100 wei');
  assert.is(showWei(5n * 10n ** 9n), '5 gwei');
  assert.is(showWei(10n ** 16n), '0.01 ETH');
  assert.is(showWei(50n * 10n ** 18n), '50 ETH');
  assert.is(showWei(123_456_789_123_456_789n), '0.123456 ETH');
});

test('amounts: showing and reading again never adds money', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (wei) => parseWei(showWei(wei), 'x') <= wei));
});

test('durations', () => {
  assert.is(parseSeconds('90', 'x'), 90);
  assert.is(parseSeconds('15m', 'x'), 900);
  assert.is(parseSeconds('2h', 'x'), 7200);
  assert.is(parseSeconds('1d', 'x'), 86_400);
  for (const text of ['', '-5', '1.5h', 'soon', '5 weeks'])
    assert.throws(() => parseSeconds(text, 'x'), /not a duration/);
  assert.is(showSeconds(45), '45 s');
  assert.is(showSeconds(125), '2 min 5 s');
  assert.is(showSeconds(7500), '2 h 5 min');
  assert.is(showSeconds(3 * 86_400), '3 d');
  assert.is(showInstant(1_000_000_000, 999_999_700), '2001-09-09 01:46:40 UTC (in 5 min)');
  assert.is(showInstant(1_000_000_000, 1_000_000_060), '2001-09-09 01:46:40 UTC (1 min ago)');
});

test('counts', () => {
  assert.is(showCount(1234567), '1,234,567');
  assert.is(showCount(999), '999');
});

test('JSON: amounts of wei are strings, undefined goes, typed arrays are lists', () => {
  assert.equal(plainJson({ wei: 5n, none: undefined, list: Float64Array.of(1, 2) as never, nan: Number.NaN }), {
    wei: '5',
    list: [1, 2],
    nan: 'NaN',
  });
});

test('tables have no boxes and no trailing blanks', () => {
  assert.is(
    stripVTControlCharacters(
      table(
        ['a', 'number'],
        [
          ['x', 1],
          ['yy', 100],
        ],
        [1],
      ),
    ),
    'a   number\nx        1\nyy     100',
  );
  assert.is(
    stripVTControlCharacters(
      facts([
        ['one', 1],
        ['none', undefined],
        ['three', 'x'],
      ]),
    ),
    'one    1\nthree  x',
  );
});

test.run();
