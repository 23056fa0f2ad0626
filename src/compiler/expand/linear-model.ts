/** LinearClassifier and LinearRegressor: a matrix product, and what is made of its results. */
import type { Expansion } from './expansion.js';
import { giveLabels, givePair, giveScores, giveSide, labelsOf, refusesTransform } from './ml-scores.js';
import type { Site } from './site.js';

/** [rows, features] times the coefficients, plus the intercepts: [rows, count]. */
function linear(site: Site, count: number): string {
  const x = site.type(0) === 'float32' ? site.input(0) : site.cast(site.input(0), 'float32');
  const features = site.shape(0).at(-1)!;
  const rows = site.shape(0).length === 1 ? site.reshape(x, [1, features]) : x;
  const coefficients = site.attributes.floats('coefficients')!;
  const columns = Float64Array.from(
    { length: features * count },
    (_, i) => coefficients[(i % count) * features + Math.floor(i / count)]!,
  );
  const product = site.add('MatMul', [rows, site.reals(columns, [features, count], 'float32')]);
  const intercepts = site.attributes.floats('intercepts');
  return intercepts && intercepts.length > 0
    ? site.add('Add', [product, site.reals(intercepts, [count], 'float32')])
    : product;
}

const rowCount = (site: Site): number => site.attributes.floats('coefficients')!.length / site.shape(0).at(-1)!;

export const linearClassifier: Expansion = {
  expand: (site) => {
    const labels = labelsOf(site)!;
    const count = rowCount(site);
    const scores = linear(site, count);
    if (count === 1) {
      giveSide(site, scores, 0, [labels[0]!, labels[1]!]);
      return givePair(site, scores, true);
    }
    giveLabels(site, scores, labels);
    giveScores(site, 1, scores);
  },
  refuses: (site) => {
    const labels = labelsOf(site);
    if (!labels) return 'its labels are texts';
    const count = rowCount(site);
    if (labels.length !== Math.max(count, 2)) return `it has ${labels.length} labels and ${count} rows of coefficients`;
    return refusesTransform(site);
  },
};

export const linearRegressor: Expansion = {
  expand: (site) => giveScores(site, 0, linear(site, site.attributes.int('targets', 1))),
  refuses: (site) => refusesTransform(site),
};
