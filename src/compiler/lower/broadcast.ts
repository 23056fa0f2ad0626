/** Loops over tensors that broadcast against each other, and scales that they have in common. */
import { magnitude } from '../../program/range.js';
import { at, fixed, type Index, Nest } from '../build/nest.js';
import { broadcastTo, memoryOrder, type Tensor } from '../build/tensor.js';

/** Loops over the result in the memory order of the largest operand, and each operand broadcast to the result. */
export function broadcastNest(tensors: readonly Tensor[], shape: readonly number[]) {
  const size = ({ shape: dims }: Tensor): number => dims.reduce((n, dim) => n * dim, 1);
  const operands = tensors.map((tensor) => broadcastTo(tensor, shape));
  const largest = tensors.reduce((best, tensor, i) => (size(tensor) > size(tensors[best]!) ? i : best), 0);
  const order = operands[largest] ? memoryOrder(operands[largest]) : shape.map((_, axis) => axis);
  const nest = new Nest(order.map((axis) => shape[axis]!));
  const indices: Index[] = shape.map((_, axis) => at(order.indexOf(axis)));
  return { nest, order, operands, indices };
}

/** Indices of an array that broadcasts to the result. */
export const broadcastIndices = (shape: readonly number[], indices: readonly Index[]): Index[] =>
  shape.map((dim, i) => (dim === 1 ? fixed(0) : indices[indices.length - shape.length + i]!));

/** The shape that two shapes broadcast to. */
export const broadcastShapes = (x: readonly number[], y: readonly number[]): number[] => {
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, i) => {
    const [p, q] = [x[x.length - rank + i] ?? 1, y[y.length - rank + i] ?? 1];
    return p === 1 ? q : p;
  });
};

/** Weighted operands of a comparison or a choice stay below this. */
const LARGEST_WEIGHTED = 2 ** 50;
const COMMON_SCALE_BITS = 20;

/**
 * Integer weights that bring tensors to one scale, and that scale: a part of the finest one, so that the finest tensor is exact and
 * the others nearly.
 */
export function commonScale(inputs: readonly Tensor[]): { weights: number[]; scale: number } {
  const scales = inputs.map(({ scale }) => scale);
  if (scales.every((scale) => scale === scales[0])) return { weights: scales.map(() => 1), scale: scales[0]! };
  const finest = Math.min(...scales);
  const largest = Math.max(...inputs.map(({ scale, range }) => (scale / finest) * magnitude(range)));
  const bits = Math.min(COMMON_SCALE_BITS, Math.floor(Math.log2(LARGEST_WEIGHTED / largest)));
  const scale = finest / 2 ** bits;
  return { weights: scales.map((s) => Math.max(1, Math.round(s / scale))), scale };
}
