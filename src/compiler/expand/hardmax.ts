/** Hardmax: 1 at the first largest element of an axis, 0 elsewhere. */
import type { Expansion } from './expansion.js';

/** Since this version the axis is one axis; before, all from it on are one. */
const ONE_AXIS_OPSET = 13;

export const hardmax: Expansion = {
  expand: (site) => {
    const shape = site.shape(0);
    const given = site.attributes.int('axis', site.opset >= ONE_AXIS_OPSET ? -1 : 1);
    const first = given < 0 ? given + shape.length : given;
    const isOne = site.opset >= ONE_AXIS_OPSET || first === shape.length - 1;
    const size = (dims: readonly number[]): number => dims.reduce((n, dim) => n * dim, 1);
    const rows = [size(shape.slice(0, first)), size(shape.slice(first))];
    const [x, dims, axis] = isOne ? [site.input(0), shape, first] : [site.reshape(site.input(0), rows), rows, 1];
    const length = dims[axis]!;
    const position = site.add('ArgMax', [x], { axis, keepdims: 1 });
    const positions = site.wholes(
      Array.from({ length }, (_, i) => i),
      dims.map((_, i) => (i === axis ? length : 1)),
    );
    const isLargest = site.cast(site.add('Equal', [position, positions]), site.type(0));
    site.give(0, 'Reshape', [isLargest, site.wholes(shape)]);
  },
};
