/** How much one puts at stake at the same time. */
import type { Wei } from '../units.js';

export class Purse {
  /** Being put up just now. */
  private underWay = 0n;
  /** Put up since the chain was last read, so that it is not counted there yet. */
  private unread = 0n;

  /** @param maxWei most wei in bonds and input stakes at once; null for no limit. */
  constructor(private readonly maxWei: bigint | null) {}

  allows(amountWei: Wei, atStakeWei: bigint): boolean {
    return this.maxWei === null || atStakeWei + this.underWay + this.unread + amountWei <= this.maxWei;
  }

  /** Runs a task that puts up `amountWei`. */
  async spend<T>(amountWei: Wei, task: () => Promise<T>): Promise<T> {
    this.underWay += amountWei;
    try {
      const result = await task();
      this.unread += amountWei;
      return result;
    } finally {
      this.underWay -= amountWei;
    }
  }

  /** The chain was read: what was put up before is counted there now. */
  chainWasRead(): void {
    this.unread = 0n;
  }
}
