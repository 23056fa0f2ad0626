/** Logs in bounded ranges of blocks, because nodes refuse large ones. */
import type { Log } from 'ethers';
import type { Hex } from '../commit/hash.js';
import { NetworkError } from '../errors.js';
import { displayUrl } from './endpoint.js';
import type { Node } from './provider.js';
import { NodeFailure } from './rpc-failure.js';
import type { Address } from './typed.js';

/** A node may need too long for a range that is too large, instead of refusing it. */
const tookTooLong = (error: NetworkError): boolean => error instanceof NodeFailure && error.failure === 'timeout';

export interface LogFilter {
  readonly address: Address | readonly Address[];
  readonly topics: readonly (Hex | readonly Hex[] | null)[];
}

export interface LogRange {
  readonly fromBlock: number;
  readonly toBlock: number;
  readonly logs: Log[];
}

const DEFAULT_RANGE_BLOCKS = 10_000;

export class LogReader {
  private rangeBlocks: number;

  constructor(
    private readonly node: Node,
    private readonly maxRangeBlocks: number = DEFAULT_RANGE_BLOCKS,
  ) {
    this.rangeBlocks = maxRangeBlocks;
  }

  /** Range after range, from `fromBlock` up to and with `toBlock`. */
  async *ranges(filter: LogFilter, fromBlock: number, toBlock: number): AsyncGenerator<LogRange> {
    for (let from = fromBlock; from <= toBlock; ) {
      const range = await this.query(filter, (size) => [from, Math.min(from + size - 1, toBlock)]);
      yield range;
      from = range.toBlock + 1;
    }
  }

  async all(filter: LogFilter, fromBlock: number, toBlock: number): Promise<Log[]> {
    const logs: Log[] = [];
    for await (const range of this.ranges(filter, fromBlock, toBlock)) logs.push(...range.logs);
    return logs;
  }

  /** The last log that matches, looking back from `toBlock`: what is asked for is mostly recent. */
  async last(filter: LogFilter, fromBlock: number, toBlock: number): Promise<Log | null> {
    for (let to = toBlock; to >= fromBlock; ) {
      const range = await this.query(filter, (size) => [Math.max(to - size + 1, fromBlock), to]);
      const found = range.logs.at(-1);
      if (found) return found;
      to = range.fromBlock - 1;
    }
    return null;
  }

  /** Asks for one range; halves it while the node finds it too large, and grows back slowly. */
  private async query(filter: LogFilter, bounds: (size: number) => [from: number, to: number]): Promise<LogRange> {
    for (;;) {
      const [fromBlock, toBlock] = bounds(this.rangeBlocks);
      try {
        const { address, topics } = filter;
        const logs = await this.node.getLogs({
          address: typeof address === 'string' ? address : [...address],
          topics: topics.map((topic) => (typeof topic === 'string' || topic === null ? topic : [...topic])),
          fromBlock,
          toBlock,
        });
        this.rangeBlocks = Math.min(this.rangeBlocks * 2, this.maxRangeBlocks);
        return { fromBlock, toBlock, logs };
      } catch (error) {
        if (error instanceof NetworkError && !tookTooLong(error)) throw error;
        if (fromBlock === toBlock && error instanceof NetworkError) throw error;
        if (fromBlock === toBlock) throw this.refused(fromBlock, error);
        this.rangeBlocks = Math.max(1, Math.floor((toBlock - fromBlock + 1) / 2));
      }
    }
  }

  private refused(block: number, cause: unknown): NetworkError {
    return new NetworkError(
      'OG_NO_LOGS',
      `The node at ${displayUrl(this.node.url)} would not give the logs of block ${block}: ${(cause as Error).message}`,
      'Use a node that keeps logs (--rpc), or start later (--from-block).',
      { cause },
    );
  }
}
