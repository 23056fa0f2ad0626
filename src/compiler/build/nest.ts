/** The loops of one step, and operands that read tensors at affine functions of them. */
import { type Axis, NO_VIEW, type Operand } from '../../program/step.js';
import type { Tensor } from './tensor.js';

/** An index as a function of the loops: `base + Σ factor · loop`. Loops are numbered outputs first, then reductions. */
export interface Index {
  readonly base: number;
  readonly terms: readonly (readonly [loop: number, factor: number])[];
}

export const at = (loop: number): Index => ({ base: 0, terms: [[loop, 1]] });

export const fixed = (base: number): Index => ({ base, terms: [] });

export const affine = (base: number, ...terms: readonly (readonly [number, number])[]): Index => ({ base, terms });

export class Nest {
  readonly loops: readonly number[];

  constructor(
    readonly outDims: readonly number[],
    readonly redDims: readonly number[] = [],
  ) {
    this.loops = [...outDims, ...redDims];
  }

  /** The loop of reduction dimension i. */
  red(i: number): number {
    return this.outDims.length + i;
  }

  get terms(): number {
    return this.redDims.reduce((product, dim) => product * dim, 1);
  }

  private isInRange(index: Index, dim: number): boolean {
    let [lo, hi] = [index.base, index.base];
    for (const [loop, factor] of index.terms) {
      const reach = factor * (this.loops[loop]! - 1);
      if (reach < 0) lo += reach;
      else hi += reach;
    }
    return lo >= 0 && hi < dim;
  }

  private coefs(indices: readonly (readonly [Index, number])[]): number[] {
    const coefs = new Array<number>(this.loops.length).fill(0);
    for (const [index, stride] of indices) for (const [loop, factor] of index.terms) coefs[loop]! += factor * stride;
    return coefs;
  }

  /**
   * Reads a tensor at one index for each of its logical axes. Where an index leaves its axis the operand is `fill`.
   *
   * @param weight an integer that the element is multiplied by.
   */
  read(tensor: Tensor, indices: readonly Index[], weight = 1, fill = 0): Operand {
    const free: (readonly [Index, number])[] = [];
    const axes: Axis[] = [];
    let offset = tensor.offset;
    indices.forEach((index, axis) => {
      const [dim, stride] = [tensor.shape[axis]!, tensor.strides[axis]!];
      if (this.isInRange(index, dim)) {
        free.push([index, stride]);
        offset += index.base * stride;
      } else axes.push({ stride, extent: dim, base: index.base, coefs: this.coefs([[index, 1]]) });
    });
    return { source: tensor.source, weight, view: { ...NO_VIEW, offset, coefs: this.coefs(free), axes, fill } };
  }
}
