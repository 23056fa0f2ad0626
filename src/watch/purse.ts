/** How much one puts at stake at the same time. */
import type { Wei } from '../units.js';

export class Purse {
  /** Being put up just now. */
  private underWay = 0n;
  /** Put up in a block that was not read yet, so that it is not counted there. */
  private unread: readonly { readonly amountWei: Wei; readonly blockNumber: number }[] = [];

  /** @param maxWei most wei in bonds and input stakes at once; null for no limit. */
  constructor(private readonly maxWei: bigint | null) {}

  /** @param atStakeWei what the chain, as far as it was read, has of one's own. */
  allows(amountWei: Wei, atStakeWei: bigint): boolean {
    const unread = this.unread.reduce((sum, put) => sum + put.amountWei, 0n);
    return this.maxWei === null || atStakeWei + this.underWay + unread + amountWei <= this.maxWei;
  }

  /** Runs the transaction that puts up `amountWei`; null, and nothing is run, when that is too much. */
  async spend<T extends { readonly blockNumber: number }>(
    amountWei: Wei,
    atStakeWei: bigint,
    transaction: () => Promise<T>,
  ): Promise<T | null> {
    if (!this.allows(amountWei, atStakeWei)) return null;
    this.underWay += amountWei;
    try {
      const result = await transaction();
      this.unread = [...this.unread, { amountWei, blockNumber: result.blockNumber }];
      return result;
    } finally {
      this.underWay -= amountWei;
    }
  }

  /** The chain was read up to this block: what was put up before is counted there now. */
  chainWasRead(upToBlock: number): void {
    this.unread = this.unread.filter(({ blockNumber }) => blockNumber > upToBlock);
  }
}
