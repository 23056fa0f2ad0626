/** If with a condition that does not depend on the input: the nodes of the branch that is taken. */
import type { GraphProto } from 'onnx-buf';
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

function branchOf(site: Site): GraphProto | undefined {
  const condition = site.numbers(0);
  return site.body(condition?.[0] ? 'then_branch' : 'else_branch');
}

export const ifExpansion: Expansion = {
  expand: (site) => {
    site.inline(branchOf(site)!, []).forEach((name, i) => {
      site.give(i, 'Identity', [name]);
    });
  },
  refuses: (site) =>
    site.numbers(0)?.length === 1
      ? branchOf(site)
        ? null
        : 'it has no branch for its condition'
      : 'its condition depends on the input',
};
