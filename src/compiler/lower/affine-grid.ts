/** AffineGrid: the constant grid of positions, multiplied by the matrices. */
import { at, Nest } from '../build/nest.js';
import type { Lowering } from './lowering.js';

/** Homogeneous coordinates [..., x, y, (z), 1] of every position, the innermost dimension first. */
function basePositions(dims: readonly number[], alignCorners: boolean): Float64Array {
  const count = dims.reduce((n, dim) => n * dim, 1);
  const width = dims.length + 1;
  const result = new Float64Array(count * width).fill(1);
  for (let i = 0; i < count; i++) {
    let rest = i;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const dim = dims[axis]!;
      const position = rest % dim;
      rest = Math.floor(rest / dim);
      const coordinate = alignCorners ? (dim > 1 ? (2 * position) / (dim - 1) - 1 : -1) : (2 * position + 1) / dim - 1;
      result[i * width + dims.length - 1 - axis] = coordinate;
    }
  }
  return result;
}

export const affineGrid: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const dims = shape.slice(1, -1);
    const coordinates = dims.length;
    const nest = new Nest(shape, [coordinates + 1]);
    const positions = dims.map((_, i) => at(1 + i));
    const inner = at(nest.red(0));
    const stored = context.dot(
      node,
      {
        nest,
        input: context.input(node, 0),
        inputAt: [at(0), at(1 + coordinates), inner],
        weights: basePositions(dims, node.attributes.int('align_corners', 0) !== 0),
        rowDims: dims,
        innerDims: [coordinates + 1],
        rowAt: positions,
        innerAt: [inner],
      },
      context.target(node),
    );
    const order = shape.map((_, i) => i);
    context.define(output, context.stored(stored, shape, order));
  },
  refuses: (context, node) => (context.constant(node, 1) ? null : 'its size depends on the input'),
  finishes: true,
};
