/** Who paid whom, from the events of the transactions. */
import type { Contracts } from '../../chain/contracts.js';
import type { Sent } from '../../chain/sender.js';
import { showWei } from '../amounts.js';
import { table } from '../table.js';
import type { Stage } from './stage.js';

export interface Payment {
  readonly from: string;
  readonly to: string;
  readonly amountWei: bigint;
  readonly what: string;
}

export class Ledger {
  readonly payments: Payment[] = [];

  constructor(private readonly stage: Stage) {}

  pay(from: string, to: string, amountWei: bigint, what: string): void {
    if (amountWei > 0n) this.payments.push({ from, to, amountWei, what });
  }

  /** A losing claim's bond, as its transaction split it; null when no claim lost by it. */
  lost(sent: Sent): { burnedWei: bigint; potWei: bigint } | null {
    const event = this.contracts.jobs.find(sent.logs, 'ClaimLost');
    if (!event) return null;
    const { burnedWei, potWei } = event.args;
    this.pay('bond of the liar', 'burned', burnedWei, 'so that lying to oneself costs, too');
    this.pay('bond of the liar', 'pot', potWei, 'for whoever turns out right');
    return { burnedWei, potWei };
  }

  /** What a final claim was paid: fee, bond and pot together. */
  ended(sent: Sent): { winner: string; paidWei: bigint } {
    const event = this.contracts.jobs.find(sent.logs, 'JobFinal');
    if (!event) throw new Error(`The transaction ${sent.txHash} ended no job.`);
    return { winner: this.stage.nameOf(event.args.claimant), paidWei: event.args.paidWei };
  }

  show(): string {
    return table(
      ['from', 'to', 'amount', 'what for'],
      this.payments.map(({ from, to, amountWei, what }) => [from, to, showWei(amountWei), what]),
      [2],
    );
  }

  private get contracts(): Contracts {
    return this.stage.devnet.contracts;
  }
}
