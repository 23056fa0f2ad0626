import { parseEther } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusalFrom } from '../../src/chain/errors.js';
import { errorsAbi } from '../../src/chain/generated/contracts.js';
import { interfaceOf } from '../../src/chain/typed.js';
import type { Hex } from '../../src/commit/hash.js';

const errors = interfaceOf(errorsAbi);
const revert = (name: string, ...args: unknown[]): Hex => errors.encodeErrorResult(name, args) as Hex;

test('values and units are in the sentence', () => {
  const refusal = refusalFrom(revert('Jobs_WrongBond', 1n, parseEther('0.05')));
  assert.is(
    refusal.message,
    'The bond is 50000000000000000 wei (0.05 ETH), but 1 wei (0.000000000000000001 ETH) was sent.',
  );
  assert.is(refusal.errorName, 'Jobs_WrongBond');
  assert.equal(refusal.args, { sentWei: 1n, requiredWei: parseEther('0.05') });
  assert.is(refusal.code, 'OG_REFUSED');
});

test('instants are dates, and enums are words', () => {
  assert.is(
    refusalFrom(revert('Jobs_WindowClosed', 4n, 1_700_000_000n)).message,
    'The challenge window of job 4 ended at 2023-11-14T22:13:20.000Z.',
  );
  assert.match(refusalFrom(revert('Matches_WrongPhase', 3n, 5)).message, 'Match 3 is in phase "over"');
});

test('every error of the contracts gives a sentence', () => {
  const sample = (type: string): unknown => {
    if (type === 'string') return 'x';
    if (type === 'address') return `0x${'11'.repeat(20)}`;
    if (type === 'bytes32') return `0x${'22'.repeat(32)}`;
    return 1n;
  };
  for (const { name, inputs } of errorsAbi) {
    const { message, errorName } = refusalFrom(revert(name, ...inputs.map(({ type }) => sample(type))));
    assert.is(errorName, name);
    assert.match(message, /^[A-Z0-9].*\.$/, name);
    assert.not.match(message, 'undefined', name);
  }
});

test('built-in and unknown errors', () => {
  assert.match(
    refusalFrom('0x4e487b710000000000000000000000000000000000000000000000000000000000000011').message,
    'panic code 17',
  );
  assert.match(refusalFrom('0xdeadbeef').message, '0xdeadbeef');
  assert.match(refusalFrom('0x').message, 'without saying why');
});

test.run();
