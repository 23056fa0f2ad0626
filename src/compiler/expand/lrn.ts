/** LRN: x / (bias + alpha / size · Σ x²)^beta, the sum over neighbouring channels. */
import type { Expansion } from './expansion.js';

export const localResponseNormalization: Expansion = {
  expand: (site) => {
    const { attributes } = site;
    const [batch, channels, ...spatial] = site.shape(0) as [number, number, ...number[]];
    const size = attributes.int('size', 1);
    const x = site.input(0);
    const before = Math.floor((size - 1) / 2);
    const after = size - 1 - before;
    const positions = spatial.reduce((n, dim) => n * dim, 1);
    const squares = site.reshape(site.add('Mul', [x, x]), [batch, 1, channels, positions]);
    const mean = site.add('AveragePool', [squares], {
      kernel_shape: [size, 1],
      pads: [before, 0, after, 0],
      count_include_pad: 1,
    });
    const scaled = site.add('Mul', [mean, site.real(attributes.float('alpha', 1e-4))]);
    const base = site.add('Add', [scaled, site.real(attributes.float('bias', 1))]);
    const power = site.add('Pow', [base, site.real(-attributes.float('beta', 0.75))]);
    site.give(0, 'Mul', [x, site.reshape(power, site.shape(0))]);
  },
};
