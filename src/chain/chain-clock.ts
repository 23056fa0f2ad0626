/**
 * The chain's time by this machine's clock, which may be wrong: how far they are apart is seen whenever a new block is. A clock that is minutes
 * ahead must not have a move given up for late, nor one that is behind have it forgotten. Pure.
 */

/** Newest blocks that count. */
const SIGHTINGS = 8;

export class ChainClock {
  private newest: number | null = null;
  /** For each new block, how many seconds after its time it was first seen, by this machine's clock; oldest first. */
  private ages: readonly number[] = [];

  /** @param seconds this machine's time, seconds since 1970. */
  saw({ number, timestamp }: { readonly number: number; readonly timestamp: number }, seconds: number): void {
    const isFirst = this.newest === null;
    if (this.newest !== null && number <= this.newest) return;
    this.newest = number;
    // Nobody knows for how long the first one had been there.
    if (!isFirst) this.ages = [...this.ages, seconds - timestamp].slice(-SIGHTINGS);
  }

  /**
   * The chain's time at `seconds` of this machine's clock. A block is seen some time after it was made, so the least counts; of three and more
   * the second least, because a node may make up a time.
   */
  at(seconds: number): number {
    const [least, second, third] = [...this.ages].sort((x, y) => x - y);
    return seconds - ((third === undefined ? least : second) ?? 0);
  }
}
