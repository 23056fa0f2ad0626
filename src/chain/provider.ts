/** The connection to a chain, by one node or several: checked once, then without surprises. */
import { JsonRpcApiProvider, type JsonRpcError, type JsonRpcPayload, type JsonRpcResult, Network } from 'ethers';
import { NetworkError, UserError } from '../errors.js';
import { type Timestamp, timestamp } from '../units.js';
import { ChainClock } from './chain-clock.js';
import { isConsulted } from './consult.js';
import { displayUrl, Endpoint } from './endpoint.js';
import { Endpoints, type RawBlock } from './endpoints.js';
import { ChainEvents, type NodesHealth } from './events.js';
import { gather } from './gather.js';
import { NodeFailure } from './rpc-failure.js';

/** anvil's chain id, and that of every local development chain. */
export const DEVNET_CHAIN_ID = 31_337n;

/** Which block is read for decisions: the newest, or one that a proof-of-stake chain calls safe, or final. */
export const SAFETIES = ['latest', 'safe', 'finalized'] as const;
export type Safety = (typeof SAFETIES)[number];

export interface NodeOptions {
  /** JSON-RPC addresses, http or https: the first is asked first. */
  readonly url: string | readonly string[];
  /** The chain that the caller means; another one is refused. Any chain when left out. */
  readonly chainId?: bigint | number;
  /** For one request; 20 s when left out. */
  readonly timeoutMs?: number;
  /** How often to ask for new blocks; 20 ms on a devnet and 2 s elsewhere when left out. */
  readonly pollingMs?: number;
  /** `latest` when left out. */
  readonly safety?: Safety;
  readonly events?: ChainEvents;
  /** How often several nodes are compared; 10 s when left out, 1 s on a devnet. */
  readonly compareEveryMs?: number;
}

export interface BlockId {
  readonly number: number;
  readonly hash: string;
}

export interface ChainBlock extends BlockId {
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** A node whose head is older than this is not keeping up; its clock is not stretched any further. */
const LONGEST_LAG_SECONDS = 900;

/** An ethers provider with a fixed chain id, no cache, bounded requests, and errors that say what to try. */
export class Node extends JsonRpcApiProvider {
  constructor(
    private readonly endpoints: Endpoints,
    readonly pollingMs: number,
    readonly safety: Safety,
  ) {
    // No cache: a stale nonce would fail a transaction. Questions are put together for each node (batches.ts), not here.
    super(Network.from(endpoints.chainId), {
      staticNetwork: true,
      cacheTimeout: -1,
      pollingInterval: pollingMs,
      batchMaxCount: 1,
    });
    this._start();
  }

  private callsByHash = true;
  private readonly clock = new ChainClock();

  /** The address of the node that is asked first. */
  get url(): string {
    return this.endpoints.chosen.url;
  }

  get chainId(): bigint {
    return this.endpoints.chainId;
  }

  /** News of the nodes, and of the transactions that are sent by them. */
  get events(): ChainEvents {
    return this.endpoints.events;
  }

  get isDevnet(): boolean {
    return this.chainId === DEVNET_CHAIN_ID;
  }

  /** The block that calls are simulated on. Only anvil's pending block is sure to carry the time of the next block. */
  get simulationTag(): 'pending' | 'latest' {
    return this.isDevnet ? 'pending' : 'latest';
  }

  health(): NodesHealth {
    return this.endpoints.health();
  }

  /** Compares the nodes now; it is done by itself now and then. */
  async compare(): Promise<void> {
    await this.endpoints.compare();
  }

  /** The nodes must agree on this contract's code from now on. */
  watchCode(address: string): void {
    this.endpoints.watched.add(address);
  }

