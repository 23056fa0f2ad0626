import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Gathered, gather } from '../../src/chain/gather.js';

/** Nodes that answer, fail, or are silent, as they are called. */
const ask = (node: string): Promise<string> => {
  if (node.startsWith('fails')) return Promise.reject(new Error(node));
  if (node.startsWith('silent')) return new Promise(() => undefined);
  return Promise.resolve(node);
};
const asked = (nodes: readonly string[], wanted: number, enough = wanted): Promise<Gathered<string, string>> =>
  gather(nodes, { wanted, enough, ask, isGood: (node) => !node.startsWith('poor'), slowAfterMs: () => 5 });
const names = (from: readonly { readonly node: string }[]): string[] => from.map(({ node }) => node);

test('no more are asked than are wanted', async () => {
  const { good, others, failures } = await asked(['a', 'b', 'c'], 2);
  assert.equal(names(good), ['a', 'b']);
  assert.equal([others, failures], [[], []]);
});

test('another one is asked for one that fails, is slow, or has a poor answer', async () => {
  assert.equal(names((await asked(['fails', 'a', 'b'], 1)).good), ['a']);
  assert.equal(names((await asked(['silent', 'a', 'b'], 1)).good), ['a']);
  assert.equal(names((await asked(['poor', 'a', 'b'], 1)).good), ['a']);
  assert.equal(names((await asked(['fails', 'silent', 'a', 'b', 'c'], 2)).good), ['a', 'b']);
});

test('slow ones are waited for until there is enough', async () => {
  const { good, others } = await asked(['poor', 'silent'], 1);
  assert.equal([names(good), names(others)], [[], ['poor']]);
  assert.equal(names((await asked(['a', 'silent', 'silent too'], 3, 1)).good), ['a']);
});

test('it ends when everybody has failed, and when there is nobody', async () => {
  assert.equal(names((await asked(['fails', 'fails too'], 1)).failures), ['fails', 'fails too']);
  assert.equal(await asked([], 1), { good: [], others: [], failures: [] });
});

test.run();
