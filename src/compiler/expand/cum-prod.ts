/**
 * CumProd: each turn multiplies by what is twice as far away, so that n elements take log2(n) turns, and every turn has a range of
 * its own.
 */
import { isFloat } from '../onnx/tensor.js';
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

/** Ones of the tensor's shape, one element long on the axis. */
function ones(site: Site, axis: number): string {
  const dims = site.shape(0).map((dim, i) => (i === axis ? 1 : dim));
  const values = new Float64Array(dims.reduce((n, dim) => n * dim, 1)).fill(1);
  const type = site.type(0);
  return isFloat(type) ? site.reals(values, dims) : site.cast(site.wholes(values, dims), type);
}

export const cumProd: Expansion = {
  expand: (site) => {
    const shape = site.shape(0);
    const given = site.numbers(1)![0]!;
    const axis = given < 0 ? given + shape.length : given;
    const isReverse = site.attributes.int('reverse', 0) !== 0;
    const isExclusive = site.attributes.int('exclusive', 0) !== 0;
    const length = shape[axis]! - (isExclusive ? 1 : 0);
    /** Elements counted from the end where it starts. */
    const part = (x: string, start: number, end: number, of = length): string =>
      isReverse ? site.slice(x, axis, of - end, of - start) : site.slice(x, axis, start, end);
    const joined = (first: string, second: string): string =>
      site.add('Concat', isReverse ? [second, first] : [first, second], { axis });
    if (length === 0) return site.give(0, 'Identity', [ones(site, axis)]);
    let product = isExclusive ? part(site.input(0), 0, length, length + 1) : site.input(0);
    for (let distance = 1; distance < length; distance *= 2) {
      const factors = [part(product, distance, length), part(product, 0, length - distance)];
      product = joined(part(product, 0, distance), site.add('Mul', factors));
    }
    site.give(0, 'Identity', [isExclusive ? joined(ones(site, axis), product) : product]);
  },
  refuses: (site) => (site.constant(1) ? null : 'its axis depends on the input'),
};
