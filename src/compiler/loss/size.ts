/** Sizes of errors beside the sizes of what they are errors of. */
import { LARGEST_REAL } from '../measure.js';

/** Root of the sum of squares of errors over that of the values; infinity has no error. Collected over samples. */
export class RelativeError {
  private errors = 0;
  private values = 0;

  add(wanted: ArrayLike<number>, got: ArrayLike<number>): void {
    for (let i = 0; i < wanted.length; i++) {
      const [x, y] = [wanted[i]!, got[i]!];
      if (!(Math.abs(x) <= LARGEST_REAL)) continue;
      this.values += x * x;
      this.errors += (y - x) ** 2;
    }
  }

  /** 1 for an error of what is 0. */
  get size(): number {
    if (this.errors === 0) return 0;
    return this.values === 0 ? 1 : Math.sqrt(this.errors / this.values);
  }
}
