import type { Sent } from '../../chain/sender.js';

/** Gas of the transactions of a chapter, by what they did. */
export class GasBook {
  private readonly spent = new Map<string, { transactions: number; gas: bigint }>();

  add({ kind, gasUsed }: Pick<Sent, 'kind' | 'gasUsed'>): void {
    const so = this.spent.get(kind) ?? { transactions: 0, gas: 0n };
    this.spent.set(kind, { transactions: so.transactions + 1, gas: so.gas + gasUsed });
  }

  /** Gas by kind of transaction, and the total. */
  json(): Record<string, number> {
    const kinds = [...this.spent].map(([kind, { gas }]) => [kind, Number(gas)] as const);
    return { ...Object.fromEntries(kinds), total: Number(this.total) };
  }

  get total(): bigint {
    return [...this.spent.values()].reduce((sum, { gas }) => sum + gas, 0n);
  }
}
