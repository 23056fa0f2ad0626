/** Dropout with a mask, which is all true, or with a training mode that has to be off. */
import type { Expansion } from './expansion.js';

const RATIO = 1;
const TRAINING = 2;
const DEFAULT_RATIO = 0.5;

export const dropout: Expansion = {
  concerns: ({ inputs, outputs }) => (outputs[1] ?? '') !== '' || (inputs[TRAINING] ?? '') !== '',
  expand: (site) => {
    site.give(0, 'Identity', [site.input(0)]);
    if (!site.gives(1)) return;
    const shape = site.outputShape(1);
    const ones = site.wholes(
      Array.from({ length: shape.reduce((n, dim) => n * dim, 1) }, () => 1),
      shape,
    );
    site.give(1, 'Identity', [site.cast(ones, site.outputType(1))]);
  },
  refuses: (site) => {
    if (!site.has(TRAINING)) return null;
    const isTraining = site.numbers(TRAINING)?.[0];
    if (isTraining === undefined) return 'its training mode depends on the input';
    const ratio = site.has(RATIO) ? site.numbers(RATIO)?.[0] : DEFAULT_RATIO;
    return isTraining && ratio !== 0 ? 'it is in training mode, and gives another result at every run' : null;
  },
};