  /**
   * The chain's time now: that of the block that a transaction sent now would be in, as far as can be known. On a real chain it goes on by this
   * machine's clock between blocks, so that an idle chain does not stand still.
   */
  async now(): Promise<Timestamp> {
    if (this.isDevnet) {
      const pending = (await this.send('eth_getBlockByNumber', ['pending', false])) as { timestamp: string };
      return timestamp(pending.timestamp);
    }
    const latest = await this.latestBlock();
    const seconds = Date.now() / 1000;
    this.clock.saw(latest, seconds);
    const sinceLatest = Math.floor(this.clock.at(seconds)) - latest.timestamp;
    return timestamp(latest.timestamp + Math.min(Math.max(sinceLatest, 0), LONGEST_LAG_SECONDS));
  }

  async latestBlock(): Promise<ChainBlock> {
    return this.blockOf('latest');
  }

  /**
   * The block to read at for a decision: the newest of the chosen safety that two nodes know, where there are two, so that both can be
   * asked for what is in it.
   */
  async decisionBlock(): Promise<ChainBlock> {
    const common = this.endpoints.all.length < 2 ? null : await this.endpoints.commonBlock(this.safety);
    if (common?.block) return chainBlock(common.block);
    return this.blockOf(common === null ? this.safety : `0x${common.number.toString(16)}`);
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const [one] = [payload].flat() as [JsonRpcPayload];
    if (one.method === 'eth_sendRawTransaction') return [await this.endpoints.broadcast(one)];
    if (decides(one)) return [await this.endpoints.askTwo(one)];
    return [await (isConsulted(one) ? this.endpoints.consult(one) : this.endpoints.ask(one))];
  }

  override destroy(): void {
    this.endpoints.close();
    super.destroy();
  }

  /**
   * Calls a view in the state of one block: by the block's hash (EIP-1898), so that a reorganisation ends in an error and not in another
   * state; by its number at nodes that do not know that, and then `requireCanonical` must follow.
   */
  async callAt(to: string, data: string, { number, hash }: BlockId): Promise<string> {
    if (this.callsByHash) {
      try {
        return (await this.send('eth_call', [
          { to, data },
          { blockHash: hash, requireCanonical: true },
        ])) as string;
      } catch (error) {
        if (!isInvalidParams(error)) throw reorganised(error, number);
        this.callsByHash = false;
      }
    }
    return this.call({ to, data, blockTag: number });
  }

  /** @throws NetworkError when a block that was read at by its number is not in the chain any more. */
  async requireCanonical({ number, hash }: BlockId): Promise<void> {
    if (this.callsByHash) return;
    if ((await this.getBlock(number))?.hash !== hash) throw reorganised(null, number);
  }

