/**
 * A node that behaves badly on purpose: a JSON-RPC server before a real one, which delays, fails, keeps silent, limits, lags, lies and
 * loses transactions as it is told. What it does is a function of its seed and the order of the requests.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Faults {
  /** Every answer waits so long. */
  delayMs: number;
  /** Shares of requests, 0 to 1: answered with HTTP 502; never answered; answered with something that is not JSON. */
  failRate: number;
  silentRate: number;
  garbageRate: number;
  /** Requests after so many in a second are answered with HTTP 429. */
  requestsPerSecond: number;
  /** Seconds to come back after, as the 429 says; null says nothing. */
  retryAfterSeconds: number | null;
  /** It shows the chain as it was so many blocks ago. */
  lagBlocks: number;
  /** Widest range of blocks, and most logs, that eth_getLogs takes. */
  logRangeBlocks: number;
  logResults: number;
  /** Most questions that it takes in one request. */
  batchSize: number;
  /** Share of transactions that it accepts and keeps to itself. */
  dropRate: number;
  /** Changes an answer's result; what it returns is what is answered. */
  lie: ((method: string, params: readonly unknown[], result: unknown) => unknown) | null;
  /** Methods that it does not know. */
  unknownMethods: readonly string[];
  /** Calls at a block hash (EIP-1898) are refused, as old nodes do. */
  refusesBlockHashes: boolean;
}

export const NO_FAULTS: Readonly<Faults> = {
  delayMs: 0,
  failRate: 0,
  silentRate: 0,
  garbageRate: 0,
  requestsPerSecond: Number.POSITIVE_INFINITY,
  retryAfterSeconds: null,
  lagBlocks: 0,
  logRangeBlocks: Number.POSITIVE_INFINITY,
  logResults: Number.POSITIVE_INFINITY,
  batchSize: Number.POSITIVE_INFINITY,
  dropRate: 0,
  lie: null,
  unknownMethods: [],
  refusesBlockHashes: false,
};

/** What it has done so far, by kind. */
export interface FaultCounts {
  requests: number;
  failed: number;
  silent: number;
  garbage: number;
  limited: number;
  lagged: number;
  lied: number;
  dropped: number;
}

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

type Reply = { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string } };

/** Where the block stands in a method's parameters. */
const BLOCK_POSITION: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_estimateGas: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_getStorageAt: 2,
};

export class FaultyRpc {
  readonly faults: Faults;
  readonly counts: FaultCounts = {
    requests: 0,
    failed: 0,
    silent: 0,
    garbage: 0,
    limited: 0,
    lagged: 0,
    lied: 0,
    dropped: 0,
  };
  /** Methods in the order in which they were asked for. */
  readonly asked: string[] = [];
  private state: number;
  private second = 0;
  private inSecond = 0;

  private constructor(
    private readonly target: string,
    private readonly server: Server,
    faults: Partial<Faults>,
    seed: number,
  ) {
    this.faults = { ...NO_FAULTS, ...faults };
    this.state = seed;
  }

