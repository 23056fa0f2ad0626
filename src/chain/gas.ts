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

export class GasMeter {
  readonly entries: Spent[] = [];

  record(spent: Spent): void {
    this.entries.push(spent);
  }

  get total(): GasSummary {
    return summary(this.entries);
  }

  byKind(): Record<string, GasSummary> {
    const kinds = [...new Set(this.entries.map(({ kind }) => kind))];
    return Object.fromEntries(
      kinds.map((kind) => [kind, summary(this.entries.filter((spent) => spent.kind === kind))]),
    );
  }
}

function summary(entries: readonly Spent[]): GasSummary {
  return {
    transactions: entries.length,
    gasUsed: entries.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    feeWei: entries.reduce((sum, { gasUsed, gasPriceWei }) => sum + gasUsed * gasPriceWei, 0n),
    calldataBytes: entries.reduce((sum, { calldataBytes }) => sum + calldataBytes, 0),
  };
}