  private async blockOf(tag: string): Promise<ChainBlock> {
    const block = (await this.send('eth_getBlockByNumber', [tag, false])) as RawBlock | null;
    if (!block?.hash)
      throw new NetworkError(
        'OG_NODE_NO_BLOCK',
        `The node at ${displayUrl(this.url)} has no ${tag.startsWith('0x') ? `block ${Number(tag)}` : `${tag} block`}.`,
      );
    return chainBlock(block);
  }
}

const chainBlock = ({ number, hash, timestamp }: RawBlock): ChainBlock => ({
  number: Number(number),
  hash,
  timestamp: Number(timestamp),
});

function isInvalidParams(error: unknown): boolean {
  const { info } = error as { info?: { error?: { code?: unknown } } };
  return info?.error?.code === -32_602;
}

/** A block that no node knows any more was reorganised away; other errors stay what they are. */
function reorganised(error: unknown, number: number): unknown {
  if (error !== null && !(error instanceof NodeFailure && error.failure === 'unknown')) return error;
  const message = `The chain reorganised at block ${number} while it was read.`;
  return new NetworkError('OG_REORG', message, 'Try again.', { cause: error });
}

/** Reads that decide something, and whose answer is the same at every node that knows the blocks they name. */
function decides({ method, params }: JsonRpcPayload): boolean {
  const [first, block] = params as readonly unknown[];
  if (method === 'eth_call') return typeof block === 'object';
  if (method === 'eth_getLogs') return (first as { toBlock?: string }).toBlock?.startsWith('0x') ?? false;
  if (method === 'eth_getBalance' || method === 'eth_getTransactionCount') return String(block).startsWith('0x');
  return method === 'eth_getBlockByNumber' && String(first).startsWith('0x');
}

/**
 * Connects to the nodes and checks that they are on the chain that the caller means. One of several may be away; it is used from when
 * it answers.
 *
 * @throws NetworkError when nobody answers; UserError when an address is unusable or the chain is another one.
 */
export async function connectNode(options: NodeOptions): Promise<Node> {
  const urls = [options.url].flat().map(usableUrl);
  const all = urls.map((url) => new Endpoint(url, options.timeoutMs ?? 20_000));
  const chainId = await chainIdOf(all, options.chainId === undefined ? null : BigInt(options.chainId));
  const devnet = chainId === DEVNET_CHAIN_ID;
  const compareEveryMs = options.compareEveryMs ?? (devnet ? 1_000 : 10_000);
  const endpoints = new Endpoints(all, chainId, options.events ?? new ChainEvents(), compareEveryMs);
  if (all.length > 1) await endpoints.compare();
  return new Node(endpoints, options.pollingMs ?? (devnet ? 20 : 2_000), options.safety ?? 'latest');
}

/** The chain that was asked for, or that of the first node that answers. */
async function chainIdOf(all: readonly Endpoint[], wanted: bigint | null): Promise<bigint> {
  const asking = new Map<Endpoint, Promise<bigint>>();
  const ask = (endpoint: Endpoint): Promise<bigint> => {
    const asked = asking.get(endpoint) ?? ownChainId(endpoint);
    asking.set(endpoint, asked);
    return asked;
  };
  const { good, failures } = await gather(all, {
    wanted: 1,
    enough: 1,
    ask,
    slowAfterMs: ({ slowAfterMs }) => slowAfterMs,
  });
  // The one that is meant may come later in the order, or be slow.
  if (wanted !== null && good[0]?.answer !== wanted) await Promise.allSettled(all.map(ask));
  const ids = all.flatMap(({ chainId }) => (chainId === null ? [] : [chainId]));
  const [first] = ids;
  if (first === undefined) throw failures.find(({ node }) => node === all[0])?.error ?? failures[0]?.error;
  if (wanted === null || ids.includes(wanted)) return wanted ?? first;
  const answering = all.find(({ chainId }) => chainId === first) as Endpoint;
  throw new UserError(
    'OG_WRONG_CHAIN',
    `The node at ${answering.address} is on chain ${first}, but chain ${wanted} was asked for.`,
    'Give the address of a node on the other chain (--rpc), or the chain id that you mean (--chain-id).',
  );
}

async function ownChainId(endpoint: Endpoint): Promise<bigint> {
  const alone = new Endpoints([endpoint], 0n, new ChainEvents(), 0);
  const answer = await alone.ask({ id: 1, jsonrpc: '2.0', method: 'eth_chainId', params: [] });
  if ('result' in answer && /^0x[0-9a-f]+$/i.test(String(answer.result))) {
    endpoint.chainId = BigInt(answer.result as string);
    return endpoint.chainId;
  }
  throw new NetworkError(
    'OG_NOT_A_NODE',
    `What answers at ${endpoint.address} is not an Ethereum node: it does not know eth_chainId.`,
    'Check the address (--rpc or OG_RPC_URL).',
  );
}

function usableUrl(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new UserError(
      'OG_BAD_URL',
      `"${url}" is not an address of a node.`,
      'Give one such as http://127.0.0.1:8545.',
    );
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    throw new UserError(
      'OG_BAD_URL',
      `og speaks JSON-RPC over http and https, not ${parsed.protocol.slice(0, -1)} (${displayUrl(url)}).`,
      'Give one such as http://127.0.0.1:8545.',
    );
  return url;
}
