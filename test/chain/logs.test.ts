import type { Log } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LogReader } from '../../src/chain/logs.js';
import type { Node } from '../../src/chain/provider.js';
import { NetworkError } from '../../src/errors.js';
import { errorOf } from './world.js';

type Query = { fromBlock: number; toBlock: number };

/** A node with a log in these blocks, which answers for so many blocks at once at most. */
function nodeWith(blocks: readonly number[], mostBlocks: number, queries: Query[] = []): Node {
  const getLogs = async ({ fromBlock, toBlock }: Query): Promise<Log[]> => {
    queries.push({ fromBlock, toBlock });
    if (toBlock - fromBlock + 1 > mostBlocks) throw new Error('query exceeds max block range');
    return blocks.filter((at) => at >= fromBlock && at <= toBlock).map((blockNumber) => ({ blockNumber }) as Log);
  };
  return { getLogs, url: 'http://node.example' } as unknown as Node;
}

const filter = { address: '0x00000000000000000000000000000000000000aa', topics: [] } as const;
const numbers = (logs: readonly Log[]): number[] => logs.map(({ blockNumber }) => blockNumber);

test('all logs, whatever range the node takes', async () => {
  const blocks = [0, 1, 99, 100, 101, 500, 999];
  for (const most of [1, 7, 100, 10_000])
    assert.equal(
      numbers(await new LogReader(nodeWith(blocks, most), 256).all(filter, 0, 999)),
      blocks,
      `${most} blocks`,
    );
});

test('ranges stay within the limit and do not overlap', async () => {
  const queries: Query[] = [];
  await new LogReader(nodeWith([], 10_000, queries), 300).all(filter, 5, 1000);
  assert.equal(
    queries.map(({ fromBlock, toBlock }) => [fromBlock, toBlock]),
    [
      [5, 304],
      [305, 604],
      [605, 904],
      [905, 1000],
    ],
  );
});

test('the last log is looked for from the newest block back', async () => {
  const queries: Query[] = [];
  const found = await new LogReader(nodeWith([3, 750, 760], 10_000, queries), 100).last(filter, 0, 999);
  assert.is(found?.blockNumber, 760);
  assert.is(queries.length, 3);
  assert.is(await new LogReader(nodeWith([3], 10_000), 100).last(filter, 4, 999), null);
});

test('a node that refuses a single block is given up', async () => {
  const error = await errorOf(new LogReader(nodeWith([], 0)).all(filter, 0, 10));
  assert.instance(error, NetworkError);
  assert.match(error.message, 'would not give the logs of block 0: query exceeds max block range');
});

test.run();
