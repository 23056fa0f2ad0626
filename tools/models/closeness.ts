/** How close a program's outputs are to those of float ONNX Runtime. */
import type { FloatTensor } from '../../src/compiler/float-runtime.js';
import { toNumbers } from '../../src/compiler/onnx/tensor.js';
import type { RealOutput } from '../../src/program/layout.js';

export interface Closeness {
  readonly elements: number;
  readonly cosine: number;
  readonly maxAbsError: number;
  /** Part of the elements that are equal: a float to within its own rounding. */
  readonly equal: number;
  /** Largest difference in quanta of the output. */
  readonly quanta: number;
  /** Part of the rows with the same largest score; null where outputs are no scores. */
  readonly top1: number | null;
}

/** Float32 has 24 bits, and what dequantises rounds a few times. */
const FLOAT32_ROUNDING = 2 ** -18;
const MOST_CLASSES = 100_000;

/** Collects outputs of many samples. */
export class Comparison {
  private elements = 0;
  private equal = 0;
  private maxAbsError = 0;
  private quanta = 0;
  private dot = 0;
  private squares: [number, number] = [0, 0];
  private rows = 0;
  private agreeing = 0;

  /** @param quantum real value of one unit of the output. */
  add(expected: FloatTensor, actual: RealOutput, quantum: number): void {
    const wanted = toNumbers(expected);
    wanted.forEach((x, i) => {
      if (!Number.isFinite(x)) return;
      const y = actual.data[i]!;
      const error = Math.abs(x - y);
      this.elements++;
      this.dot += x * y;
      this.squares = [this.squares[0] + x * x, this.squares[1] + y * y];
      this.maxAbsError = Math.max(this.maxAbsError, error);
      if (error <= FLOAT32_ROUNDING * Math.max(Math.abs(x), 1)) this.equal++;
      else this.quanta = Math.max(this.quanta, error / quantum);
    });
    const classes = expected.dims.at(-1) ?? 0;
    if (expected.dims.length < 2 || classes < 2 || classes > MOST_CLASSES) return;
    for (let from = 0; from < wanted.length; from += classes) {
      const best = (values: ArrayLike<number>): number => {
        let at = 0;
        for (let i = 1; i < classes; i++) if (values[from + i]! > values[from + at]!) at = i;
        return at;
      };
      this.rows++;
      if (best(wanted) === best(actual.data)) this.agreeing++;
    }
  }

  result(): Closeness {
    const norms = Math.sqrt(this.squares[0]) * Math.sqrt(this.squares[1]);
    return {
      elements: this.elements,
      cosine: norms > 0 ? Math.min(this.dot / norms, 1) : this.squares[0] === this.squares[1] ? 1 : 0,
      maxAbsError: this.maxAbsError,
      equal: this.equal / Math.max(this.elements, 1),
      quanta: this.quanta,
      top1: this.rows > 0 ? this.agreeing / this.rows : null,
    };
  }
}
