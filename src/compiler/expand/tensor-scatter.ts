/** TensorScatter: a cache in which new elements take the place of old ones, from an index of its own for each of the batch. */
import type { Expansion } from './expansion.js';

const UPDATE = 1;
const INDICES = 2;

export const tensorScatter: Expansion = {
  expand: (site) => {
    const cache = site.shape(0);
    const given = site.attributes.int('axis', -2);
    const axis = given < 0 ? given + cache.length : given;
    const [batch, length, count] = [cache[0]!, cache[axis]!, site.shape(UPDATE)[axis]!];
    const positions = site.wholes(Array.from({ length }, (_, i) => i));
    const first = site.has(INDICES) ? site.input(INDICES) : site.wholes(new Float64Array(batch), [batch]);
    // Which of the new elements each position takes; outside of them it keeps the old one.
    const distance = site.add('Sub', [positions, site.reshape(first, [batch, 1])]);
    const isCircular = site.attributes.text('mode', 'linear') === 'circular';
    const which = isCircular ? site.add('Mod', [distance, site.wholes([length], [])]) : distance;
    const isNew = site.add('And', [
      site.add('GreaterOrEqual', [which, site.wholes([0], [])]),
      site.add('Less', [which, site.wholes([count], [])]),
    ]);
    const inside = site.add('Min', [site.add('Max', [which, site.wholes([0], [])]), site.wholes([count - 1], [])]);
    const along = cache.map((_, i) => (i === 0 ? batch : i === axis ? length : 1));
    const elements = site.add('Expand', [site.reshape(inside, along), site.wholes(cache)]);
    const updates = site.add('GatherElements', [site.input(UPDATE), elements], { axis });
    site.give(0, 'Where', [site.reshape(isNew, along), updates, site.input(0)]);
  },
};
