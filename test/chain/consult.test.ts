import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { agreedOn } from '../../src/chain/consult.js';
import type { Answer } from '../../src/chain/endpoint.js';

const answered = (method: string, results: readonly unknown[]): unknown => {
  const payload = { id: 1, jsonrpc: '2.0' as const, method, params: [] };
  const answer = agreedOn(
    payload,
    results.map(
      (result): Answer => (result instanceof Error ? { id: 1, error: { code: 1, message: '' } } : { id: 1, result }),
    ),
  );
  return 'result' in answer ? answer.result : 'error';
};

test('of three counts the second highest, of two the higher', () => {
  assert.is(answered('eth_getTransactionCount', ['0x5', '0x7', '0xffff']), '0x7');
  assert.is(answered('eth_getTransactionCount', ['0x7', '0x2', '0x7']), '0x7');
  assert.is(answered('eth_getTransactionCount', ['0x2', '0x7']), '0x7');
  assert.is(answered('eth_getTransactionCount', ['0x2']), '0x2');
});

test('who answers with an error or with nothing is only heard when nobody else is', () => {
  assert.is(answered('eth_gasPrice', [new Error(), '0x2', null]), '0x2');
  assert.is(answered('eth_gasPrice', [new Error(), new Error()]), 'error');
});

test('histories of fees are compared by what the next block takes', () => {
  const history = (next: string) => ({ baseFeePerGas: ['0xffff', next] });
  assert.equal(answered('eth_feeHistory', [history('0x5'), history('0x999'), history('0x7')]), history('0x7'));
  assert.equal(answered('eth_feeHistory', [{}, history('0x1')]), history('0x1'));
});

test.run();
