/** The connection to a node: checked once, then without surprises. */
import { FetchRequest, type JsonRpcPayload, JsonRpcProvider, type JsonRpcResult, Network } from 'ethers';
import { NetworkError, UserError } from '../errors.js';
import { type Timestamp, timestamp } from '../units.js';
import { rpcFailure } from './rpc-failure.js';

/** anvil's chain id, and that of every local development chain. */
export const DEVNET_CHAIN_ID = 31_337n;

export interface NodeOptions {
  /** The node's JSON-RPC address, http or https. */
  readonly url: string;
  /** The chain that the caller means; another one is refused. Any chain when left out. */
  readonly chainId?: bigint | number;
  /** For one request; 20 s when left out. */
  readonly timeoutMs?: number;
  /** How often to ask for new blocks; 20 ms on a devnet and 2 s elsewhere when left out. */
  readonly pollingMs?: number;
}

/** Requests that fail on the way are sent again this often. All of ours may be: a signed transaction is the same every time. */
const RETRIES = 2;
const RETRY_PAUSE_MS = 300;
/** A node whose head is older than this is not keeping up; its clock is not stretched any further. */
const LONGEST_LAG_SECONDS = 900;

/** An ethers provider with a fixed chain id, no cache, bounded requests, and errors that say what to try. */
export class Node extends JsonRpcProvider {
  constructor(
    readonly url: string,
    readonly chainId: bigint,
    timeoutMs: number,
    pollingMs: number,
  ) {
    const request = new FetchRequest(url);
    request.timeout = timeoutMs;
    // Batches of one and no cache: a stale nonce would fail a transaction, and public nodes limit batches.
    super(request, Network.from(chainId), {
      staticNetwork: true,
      cacheTimeout: -1,
      pollingInterval: pollingMs,
      batchMaxCount: 1,
    });
    this.pollingMs = pollingMs;
  }

  readonly pollingMs: number;

  get isDevnet(): boolean {
    return this.chainId === DEVNET_CHAIN_ID;
  }

  /** The block that calls are simulated on. Only anvil's pending block is sure to carry the time of the next block. */
  get simulationTag(): 'pending' | 'latest' {
    return this.isDevnet ? 'pending' : 'latest';
  }

  /**
   * The chain's time now: that of the block that a transaction sent now would be in, as far as can be known. On a real chain it is
   * the latest block's time plus what has passed since by this machine's clock, so that an idle chain does not stand still.
   */
  async now(): Promise<Timestamp> {
    if (this.isDevnet) {
      const pending = (await this.send('eth_getBlockByNumber', ['pending', false])) as { timestamp: string };
      return timestamp(pending.timestamp);
    }
    const latest = await this.latestBlock();
    const lag = Math.floor(Date.now() / 1000) - latest.timestamp;
    return timestamp(latest.timestamp + Math.min(Math.max(lag, 0), LONGEST_LAG_SECONDS));
  }

  async latestBlock(): Promise<{ number: number; hash: string; timestamp: number }> {
    const block = await this.getBlock('latest');
    if (!block?.hash)
      throw new NetworkError('OG_NODE_NO_BLOCK', `The node at ${displayUrl(this.url)} has no latest block.`);
    return { number: block.number, hash: block.hash, timestamp: block.timestamp };
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await super._send(payload);
      } catch (error) {
        const failure = rpcFailure(error, displayUrl(this.url));
        if (!failure.mayPass || attempt === RETRIES || this.destroyed) throw failure.error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS * 2 ** attempt));
      }
    }
  }
}

/**
 * Connects to a node and checks that it is on the chain that the caller means.
 *
 * @throws NetworkError when nobody answers; UserError when the address is unusable or the chain is another one.
 */
export async function connectNode(options: NodeOptions): Promise<Node> {
  const url = usableUrl(options.url);
  const timeoutMs = options.timeoutMs ?? 20_000;
  const chainId = await chainIdOf(url, timeoutMs);
  if (options.chainId !== undefined && BigInt(options.chainId) !== chainId)
    throw new UserError(
      'OG_WRONG_CHAIN',
      `The node at ${displayUrl(url)} is on chain ${chainId}, but chain ${options.chainId} was asked for.`,
      'Give the address of a node on the other chain (--rpc-url), or the chain id that you mean (--chain-id).',
    );
  return new Node(url, chainId, timeoutMs, options.pollingMs ?? (chainId === DEVNET_CHAIN_ID ? 20 : 2_000));
}

async function chainIdOf(url: string, timeoutMs: number): Promise<bigint> {
  const probe = new Node(url, 0n, timeoutMs, 1_000);
  try {
    return BigInt((await probe.send('eth_chainId', [])) as string);
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    throw new NetworkError(
      'OG_NOT_A_NODE',
      `What answers at ${displayUrl(url)} is not an Ethereum node: it does not know eth_chainId.`,
      'Check the address (--rpc-url or OG_RPC_URL).',
      { cause: error },
    );
  } finally {
    probe.destroy();
  }
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

/** Without path, query and credentials, which often are somebody's API key. */
export function displayUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname.length > 1 ? '/…' : ''}`;
}
