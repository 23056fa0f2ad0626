/** BatchNormalization in training mode: statistics of the batch, and running statistics as further results. */
import type { Expansion } from './expansion.js';

export const batchNormalization: Expansion = {
  concerns: ({ attributes }) => attributes.int('training_mode', 0) !== 0,
  expand: (site) => {
    const { attributes } = site;
    const rank = site.shape(0).length;
    const channels = site.shape(0)[1]!;
    const axes = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 1);
    const x = site.input(0);
    const mean = site.reduce('ReduceMean', x, axes);
    const deviation = site.add('Sub', [x, mean]);
    const variance = site.reduce('ReduceMean', site.add('Mul', [deviation, deviation]), axes);
    const epsilon = site.real(attributes.float('epsilon', 1e-5));
    const spread = site.add('Sqrt', [site.add('Add', [variance, epsilon])]);
    const perChannel = [1, channels, ...axes.slice(1).map(() => 1)];
    const scaled = site.add('Mul', [site.add('Div', [deviation, spread]), site.reshape(site.input(1), perChannel)]);
    site.give(0, 'Add', [scaled, site.reshape(site.input(2), perChannel)]);
    const momentum = attributes.float('momentum', 0.9);
    [mean, variance].forEach((now, i) => {
      if (!site.gives(i + 1)) return;
      const before = site.add('Mul', [site.input(3 + i), site.real(momentum)]);
      const share = site.add('Mul', [site.reshape(now, [channels]), site.real(1 - momentum)]);
      site.give(i + 1, 'Add', [before, share]);
    });
  },
  refuses: (site) => (site.opset < 14 ? 'it is in training mode' : null),
};
