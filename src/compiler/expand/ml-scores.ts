/** What the classifiers and regressors of ai.onnx.ml make of their scores, as ONNX Runtime does it. */
import type { Site } from './site.js';

/** Transformations of scores that can be compiled. */
const TRANSFORMS = new Set(['NONE', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO']);

/** Scores nearer to 0 than this count as 0. */
const ZERO = 1e-7;
/** The exponential of this and of what is added to it is 0. */
const FAR_BELOW = -10_000;

export function refusesTransform(site: Site): string | null {
  const transform = site.attributes.text('post_transform', 'NONE');
  return TRANSFORMS.has(transform) ? null : `its scores are transformed by ${transform}`;
}

/** Gives the scores [rows, classes], transformed. SOFTMAX_ZERO is a softmax of the scores that are not 0; those that are stay 0. */
export function giveScores(site: Site, output: number, scores: string): void {
  switch (site.attributes.text('post_transform', 'NONE')) {
    case 'LOGISTIC':
      site.give(output, 'Sigmoid', [scores]);
      break;
    case 'SOFTMAX':
      site.give(output, 'Softmax', [scores], { axis: 1 });
      break;
    case 'SOFTMAX_ZERO': {
      const counts = site.add('Greater', [site.add('Abs', [scores]), site.real(ZERO, 'float32')]);
      site.give(output, 'Softmax', [site.add('Where', [counts, scores, site.real(FAR_BELOW, 'float32')])], { axis: 1 });
      break;
    }
    default:
      site.give(output, 'Identity', [scores]);
  }
}

/** Gives the class of the largest score, the first of equal ones. */
export function giveLabels(site: Site, scores: string, labels: readonly number[]): void {
  const position = site.add('ArgMax', [scores], { axis: 1, keepdims: 0 });
  site.give(0, 'Gather', [site.wholes(labels), position], { axis: 0 });
}

/** Gives one class or the other: the second where a score [rows, 1] is above a threshold. */
export function giveSide(site: Site, score: string, threshold: number, labels: readonly [number, number]): void {
  const above = threshold === 0 ? score : site.add('Sub', [score, site.real(threshold, 'float32')]);
  // Of a number and its negative the first is larger when it is above 0: both have one scale, so that this is exact.
  const sides = site.add('Concat', [site.add('Neg', [above]), above], { axis: 1 });
  const position = site.add('ArgMax', [sides], { axis: 1, keepdims: 0 });
  site.give(0, 'Gather', [site.wholes(labels), position], { axis: 0 });
}

/** Gives the scores of two classes by the one score [rows, 1] of the second. @param isProbability the two add up to 1. */
export function givePair(site: Site, score: string, isProbability: boolean): void {
  const isLogistic = site.attributes.text('post_transform', 'NONE') === 'LOGISTIC';
  const negated = site.add('Neg', [score]);
  const isSum = isProbability && !isLogistic;
  const other = isSum ? site.add('Add', [negated, site.real(1, 'float32')]) : negated;
  if (isLogistic) site.give(1, 'Sigmoid', [site.add('Concat', [other, score], { axis: 1 })]);
  else site.give(1, 'Concat', [other, score], { axis: 1 });
}

/** Labels as numbers, null where they are texts. */
export const labelsOf = (site: Site): number[] | null =>
  site.attributes.ints('classlabels_int64s') ?? site.attributes.ints('classlabels_ints') ?? null;
