/** What was spent, by kind of transaction. */
import type { Hex } from '../commit/hash.js';

/** A transaction that was mined. */
export interface Spent {
  readonly kind: string;
  readonly txHash: Hex;
  readonly gasUsed: bigint;
  /** Price of one unit of gas that was paid. */
  readonly gasPriceWei: bigint;
  readonly calldataBytes: number;
}

export interface GasSummary {
  readonly transactions: number;
  readonly gasUsed: bigint;
  readonly feeWei: bigint;
  readonly calldataBytes: number;
}

/** Transactions that are kept one by one; of older ones only the sums are. */
const ENTRIES = 1_000;
const NOTHING: GasSummary = { transactions: 0, gasUsed: 0n, feeWei: 0n, calldataBytes: 0 };

export class GasMeter {
  private newest: readonly Spent[] = [];
  private readonly sums = new Map<string, GasSummary>();

  /** The newest ones, oldest first. */
  get entries(): readonly Spent[] {
    return this.newest;
  }

  record(spent: Spent): void {
    const { kind, gasUsed, gasPriceWei, calldataBytes } = spent;
    this.newest = [...this.newest, spent].slice(-ENTRIES);
    const one: GasSummary = { transactions: 1, gasUsed, feeWei: gasUsed * gasPriceWei, calldataBytes };
    this.sums.set(kind, sum(this.sums.get(kind) ?? NOTHING, one));
  }

  get total(): GasSummary {
    return [...this.sums.values()].reduce(sum, NOTHING);
  }

  byKind(): Record<string, GasSummary> {
    return Object.fromEntries(this.sums);
  }
}

function sum(x: GasSummary, y: GasSummary): GasSummary {
  return {
    transactions: x.transactions + y.transactions,
    gasUsed: x.gasUsed + y.gasUsed,
    feeWei: x.feeWei + y.feeWei,
    calldataBytes: x.calldataBytes + y.calldataBytes,
  };
}
