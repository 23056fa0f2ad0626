/** Sliding windows of Conv and the pools: attributes with their defaults, explicit and automatic padding. */
import { affine, type Index } from '../build/nest.js';
import type { PlanNode } from '../plan.js';

/** One spatial dimension. */
export interface WindowDim {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Elements of padding before the first and after the last. */
  readonly before: number;
  readonly after: number;
}

/**
 * @param input spatial dimensions of the input.
 * @param output spatial dimensions of the result, as the float model has them.
 */
export function windowDims(
  node: PlanNode,
  input: readonly number[],
  output: readonly number[],
  kernel: readonly number[],
): WindowDim[] {
  const strides = node.attributes.ints('strides');
  const dilations = node.attributes.ints('dilations');
  const pads = node.attributes.ints('pads');
  const autoPad = node.attributes.text('auto_pad', 'NOTSET');
  const rank = kernel.length;
  return kernel.map((size, i) => {
    const stride = strides?.[i] ?? 1;
    const dilation = dilations?.[i] ?? 1;
    const dims = { input: input[i]!, output: output[i]!, kernel: size, stride, dilation };
    if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
      const total = Math.max((dims.output - 1) * stride + dilation * (size - 1) + 1 - dims.input, 0);
      const small = Math.floor(total / 2);
      const before = autoPad === 'SAME_UPPER' ? small : total - small;
      return { ...dims, before, after: total - before };
    }
    if (autoPad === 'VALID') return { ...dims, before: 0, after: 0 };
    return { ...dims, before: pads?.[i] ?? 0, after: pads?.[rank + i] ?? 0 };
  });
}

/** Where a window reads the input: output loop and kernel loop together. */
export function windowIndex(dim: WindowDim, outLoop: number, kernelLoop: number): Index {
  return affine(-dim.before, [outLoop, dim.stride], [kernelLoop, dim.dilation]);
}
