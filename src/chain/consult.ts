/** Questions that every node answers for itself, and what is made of the answers: no single node can pull them far. Pure. */
import type { JsonRpcPayload } from 'ethers';
import type { Answer } from './endpoint.js';

const CONSULTED = new Set(['eth_getTransactionCount', 'eth_feeHistory', 'eth_gasPrice']);

export const isConsulted = ({ method }: JsonRpcPayload): boolean => CONSULTED.has(method);

/**
 * Of counts and prices the second highest of three or more, so that one node that makes its own up does not matter; of two the higher:
 * one that lags says too little. A node that answers with an error is only heard when all do.
 *
 * @param answers not empty.
 */
export function agreedOn(payload: JsonRpcPayload, answers: readonly Answer[]): Answer {
  const given = answers.filter((answer) => 'result' in answer && answer.result !== null);
  const ranked = given
    .map((answer) => ({ answer, size: sizeOf(payload, answer) }))
    .sort((x, y) => (x.size === y.size ? 0 : x.size > y.size ? -1 : 1));
  return (ranked[ranked.length < 3 ? 0 : 1]?.answer ?? answers[0]) as Answer;
}

/** The number that answers are compared by: of a history of fees, what the next block takes. */
function sizeOf({ method }: JsonRpcPayload, answer: Answer): bigint {
  const { result } = answer as { result: unknown };
  if (method !== 'eth_feeHistory') return numberFrom(result);
  const { baseFeePerGas } = result as { baseFeePerGas?: readonly unknown[] };
  return numberFrom(baseFeePerGas?.at(-1));
}

function numberFrom(value: unknown): bigint {
  return typeof value === 'string' && /^0x[0-9a-f]+$/i.test(value) ? BigInt(value) : 0n;
}
