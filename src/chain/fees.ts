/** What to offer for gas (EIP-1559), and how much more when it is not taken. */
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

/** What gas costs now, and what is offered for it. */
export interface FeeMarket {
  readonly fees: Fees;
  /** Null on a chain without EIP-1559. */
  readonly baseFeeWei: bigint | null;
  /** The limit is below what the next block takes: the offer may have to wait. */
  readonly limited: boolean;
}

const GWEI = 10n ** 9n;
const HISTORY_BLOCKS = 10;
/** The base fee can rise by an eighth a block: doubled, an offer is good for six full blocks. */
const BASE_FEE_HEADROOM = 2n;
/** A tip above this is only believed as far as the base fee goes, whoever says that it is usual. */
const USUAL_TIP_WEI = 3n * GWEI;

const least = (x: bigint, y: bigint | undefined): bigint => (y !== undefined && y < x ? y : x);
const most = (x: bigint, y: bigint): bigint => (x > y ? x : y);

/** @param limit most wei for a unit of gas. */
export async function feesNow(node: Node, limit?: bigint): Promise<FeeMarket> {
  const history = await feeHistory(node);
  if (!history) return legacyFees(node, limit);
  const { baseFeeWei, tipWei } = history;
  const offer = baseFeeWei * BASE_FEE_HEADROOM + tipWei;
  return {
    fees: dynamic(offer, tipWei, limit),
    baseFeeWei,
    limited: limit !== undefined && limit < baseFeeWei + tipWei,
  };
}

async function legacyFees(node: Node, limit?: bigint): Promise<FeeMarket> {
  const price = BigInt((await node.send('eth_gasPrice', [])) as string);
  const gasPrice = least(price, limit);
  return {
    fees: { maxFeePerGas: gasPrice, fields: { type: 0, gasPrice } },
    baseFeeWei: null,
    limited: gasPrice < price,
  };
}

interface FeeHistory {
  readonly baseFeePerGas?: readonly string[];
  readonly reward?: readonly (readonly string[])[];
}

/** The next block's base fee, and the median of the tips that were usual. Null on a chain without a base fee. */
async function feeHistory(node: Node): Promise<{ baseFeeWei: bigint; tipWei: bigint } | null> {
  const block = `0x${HISTORY_BLOCKS.toString(16)}`;
  const { baseFeePerGas, reward } = await asked(node, block);
  const next = baseFeePerGas?.at(-1);
  if (next === undefined || baseFeePerGas?.every((fee) => BigInt(fee) === 0n)) return null;
  const baseFeeWei = BigInt(next);
  const tips = (reward ?? []).map(([tip]) => BigInt(tip ?? 0)).sort((x, y) => (x < y ? -1 : 1));
  const usual = tips[Math.floor(tips.length / 2)] ?? 0n;
  const tipWei = most(least(usual, most(USUAL_TIP_WEI, baseFeeWei)), least(GWEI / 10n, baseFeeWei / 10n + 1n));
  return { baseFeeWei, tipWei };
}

async function asked(node: Node, blocks: string): Promise<FeeHistory> {
  try {
    return (await node.send('eth_feeHistory', [blocks, 'latest', [50]])) as FeeHistory;
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    return {};
  }
}

function dynamic(maxFee: bigint, priorityFee: bigint, limit?: bigint): Fees {
  const maxFeePerGas = least(maxFee, limit);
  return { maxFeePerGas, fields: { type: 2, maxFeePerGas, maxPriorityFeePerGas: least(priorityFee, maxFeePerGas) } };
}

const MINUTE = 60;

/** How much more is offered, in percent, for a transaction that must be mined in so many seconds. */
export function urgencyPercent(secondsLeft: number | null): bigint {
  if (secondsLeft === null || secondsLeft > 60 * MINUTE) return 25n;
  if (secondsLeft > 10 * MINUTE) return 50n;
  return secondsLeft > 2 * MINUTE ? 100n : 300n;
}

/** How long an offer is given: 45 s at most, and an eighth of the time that is left, so that there is time to raise it several times. */
export function patienceMs(secondsLeft: number | null, mostMs: number, leastMs: number): number {
  if (secondsLeft === null) return mostMs;
  return Math.min(mostMs, Math.max((secondsLeft * 1000) / 8, leastMs));
}

/**
 * A higher offer for the same nonce; null when the limit does not allow one that nodes take (an eighth more, at least).
 *
 * @param market what gas costs now: after a spike it may be more than the raise alone.
 */
export function raised({ fields }: Fees, market: Fees, percent: bigint, limit?: bigint): Fees | null {
  const more = (x: bigint): bigint => x + (x * percent) / 100n + 1n;
  const enough = (before: bigint, now: bigint): boolean => now - before >= before / 8n && now > before;
  if (fields.type === 0) {
    const gasPrice = least(most(more(fields.gasPrice), market.maxFeePerGas), limit);
    return enough(fields.gasPrice, gasPrice) ? { maxFeePerGas: gasPrice, fields: { type: 0, gasPrice } } : null;
  }
  const tip = market.fields.type === 2 ? market.fields.maxPriorityFeePerGas : 0n;
  const maxFee = most(more(fields.maxFeePerGas), market.maxFeePerGas);
  const fees = dynamic(maxFee, most(more(fields.maxPriorityFeePerGas), tip), limit);
  return enough(fields.maxFeePerGas, fees.maxFeePerGas) ? fees : null;
}
