/** What to offer for gas. */
import { NetworkError } from '../errors.js';
import type { Node } from './provider.js';

export interface Fees {
  /** The most that a unit of gas can cost. */
  readonly maxFeePerGas: bigint;
  /** As a transaction carries them. */
  readonly fields:
    | { readonly type: 2; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
    | { readonly type: 0; readonly gasPrice: bigint };
}

const least = (x: bigint, y: bigint | undefined): bigint => (y !== undefined && y < x ? y : x);

export async function feesNow(node: Node, limit?: bigint): Promise<Fees> {
  const { maxFeePerGas, maxPriorityFeePerGas, gasPrice } = await node.getFeeData();
  if (maxFeePerGas !== null && maxPriorityFeePerGas !== null) return dynamic(maxFeePerGas, maxPriorityFeePerGas, limit);
  if (gasPrice === null)
    throw new NetworkError('OG_NO_GAS_PRICE', 'The node does not say what gas costs.', 'Use another node (--rpc-url).');
  const price = least(gasPrice, limit);
  return { maxFeePerGas: price, fields: { type: 0, gasPrice: price } };
}

function dynamic(maxFee: bigint, priorityFee: bigint, limit?: bigint): Fees {
  const maxFeePerGas = least(maxFee, limit);
  return { maxFeePerGas, fields: { type: 2, maxFeePerGas, maxPriorityFeePerGas: least(priorityFee, maxFeePerGas) } };
}

/** A quarter more, which every node takes as a replacement; null when the limit does not allow one (an eighth, at least). */
export function raised({ fields }: Fees, limit?: bigint): Fees | null {
  const more = (x: bigint): bigint => x + x / 4n + 1n;
  const enough = (before: bigint, now: bigint): boolean => now - before >= before / 8n;
  if (fields.type === 0) {
    const gasPrice = least(more(fields.gasPrice), limit);
    return enough(fields.gasPrice, gasPrice) ? { maxFeePerGas: gasPrice, fields: { type: 0, gasPrice } } : null;
  }
  const fees = dynamic(more(fields.maxFeePerGas), more(fields.maxPriorityFeePerGas), limit);
  return enough(fields.maxFeePerGas, fees.maxFeePerGas) ? fees : null;
}
