/** One JSON-RPC address: asked in time, and judged by how it answers. */
import type { JsonRpcError, JsonRpcPayload, JsonRpcResult } from 'ethers';
import { Batches, BatchRefused } from './batches.js';
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
/** So many times its usual time to answer, and not less than the second, until a node counts as slow. */
const SLOW_LATENCIES = 4;
const LEAST_SLOW_MS = 300;
const USUAL_LATENCY_MS = 250;

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
  private readonly batches = new Batches((payloads) => this.exchange(payloads));

  constructor(
    readonly url: string,
    readonly timeoutMs: number,
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
    const answer = await this.batches.ask(payload);
    this.learn(payload, answer);
    return answer;
  }

  /** When it has not answered after this, another one is asked too. */
  get slowAfterMs(): number {
    const usual = SLOW_LATENCIES * (this.latencyMs ?? USUAL_LATENCY_MS);
    return Math.min(Math.max(usual, LEAST_SLOW_MS), this.timeoutMs / 2);
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

  /** One HTTP request. */
  private async exchange(payloads: readonly JsonRpcPayload[]): Promise<readonly (Answer | NodeFailure)[]> {
    this.requests++;
    const startedAt = performance.now();
    try {
      const answers = await this.post(payloads);
      const failure = answers.find((each) => each instanceof NodeFailure);
      if (answers.some((each) => !(each instanceof NodeFailure))) this.answered(performance.now() - startedAt);
      if (failure) this.failed(failure);
      return answers;
    } catch (error) {
      if (error instanceof BatchRefused) throw error;
      const failure = error instanceof NodeFailure ? error : requestFailure(error, this.address);
      this.failed(failure);
      throw failure;
    }
  }

  private async post(payloads: readonly JsonRpcPayload[]): Promise<(Answer | NodeFailure)[]> {
    const questions = payloads.map(({ method, params }, i) => ({ jsonrpc: '2.0', id: i + 1, method, params }));
    const response = await fetch(this.requestUrl, {
      method: 'POST',
      headers: this.headers,
      body: JSON.stringify(questions.length === 1 ? questions[0] : questions),
      signal: AbortSignal.timeout(this.timeoutMs),
    });
    const said = parsed(await response.text());
    // Some nodes put an error's JSON behind a status such as 400.
    const explained = said !== null && (Array.isArray(said) || 'error' in said);
    if (!response.ok && !(explained && response.status < 429)) {
      if (payloads.length > 1 && response.status >= 400 && response.status < 429) throw new BatchRefused();
      throw statusFailure(response.status, response.headers.get('retry-after'), this.address);
    }
    if (said === null) throw new SyntaxError('no JSON-RPC answer');
    if (payloads.length > 1) this.requireBatch(said);
    const answers = [said].flat();
    return payloads.map((payload, i) => {
      const answer = payloads.length === 1 ? answers[0] : answers.find(({ id }) => id === i + 1);
      if (!answer || !('result' in answer || 'error' in answer))
        return requestFailure(new SyntaxError('no JSON-RPC answer'), this.address);
      const failure = 'error' in answer ? answerFailure(answer.error, payload.method, this.address) : null;
      return failure ?? { ...answer, id: payload.id };
    });
  }

  /** A node that takes no batches, or none of this size, answers with one error. */
  private requireBatch(said: Said): void {
    const [first, ...others] = [said].flat();
    if (Array.isArray(said) && (others.length > 0 || typeof first?.id === 'number')) return;
    const failure = first && 'error' in first ? answerFailure(first.error, 'batch', this.address) : null;
    throw failure ?? new BatchRefused();
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

type Said = Answer | Answer[];

/** Null when it is not an answer of JSON-RPC. */
function parsed(text: string): Said | null {
  try {
    const value = JSON.parse(text) as Said;
    if (Array.isArray(value)) return value;
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
