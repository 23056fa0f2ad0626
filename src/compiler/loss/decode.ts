/** The real numbers that a tensor of a program stands for, read from the program's slots. */
import { numberAt } from '../../program/float-order.js';
import { elementCount } from '../../program/step.js';
import type { Tensor } from '../build/tensor.js';

/** @returns the elements in row-major order; null for a tensor that is a constant. */
export function decode(slots: readonly Int32Array[], tensor: Tensor): Float64Array | null {
  const { source, shape, strides, offset, scale, ordered } = tensor;
  if (source.kind !== 'slot') return null;
  const data = slots[source.index]!;
  const values = new Float64Array(elementCount(shape));
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < values.length; i++) {
    values[i] = ordered ? numberAt(data[at]!) : data[at]! * scale;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return values;
}
