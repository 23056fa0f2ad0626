/** What went wrong between us and a node, as a sentence. */
import { isError } from 'ethers';
import { NetworkError, OgError } from '../errors.js';

export interface RpcFailure {
  readonly error: Error;
  /** Trying again at once may help. */
  readonly mayPass: boolean;
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ETIMEDOUT: 'it did not answer in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};
const PASSING = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']);

/** @param address the node's, fit to be shown. */
export function rpcFailure(error: unknown, address: string): RpcFailure {
  if (error instanceof OgError) return { error, mayPass: false };
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code in SYSTEM_REASONS)
    return { error: unreachable(address, SYSTEM_REASONS[code] as string, error), mayPass: PASSING.has(code) };
  if (isError(error, 'TIMEOUT'))
    return { error: unreachable(address, 'it did not answer in time', error), mayPass: true };
  if (isError(error, 'SERVER_ERROR')) {
    const status = error.response?.statusCode ?? 0;
    const reason = status === 0 ? 'it gave no answer' : `it answered with HTTP status ${status}`;
    return { error: unreachable(address, reason, error), mayPass: status >= 500 || status === 429 };
  }
  if (error instanceof SyntaxError || isError(error, 'UNSUPPORTED_OPERATION'))
    return { error: unreachable(address, 'what it answers is not JSON', error), mayPass: false };
  return { error: error instanceof Error ? error : new Error(String(error)), mayPass: false };
}

function unreachable(address: string, reason: string, cause: unknown): NetworkError {
  const hint =
    'Check the address (--rpc-url or OG_RPC_URL) and that the node runs; `og devnet` starts one on this machine.';
  return new NetworkError('OG_NODE_UNREACHABLE', `The node at ${address} could not be asked: ${reason}.`, hint, {
    cause,
  });
}
