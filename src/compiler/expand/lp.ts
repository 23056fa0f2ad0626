/** LpNormalization and GlobalLpPool. */
import type { Expansion } from './expansion.js';

export const lpNormalization: Expansion = {
  expand: (site) => {
    const rank = site.shape(0).length;
    const axis = site.attributes.int('axis', -1);
    const operator = site.attributes.int('p', 2) === 1 ? 'ReduceL1' : 'ReduceL2';
    const norm = site.reduce(operator, site.input(0), [axis < 0 ? axis + rank : axis]);
    // Where everything is 0, so is the result.
    const least = site.real(site.type(0) === 'float16' ? 1e-7 : 1e-12);
    site.give(0, 'Div', [site.input(0), site.add('Max', [norm, least])]);
  },
};

export const globalLpPool: Expansion = {
  expand: (site) => {
    const axes = site
      .shape(0)
      .map((_, axis) => axis)
      .slice(2);
    const p = site.attributes.int('p', 2);
    if (p <= 2) {
      const norm = site.reduce(p === 1 ? 'ReduceL1' : 'ReduceL2', site.input(0), axes);
      return site.give(0, 'Identity', [norm]);
    }
    const powers = site.add('Pow', [site.add('Abs', [site.input(0)]), site.real(p)]);
    site.give(0, 'Pow', [site.reduce('ReduceSum', powers, axes), site.real(1 / p)]);
  },
};
