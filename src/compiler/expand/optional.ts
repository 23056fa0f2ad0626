/** OptionalGetElement of what is no optional but a tensor: the tensor. */
import type { Expansion } from './expansion.js';

export const optionalGetElement: Expansion = {
  expand: (site) => site.give(0, 'Identity', [site.input(0)]),
};
