/** LayerNormalization whose mean or deviation is a result, too. */
import type { Expansion } from './expansion.js';

export const layerNormalization: Expansion = {
  concerns: ({ outputs }) => outputs.slice(1).some((name) => name !== ''),
  expand: (site) => {
    const { attributes } = site;
    const x = site.input(0);
    const rank = site.shape(0).length;
    const axis = attributes.int('axis', -1);
    const first = axis < 0 ? axis + rank : axis;
    const axes = Array.from({ length: rank - first }, (_, i) => first + i);
    const epsilon = attributes.float('epsilon', 1e-5);
    site.give(0, 'LayerNormalization', site.node.inputs, { axis, epsilon: { float: epsilon } });
    const mean = site.reduce('ReduceMean', x, axes);
    site.give(1, 'Identity', [mean]);
    if (!site.gives(2)) return;
    const deviation = site.add('Sub', [x, mean]);
    const variance = site.reduce('ReduceMean', site.add('Mul', [deviation, deviation]), axes);
    const root = site.add('Sqrt', [site.add('Add', [variance, site.real(epsilon)])]);
    site.give(2, 'Reciprocal', [root]);
  },
};
