/** MaxUnpool by constant indices: a scatter of the elements into zeros. */
import type { Expansion } from './expansion.js';

export const maxUnpool: Expansion = {
  expand: (site) => {
    const shape = site.outputShape();
    const size = shape.reduce((n, dim) => n * dim, 1);
    const zeros = site.reals(new Float64Array(size), [size]);
    const indices = site.reshape(site.input(1), [-1]);
    const scattered = site.add('ScatterElements', [zeros, indices, site.reshape(site.input(0), [-1])], { axis: 0 });
    site.give(0, 'Reshape', [scattered, site.wholes(shape)]);
  },
  refuses: (site) => (site.constant(1) ? null : 'its indices depend on the input'),
};
