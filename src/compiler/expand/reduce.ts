/** ReduceLogSum, ReduceLogSumExp and ReduceProd, by other reductions. */
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

/** The axes that a reduction reduces: an attribute, or an input since opset 18. */
function axesOf(site: Site): number[] {
  const rank = site.shape(0).length;
  const given = site.numbers(1) ?? site.attributes.ints('axes');
  if (given && given.length > 0) return [...given].map((axis) => (axis < 0 ? axis + rank : axis));
  return site.attributes.int('noop_with_empty_axes', 0) !== 0 ? [] : Array.from({ length: rank }, (_, i) => i);
}

const refuses = (site: Site): string | null =>
  site.has(1) && !site.constant(1) ? 'its axes depend on the input' : null;

const reduction = (expand: (site: Site, axes: readonly number[]) => string): Expansion => ({
  expand: (site) => {
    const axes = axesOf(site);
    if (axes.length === 0) return site.give(0, 'Identity', [site.input(0)]);
    site.give(0, 'Reshape', [expand(site, axes), site.wholes(site.outputShape())]);
  },
  refuses,
});

export const reduceLogSum = reduction((site, axes) => site.add('Log', [site.reduce('ReduceSum', site.input(0), axes)]));

/** m + log Σ exp(x - m), m being the largest x. */
export const reduceLogSumExp = reduction((site, axes) => {
  const largest = site.reduce('ReduceMax', site.input(0), axes);
  const powers = site.add('Exp', [site.add('Sub', [site.input(0), largest])]);
  return site.add('Add', [site.add('Log', [site.reduce('ReduceSum', powers, axes)]), largest]);
});

/** Halves of the reduced elements multiplied with each other, until one is left: every product has a range of its own. */
export const reduceProd = reduction((site, axes) => {
  const shape = site.shape(0);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const sizeOf = (list: readonly number[]): number => list.reduce((n, axis) => n * shape[axis]!, 1);
  const moved = site.add('Transpose', [site.input(0)], { perm: [...kept, ...axes] });
  let count = sizeOf(axes);
  let rest = site.reshape(moved, [sizeOf(kept), count]);
  let odd: string | null = null;
  while (count > 1) {
    const half = Math.floor(count / 2);
    if (count % 2 === 1) {
      const last = site.slice(rest, 1, count - 1, count);
      odd = odd ? site.add('Mul', [odd, last]) : last;
    }
    rest = site.add('Mul', [site.slice(rest, 1, 0, half), site.slice(rest, 1, half, 2 * half)]);
    count = half;
  }
  return odd ? site.add('Mul', [rest, odd]) : rest;
});