  /** @param target the address of a node that behaves well. */
  static async start(target: string, faults: Partial<Faults> = {}, seed = 1): Promise<FaultyRpc> {
    const server = createServer((request, response) => void proxy.serve(request, response));
    const proxy = new FaultyRpc(target, server, faults, seed);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Changes what it does from now on. */
  set(faults: Partial<Faults>): void {
    Object.assign(this.faults, faults);
  }

  /** From now on it behaves well. */
  heal(): void {
    this.set(NO_FAULTS);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Request | Request[];
    const { delayMs, failRate, silentRate, garbageRate, retryAfterSeconds } = this.faults;
    this.counts.requests++;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (this.isTooMuch()) {
      this.counts.limited++;
      const header = retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
      response.writeHead(429, header).end();
    } else if (this.happens(failRate)) {
      this.counts.failed++;
      response.writeHead(502).end('bad gateway');
    } else if (this.happens(silentRate)) {
      this.counts.silent++; // the caller's timeout ends it
    } else if (this.happens(garbageRate)) {
      this.counts.garbage++;
      response.end('<html>');
    } else if (Array.isArray(body) && body.length > this.faults.batchSize) {
      response.writeHead(this.faults.batchSize === 1 ? 400 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'batch too large' } }));
    } else {
      const answers = await Promise.all([body].flat().map((each) => this.answer(each)));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
    }
  }

  private async answer({ id, method, params }: Request): Promise<object> {
    this.asked.push(method);
    const reply = await this.reply(method, params).catch(
      (error: Error): Reply => ({ error: { code: -32_603, message: `internal error: ${error.message}` } }),
    );
    if ('result' in reply && this.faults.lie) {
      const lie = this.faults.lie(method, params, reply.result);
      if (lie !== reply.result) this.counts.lied++;
      return { jsonrpc: '2.0', id, result: lie };
    }
    return { jsonrpc: '2.0', id, ...reply };
  }

  private async reply(method: string, params: readonly unknown[]): Promise<Reply> {
    const { unknownMethods, refusesBlockHashes, dropRate, lagBlocks } = this.faults;
    if (unknownMethods.includes(method)) return { error: { code: -32_601, message: 'method not found' } };
    if (refusesBlockHashes && params.some((param) => typeof param === 'object' && param && 'blockHash' in param))
      return { error: { code: -32_602, message: 'invalid argument 1: hex string expected' } };
    if (method === 'eth_sendRawTransaction' && this.happens(dropRate)) {
      this.counts.dropped++;
      const { keccak256 } = await import('ethers');
      return { result: keccak256(params[0] as string) };
    }
    if (method === 'eth_getLogs') {
      const refusal = await this.refusalOfLogs(params[0] as LogFilter);
      if (refusal) return refusal;
    }
    return lagBlocks > 0 ? this.lagging(method, params) : this.forward(method, params);
  }

  private async refusalOfLogs({ fromBlock, toBlock }: LogFilter): Promise<Reply | null> {
    const { logRangeBlocks, logResults } = this.faults;
    if (Number(toBlock) - Number(fromBlock) + 1 > logRangeBlocks)
      return { error: { code: -32_600, message: `eth_getLogs is limited to a ${logRangeBlocks} block range` } };
    if (logResults === Number.POSITIVE_INFINITY) return null;
    const all = await this.forward('eth_getLogs', [{ fromBlock, toBlock }]);
    const tooMany = 'result' in all && (all.result as unknown[]).length > logResults;
    return tooMany ? { error: { code: -32_005, message: `query returned more than ${logResults} results` } } : null;
  }

  /** The chain as it was: what is newer does not exist. */
  private async lagging(method: string, params: readonly unknown[]): Promise<Reply> {
    this.counts.lagged++;
    const limit = Math.max(Number(await this.result('eth_blockNumber', [])) - this.faults.lagBlocks, 0);
    const head = `0x${limit.toString(16)}`;
    if (method === 'eth_blockNumber') return { result: head };
    if (method === 'eth_getBlockByNumber') {
      const [block, ...rest] = params;
      if (Number(block) > limit) return { result: null };
      return this.forward(method, [isTag(block) ? head : block, ...rest]);
    }
    if (method === 'eth_getLogs') {
      const filter = params[0] as LogFilter;
      if (Number(filter.fromBlock) > limit) return { result: [] };
      return this.forward(method, [{ ...filter, toBlock: Number(filter.toBlock) > limit ? head : filter.toBlock }]);
    }
    if (/^eth_get(?:TransactionReceipt|TransactionByHash|BlockByHash)$/.test(method)) {
      const reply = await this.forward(method, params);
      const found = 'result' in reply ? (reply.result as { blockNumber?: string; number?: string } | null) : null;
      return Number(found?.blockNumber ?? found?.number ?? 0) > limit ? { result: null } : reply;
    }
    return this.laggingState(method, params, limit);
  }

  private async laggingState(method: string, params: readonly unknown[], limit: number): Promise<Reply> {
    const position = BLOCK_POSITION[method];
    if (position === undefined) return this.forward(method, params);
    const block = params[position] ?? 'latest';
    if (isTag(block)) {
      const shown = [...params];
      shown[position] = `0x${limit.toString(16)}`;
      return this.forward(method, shown);
    }
    const { blockHash } = block as { blockHash?: string };
    const number = blockHash === undefined ? block : ((await this.blockOf(blockHash))?.number ?? limit + 1);
    if (Number(number) > limit) return { error: { code: -32_000, message: 'header not found' } };
    return this.forward(method, params);
  }

  private async blockOf(hash: string): Promise<{ number: string } | null> {
    return (await this.result('eth_getBlockByHash', [hash, false])) as { number: string } | null;
  }

  private async result(method: string, params: readonly unknown[]): Promise<unknown> {
    const reply = await this.forward(method, params);
    return 'result' in reply ? reply.result : null;
  }

  private async forward(method: string, params: readonly unknown[]): Promise<Reply> {
    const response = await fetch(this.target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result?: unknown; error?: never };
    return error === undefined ? { result: result ?? null } : { error };
  }

  private isTooMuch(): boolean {
    const second = Math.floor(Date.now() / 1000);
    this.inSecond = second === this.second ? this.inSecond + 1 : 1;
    this.second = second;
    return this.inSecond > this.faults.requestsPerSecond;
  }

  /** xorshift32. */
  private happens(share: number): boolean {
    if (share === 0) return false;
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32 < share;
  }
}

interface LogFilter {
  readonly fromBlock: string;
  readonly toBlock: string;
}

const isTag = (block: unknown): boolean => typeof block === 'string' && !block.startsWith('0x');
