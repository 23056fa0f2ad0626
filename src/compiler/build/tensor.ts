/**
 * A tensor while a program is being built: integers in a slot or constant, seen through a strided view whose logical shape is
 * that of the ONNX tensor. Transposing, slicing and broadcasting change the view only.
 */
import type { Range } from '../../program/range.js';
import type { Source } from '../../program/step.js';

export interface Tensor {
  readonly source: Source;
  /** The ONNX shape. */
  readonly shape: readonly number[];
  /** Flat elements of the source per unit of each logical index; every index of the shape is in range. */
  readonly strides: readonly number[];
  readonly offset: number;
  /** Real value = integer · scale. */
  readonly scale: number;
  /** What the integers can be. */
  readonly range: Range;
  /** The ONNX type is whole numbers or truth values; its scale is 1. */
  readonly integer: boolean;
  /** The integers are places in the order of all float32 numbers, and have no scale. */
  readonly ordered?: true;
}

/** Row-major strides of a shape. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Whether element i of the tensor in row-major order is element `offset + i` of its source. */
export function isContiguous({ shape, strides }: Tensor): boolean {
  const wanted = contiguousStrides(shape);
  return shape.every((dim, i) => dim === 1 || strides[i] === wanted[i]);
}

export function transpose(tensor: Tensor, permutation: readonly number[]): Tensor {
  return {
    ...tensor,
    shape: permutation.map((axis) => tensor.shape[axis]!),
    strides: permutation.map((axis) => tensor.strides[axis]!),
  };
}

/** `length` elements of an axis from `start` on, every `step`-th; a negative step goes backwards. */
export function slice(tensor: Tensor, axis: number, start: number, step: number, length: number): Tensor {
  const stride = tensor.strides[axis]!;
  return {
    ...tensor,
    offset: tensor.offset + start * stride,
    shape: tensor.shape.map((dim, i) => (i === axis ? length : dim)),
    strides: tensor.strides.map((s, i) => (i === axis ? s * step : s)),
  };
}

/** NumPy broadcasting to a shape that the tensor's own shape fits. */
export function broadcastTo(tensor: Tensor, shape: readonly number[]): Tensor {
  const missing = shape.length - tensor.shape.length;
  const strides = shape.map((dim, i) => {
    const own = i < missing ? 1 : tensor.shape[i - missing]!;
    if (own !== 1 && own !== dim) throw new Error(`${tensor.shape.join('x')} does not broadcast to ${shape.join('x')}`);
    return own === 1 ? 0 : tensor.strides[i - missing]!;
  });
  return { ...tensor, shape, strides };
}

/**
 * The same elements in row-major order under another shape, or null when no view can say it and a copy is needed. (NumPy's
 * rule: the axes fall into groups of equal size on both sides, and a group must be evenly strided.)
 */
export function reshape(tensor: Tensor, shape: readonly number[]): Tensor | null {
  const from = tensor.shape.map((dim, i) => ({ dim, stride: tensor.strides[i]! })).filter(({ dim }) => dim !== 1);
  const to = shape.map((dim, axis) => ({ dim, axis })).filter(({ dim }) => dim !== 1);
  const strides = new Array<number>(shape.length).fill(0);
  let [i, j] = [0, 0];
  while (i < from.length) {
    let [iEnd, jEnd] = [i + 1, j + 1];
    let [fromSize, toSize] = [from[i]!.dim, to[j]!.dim];
    while (fromSize !== toSize) {
      if (toSize < fromSize) toSize *= to[jEnd++]!.dim;
      else fromSize *= from[iEnd++]!.dim;
    }
    for (let k = i; k + 1 < iEnd; k++) if (from[k]!.stride !== from[k + 1]!.dim * from[k + 1]!.stride) return null;
    let stride = from[iEnd - 1]!.stride;
    for (let k = jEnd - 1; k >= j; k--) {
      strides[to[k]!.axis] = stride;
      stride *= to[k]!.dim;
    }
    [i, j] = [iEnd, jEnd];
  }
  return { ...tensor, shape, strides };
}

/** Logical axes from the slowest to the fastest in memory: loops in this order write a result in the same layout. */
export function memoryOrder(tensor: Tensor): number[] {
  return tensor.shape
    .map((_, axis) => axis)
    .sort((x, y) => Math.abs(tensor.strides[y]!) - Math.abs(tensor.strides[x]!) || x - y);
}
