/** Unique of one element: that element. Of more, the shape of the result depends on the input. */
import type { Expansion } from './expansion.js';

const INDICES = 1;
const COUNTS = 3;

export const unique: Expansion = {
  expand: (site) => {
    site.give(0, 'Identity', [site.input(0)]);
    for (let output = INDICES; output <= COUNTS; output++)
      site.give(output, 'Identity', [site.wholes([output === COUNTS ? 1 : 0])]);
  },
  refuses: (site) => (site.shape(0).join() === '1' ? null : 'the shape of its result depends on the input data'),
};
