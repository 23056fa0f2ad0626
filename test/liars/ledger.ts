/** What a strategy has cost each honest party and what it has brought, read from the chain: whoever sent it, daemon or process. */
import type { TransactionReceipt } from 'ethers';
import { creditOf } from '../../src/chain/claims.js';
import { DEVNET_PARAMETERS } from '../../src/chain/parameters.js';
import type { Address } from '../../src/chain/typed.js';
import type { Chain } from './chain.js';

/** The price that bonds are sized for: what is paid on a quiet devnet says nothing. */
export const STATED_GAS_PRICE_WEI: bigint = DEVNET_PARAMETERS.refundGasPriceWei;

export interface Account {
  readonly name: string;
  readonly address: Address;
  readonly transactions: number;
  readonly gasUsed: bigint;
  /** What the game has brought, without gas: fees, pots and refunds, less what was forfeited. */
  readonly incomeWei: bigint;
  /** Income less gas, with refunds, both at the stated price or both as they really were: the smaller of the two. */
  readonly netWei: bigint;
}

export class Ledger {
  private readonly before = new Map<Address, bigint>();

  private constructor(
    private readonly chain: Chain,
    private readonly firstBlock: number,
  ) {}

  static async open(chain: Chain): Promise<Ledger> {
    return new Ledger(chain, (await chain.devnet.node.getBlockNumber()) + 1);
  }

  /** To be called before the party does anything. */
  async enter(address: Address): Promise<void> {
    this.before.set(address, await this.wealthOf(address));
  }

  /** @param heldWei bonds of its claims that are still held. */
  async close(name: string, address: Address, heldWei: bigint): Promise<Account> {
    const receipts = (await this.receipts()).filter(({ from }) => from.toLowerCase() === address.toLowerCase());
    const gasUsed = receipts.reduce((sum, each) => sum + each.gasUsed, 0n);
    const paidWei = receipts.reduce((sum, each) => sum + each.gasUsed * each.gasPrice, 0n);
    const wealthWei = (await this.wealthOf(address)) + heldWei;
    const incomeWei = wealthWei - (this.before.get(address) ?? 0n) + paidWei;
    const refunds = await this.refundsOf(address);
    const statedNetWei = incomeWei - refunds.paidWei + (refunds.gasUsed - gasUsed) * STATED_GAS_PRICE_WEI;
    const actualNetWei = incomeWei - paidWei;
    const netWei = statedNetWei < actualNetWei ? statedNetWei : actualNetWei;
    return { name, address, transactions: receipts.length, gasUsed, incomeWei, netWei };
  }

  /** What came back to an account for moves for others, and for how much gas it came back. */
  private async refundsOf(address: Address): Promise<{ paidWei: bigint; gasUsed: bigint }> {
    const { refunds } = this.chain.contracts;
    const events = (await this.receipts()).flatMap(({ logs }) => logs.flatMap((log) => refunds.event(log) ?? []));
    const own = events.filter(({ args }) => args.account.toLowerCase() === address.toLowerCase());
    const sum = { paidWei: 0n, gasUsed: 0n };
    for (const { name, args } of own) {
      if (name !== 'Collected') continue;
      sum.paidWei += args.amountWei;
      for (const each of own)
        if (each.name === 'Assisted' && each.args.matchId === args.matchId && each.args.side === args.side)
          sum.gasUsed += each.args.gasUsed;
    }
    return sum;
  }

  private all: Promise<TransactionReceipt[]> | null = null;

  private receipts(): Promise<TransactionReceipt[]> {
    this.all ??= this.read();
    return this.all;
  }

  private async read(): Promise<TransactionReceipt[]> {
    const { node } = this.chain.devnet;
    const last = await node.getBlockNumber();
    const found: TransactionReceipt[] = [];
    for (let number = this.firstBlock; number <= last; number++) {
      const block = await node.getBlock(number);
      for (const hash of block?.transactions ?? []) {
        const receipt = await node.getTransactionReceipt(hash);
        if (receipt) found.push(receipt);
      }
    }
    return found;
  }

  private async wealthOf(address: Address): Promise<bigint> {
    const { node } = this.chain.devnet;
    return (await node.getBalance(address)) + (await creditOf(this.chain.contracts, address));
  }
}
