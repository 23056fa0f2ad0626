/** What went wrong between us and a node, as a sentence. */
import { NetworkError } from '../errors.js';

/** A node that gave no answer to a request, or none that says anything about what was asked. */
export class NodeFailure extends NetworkError {
  constructor(
    /** `overload`: too many requests; `timeout`: silence; `unknown`: it does not have the block or state that was asked for. */
    readonly failure: 'unreachable' | 'timeout' | 'overload' | 'unknown',
    message: string,
    options: {
      readonly hint?: string;
      readonly cause?: unknown;
      /** Asking the same node again soon may help. */
      readonly mayPass?: boolean;
      /** It asked not to be asked for so long. */
      readonly retryAfterMs?: number;
    } = {},
  ) {
    super('OG_NODE_UNREACHABLE', message, options.hint ?? HINT, { cause: options.cause });
    this.mayPass = options.mayPass ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  readonly mayPass: boolean;
  readonly retryAfterMs: number | null;
}

const HINT = 'Check the address (--rpc or OG_RPC_URL) and that the node runs; `og devnet` starts one on this machine.';

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  ETIMEDOUT: 'it did not answer in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};
const PASSING = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ETIMEDOUT', 'EAI_AGAIN']);

const sentence = (address: string, reason: string): string => `The node at ${address} could not be asked: ${reason}.`;

/** What `fetch` threw. @param address the node's, fit to be shown. */
export function requestFailure(error: unknown, address: string): NodeFailure {
  if ((error as Error).name === 'TimeoutError')
    return new NodeFailure('timeout', sentence(address, 'it did not answer in time'), { cause: error, mayPass: true });
  if (error instanceof SyntaxError)
    return new NodeFailure('unreachable', sentence(address, 'what it answers is not JSON'), {
      cause: error,
      mayPass: true,
    });
  const code = codeOf(error);
  const reason = SYSTEM_REASONS[code] ?? (error as Error).message;
  return new NodeFailure('unreachable', sentence(address, reason), { cause: error, mayPass: PASSING.has(code) });
}

/** `fetch` wraps the system's error; where a name has several addresses, twice. */
function codeOf(error: unknown): string {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: readonly unknown[] };
  if (typeof code === 'string') return code;
  const inner = cause ?? errors?.[0];
  return inner === undefined ? '' : codeOf(inner);
}

/** An HTTP status that is not 200. @param retryAfter the header of that name. */
export function statusFailure(status: number, retryAfter: string | null, address: string): NodeFailure {
  const message = sentence(address, `it answered with HTTP status ${status}`);
  if (status !== 429 && status !== 503) return new NodeFailure('unreachable', message, { mayPass: status >= 500 });
  const retryAfterMs = retryAfter === null ? {} : { retryAfterMs: delayOf(retryAfter) };
  return new NodeFailure(status === 429 ? 'overload' : 'unreachable', message, { mayPass: true, ...retryAfterMs });
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function delayOf(retryAfter: string): number {
  const ms = /^\d+$/.test(retryAfter.trim()) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(ms) ? Math.max(ms, 0) : 0;
}

export interface RpcError {
  readonly code: number;
  readonly message?: string;
}

const OVERLOADED = /rate.?limit|too many requests|request.* exceed|compute units|throughput|capacity|try again later/i;
const UNKNOWN_STATE =
  /header not found|unknown block|block.*not found|resource not found|BlockOutOfRange|missing trie node|state.*(?:not available|is not available|unavailable)|pruned|hash.*not (?:currently )?canonical|historical state/i;
const BROKEN = /internal error|timeout|timed out|temporarily unavailable|upstream|bad gateway|service unavailable/i;

/** The error says something about the node rather than about what was asked; null when it is an answer. */
export function answerFailure({ code, message = '' }: RpcError, method: string, address: string): NodeFailure | null {
  if (method === 'eth_sendRawTransaction') return null;
  const logs = method === 'eth_getLogs';
  const overloaded = (code === -32_005 && !logs) || code === -32_097 || code === 429;
  if (overloaded || (OVERLOADED.test(message) && !(logs && tooManyLogs(message))))
    return new NodeFailure('overload', sentence(address, `it says "${message}"`), { mayPass: true });
  if (UNKNOWN_STATE.test(message))
    return new NodeFailure('unknown', `The node at ${address} does not have what was asked for: ${message}.`, {
      hint: 'It lags behind, or has forgotten old states: give another address too (--rpc).',
    });
  if (BROKEN.test(message) && !/revert/i.test(message) && !logs)
    return new NodeFailure('unreachable', sentence(address, `it says "${message}"`), { mayPass: true });
  return null;
}

/** Providers say in many ways that a range of blocks, or what is in it, is too large. */
const tooManyLogs = (message: string): boolean => /range|block|result|log|response|size/i.test(message);
