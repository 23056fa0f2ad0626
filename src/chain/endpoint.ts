/** One JSON-RPC address: asked in time, and judged by how it answers. */
import type { JsonRpcError, JsonRpcPayload, JsonRpcResult } from 'ethers';
import type { NodeHealth, NodeState } from './events.js';
import { answerFailure, NodeFailure, requestFailure, statusFailure } from './rpc-failure.js';

export type Answer = JsonRpcResult | JsonRpcError;

/** After so many failures in a row a node is left alone for a while, unless there is no other. */
const FAILURES_TO_REST = 2;
const FIRST_REST_MS = 1_000;
const LAST_REST_MS = 60_000;
/** A wait that a node asks for is kept, up to this. */
const LONGEST_RETRY_AFTER_MS = 300_000;
/** What an overloaded node is given when it does not say how long. */
const OVERLOAD_REST_MS = 2_000;
/** Share of the newest answer in the average. */
const LATENCY_WEIGHT = 0.2;

export class Endpoint {
  /** Fit to be shown: an address often holds somebody's API key. */
  readonly address: string;
  /** Null until it has said which chain it is on. */
  chainId: bigint | null = null;
  /** The newest block that it has told of. */
  head: number | null = null;
  /** It was found on another chain, or on another history of this one. */
  disagrees = false;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly requestUrl: string;
  private requests = 0;
  private errors = 0;
  private rateLimited = 0;
  private failures = 0;
  private answeredAtMs = Number.NEGATIVE_INFINITY;
  private restUntilMs = 0;
  private pausedUntilMs = 0;
  private doubtedUntilMs = 0;
  private latencyMs: number | null = null;
  private lastError: string | null = null;

  constructor(
    readonly url: string,
    private readonly timeoutMs: number,
  ) {
    this.address = displayUrl(url);
    const parsed = new URL(url);
    const { username, password } = parsed;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.headers = { 'content-type': 'application/json', ...(username || password ? { authorization } : {}) };
    parsed.username = '';
    parsed.password = '';
    this.requestUrl = parsed.href;
  }

  /** @throws NodeFailure when it gives no answer that says anything about what was asked. */
  async ask(payload: JsonRpcPayload): Promise<Answer> {
    this.requests++;
    const startedAt = performance.now();
    try {
      const answer = await this.request(payload);
      this.answered(performance.now() - startedAt);
      this.learn(payload, answer);
      return answer;
    } catch (error) {
      const failure = error instanceof NodeFailure ? error : requestFailure(error, this.address);
      this.failed(failure);
      throw failure;
    }
  }

  /** It works, if not always. */
  answeredWithin(ms: number): boolean {
    return Date.now() - this.answeredAtMs <= ms;
  }

  /** It has asked not to be asked for so long. */
  get pausedForMs(): number {
    return Math.max(this.pausedUntilMs - Date.now(), 0);
  }

  /** More than half of the others contradict it: it is not asked for a while. */
  doubt(forMs: number): void {
    this.doubtedUntilMs = Date.now() + forMs;
  }

  /** @param commonHead the head that the nodes have in common, or null when that is not known. */
  state(commonHead: number | null, mostLagBlocks: number): NodeState {
    const now = Date.now();
    if (this.disagrees || now < this.doubtedUntilMs) return 'disagrees';
    if (now < this.pausedUntilMs) return 'resting';
    if (now < this.restUntilMs) return 'failing';
    if (this.chainId === null) return 'unverified';
    return (this.lag(commonHead) ?? 0) > mostLagBlocks ? 'lagging' : 'ok';
  }

  lag(commonHead: number | null): number | null {
    return commonHead === null || this.head === null ? null : Math.max(commonHead - this.head, 0);
  }

  health(state: NodeState, chosen: boolean, commonHead: number | null): NodeHealth {
    const { address, head, requests, errors, rateLimited, latencyMs, lastError } = this;
    const lagBlocks = this.lag(commonHead);
    return { address, state, chosen, head, lagBlocks, requests, errors, rateLimited, latencyMs, lastError };
  }

  private async request(payload: JsonRpcPayload): Promise<Answer> {
    const { method, params, id } = payload;
    const response = await fetch(this.requestUrl, {
      method: 'POST',
      headers: this.headers,
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      signal: AbortSignal.timeout(this.timeoutMs),
    });
    // Some nodes put an error's JSON behind a status such as 400.
    const text = await response.text();
    const answer = parsed(text);
    if (!response.ok && !(answer && 'error' in answer && response.status < 429))
      throw statusFailure(response.status, response.headers.get('retry-after'), this.address);
    if (!answer) throw new SyntaxError('no JSON-RPC answer');
    const failure = 'error' in answer ? answerFailure(answer.error, method, this.address) : null;
    if (failure) throw failure;
    return { ...answer, id };
  }

  private answered(ms: number): void {
    this.latencyMs = this.latencyMs === null ? ms : this.latencyMs + LATENCY_WEIGHT * (ms - this.latencyMs);
    this.failures = 0;
    this.answeredAtMs = Date.now();
    this.restUntilMs = 0;
  }

  private learn({ method, params }: JsonRpcPayload, answer: Answer): void {
    if (!('result' in answer)) return;
    if (method === 'eth_blockNumber') this.head = Number(answer.result);
    const [block] = params as readonly unknown[];
    if (method !== 'eth_getBlockByNumber' || block !== 'latest') return;
    const { number } = (answer.result ?? {}) as { number?: string };
    if (number !== undefined) this.head = Number(number);
  }

  private failed(failure: NodeFailure): void {
    this.errors++;
    this.lastError = failure.message;
    // A node that lacks one block answers well otherwise.
    if (failure.failure === 'unknown') return;
    this.failures++;
    if (failure.failure === 'overload') this.rateLimited++;
    const pauseMs = failure.retryAfterMs ?? (failure.failure === 'overload' ? OVERLOAD_REST_MS : 0);
    this.pausedUntilMs = Math.max(this.pausedUntilMs, Date.now() + Math.min(pauseMs, LONGEST_RETRY_AFTER_MS));
    if (this.failures < FAILURES_TO_REST) return;
    this.restUntilMs = Date.now() + Math.min(FIRST_REST_MS * 2 ** (this.failures - FAILURES_TO_REST), LAST_REST_MS);
  }
}

/** Null when it is not an answer of JSON-RPC. */
function parsed(text: string): Answer | null {
  try {
    const value = JSON.parse(text) as Answer;
    return typeof value === 'object' && value !== null && ('result' in value || 'error' in value) ? value : null;
  } catch {
    return null;
  }
}

/** Without path, query and credentials, which often are somebody's API key. */
export function displayUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname.length > 1 ? '/…' : ''}`;
}
