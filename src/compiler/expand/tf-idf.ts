/** TfIdfVectorizer of whole numbers: every n-gram of the pool is compared with every place of the sequence. */
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const MOST_COMPARISONS = 2 ** 22;

interface Grams {
  readonly length: number;
  /** Rows of `length` numbers. */
  readonly numbers: readonly number[];
  /** Where in the result each of them is counted. */
  readonly columns: readonly number[];
}

/** The n-grams that count, by their length. */
function gramsOf({ attributes }: Site): Grams[] {
  const pool = attributes.ints('pool_int64s') ?? [];
  const starts = attributes.ints('ngram_counts') ?? [];
  const columns = attributes.ints('ngram_indexes') ?? [];
  const [least, most] = [attributes.int('min_gram_length', 1), attributes.int('max_gram_length', 1)];
  let passed = 0;
  return starts.flatMap((start, i) => {
    const length = i + 1;
    const numbers = pool.slice(start, starts[i + 1] ?? pool.length);
    const count = Math.floor(numbers.length / length);
    const own = columns.slice(passed, passed + count);
    passed += count;
    return length >= least && length <= most && count > 0 ? [{ length, numbers, columns: own }] : [];
  });
}

/** Positions of all n-grams of a sequence: rows of `length`, for each skip. Skips make no difference to single elements. */
function placesOf(site: Site, length: number, sequence: number): number[][] {
  const skips = length === 1 ? 0 : site.attributes.int('max_skip_count', 0);
  return Array.from({ length: skips + 1 }, (_, skip) => {
    const count = Math.max(sequence - (length - 1) * (skip + 1), 0);
    return Array.from({ length: count }, (_, start) => Array.from({ length }, (_, k) => start + k * (skip + 1)));
  }).flat();
}

const comparisons = (site: Site): number => {
  const sequence = site.shape(0).at(-1)!;
  const rows = site.shape(0).reduce((n, dim) => n * dim, 1) / Math.max(sequence, 1);
  return gramsOf(site).reduce(
    (sum, { numbers, length }) => sum + rows * numbers.length * placesOf(site, length, sequence).length,
    0,
  );
};

export const tfIdfVectorizer: Expansion = {
  expand: (site) => {
    const { attributes } = site;
    const shape = site.shape(0);
    const sequence = shape.at(-1)!;
    const rows = shape.length === 2 ? shape[0]! : 1;
    const width = site.outputShape().at(-1)!;
    const x = site.reshape(site.input(0), [rows, sequence]);
    const parts = [site.reals(new Float64Array(rows), [rows, 1], 'float32')];
    /** Which column of the parts, side by side, each column of the result is; the first is zero. */
    const sources = new Float64Array(width);
    let before = 1;
    for (const { length, numbers, columns } of gramsOf(site)) {
      columns.forEach((column, i) => {
        sources[column] = before + i;
      });
      before += columns.length;
      const places = placesOf(site, length, sequence);
      if (places.length === 0) {
        parts.push(site.reals(new Float64Array(rows * columns.length), [rows, columns.length], 'float32'));
        continue;
      }
      const found = site.add('Gather', [x, site.wholes(places.flat(), [1, places.length, length])], { axis: 1 });
      const grams = site.cast(site.wholes(numbers, [columns.length, 1, length]), site.type(0));
      const isEqual = site.cast(site.add('Equal', [found, grams]), 'float32');
      const isSame = length === 1 ? isEqual : site.reduce('ReduceMin', isEqual, [3]);
      const counts = site.reduce('ReduceSum', site.reshape(isSame, [rows, columns.length, places.length]), [2]);
      parts.push(site.reshape(counts, [rows, columns.length]));
    }
    const counted = site.add('Gather', [site.add('Concat', parts, { axis: 1 }), site.wholes(sources)], { axis: 1 });
    const mode = attributes.text('mode', 'TF');
    const isThere = (): string => site.cast(site.add('Greater', [counted, site.real(0, 'float32')]), 'float32');
    const value = mode === 'IDF' ? isThere() : counted;
    const weights = attributes.floats('weights');
    const weighted =
      mode === 'TF' || !weights
        ? value
        : site.add('Mul', [value, site.reals(byColumn(site, weights, width), [width], 'float32')]);
    site.give(0, 'Reshape', [weighted, site.wholes(site.outputShape())]);
  },
  refuses: (site) => {
    if (!site.attributes.has('pool_int64s')) return 'it is of strings';
    return comparisons(site) > MOST_COMPARISONS
      ? `it compares ${comparisons(site)} times, more than ${MOST_COMPARISONS}`
      : null;
  },
};

/** Weights are listed in the order of the pool. */
function byColumn({ attributes }: Site, weights: readonly number[], width: number): Float64Array {
  const result = new Float64Array(width).fill(1);
  (attributes.ints('ngram_indexes') ?? []).forEach((column, i) => {
    result[column] = weights[i] ?? 1;
  });
  return result;
}
