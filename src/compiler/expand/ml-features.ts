/** Operators of ai.onnx.ml that prepare features: Scaler, Normalizer, Binarizer, ArrayFeatureExtractor. */
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const asFloat = (site: Site): string =>
  site.type(0) === 'float32' ? site.input(0) : site.cast(site.input(0), 'float32');

/** (x - offset) · scale, for each feature or for all. */
export const scaler: Expansion = {
  expand: (site) => {
    const list = (name: string): number[] => site.attributes.floats(name) ?? [];
    const [offset, scale] = [list('offset'), list('scale')];
    const dims = (values: readonly number[]): number[] => (values.length === 1 ? [] : [values.length]);
    const centred =
      offset.length === 0
        ? asFloat(site)
        : site.add('Sub', [asFloat(site), site.reals(offset, dims(offset), 'float32')]);
    if (scale.length === 0) return site.give(0, 'Identity', [centred]);
    site.give(0, 'Mul', [centred, site.reals(scale, dims(scale), 'float32')]);
  },
};

/** Rows divided by their largest element, or by the sum of their magnitudes, or of their squares under the root. */
export const normalizer: Expansion = {
  expand: (site) => {
    const x = asFloat(site);
    const norm = site.attributes.text('norm', 'MAX');
    const [features, ...before] = [...site.shape(0)].reverse() as [number, ...number[]];
    const rows = before.reduce((n, dim) => n * dim, 1);
    const kept = [...site.shape(0).slice(0, -1), 1];
    if (norm === 'MAX') {
      const largest = site.add('GlobalMaxPool', [site.reshape(x, [rows, 1, features])]);
      return site.give(0, 'Div', [x, site.reshape(largest, kept)]);
    }
    site.give(0, 'LpNormalization', [x], { axis: site.shape(0).length - 1, p: norm === 'L1' ? 1 : 2 });
  },
};

/** 1 above a threshold, 0 up to it. */
export const binarizer: Expansion = {
  expand: (site) => {
    const threshold = site.real(site.attributes.float('threshold', 0));
    const type = site.outputType();
    const isAbove = site.add('Greater', [site.input(0), threshold]);
    if (type === 'bool') return site.give(0, 'Identity', [isAbove]);
    site.give(0, 'Identity', [site.cast(isAbove, type)]);
  },
};

/** Some columns, by position on the last axis. */
export const arrayFeatureExtractor: Expansion = {
  expand: (site) => {
    const indices = [...(site.numbers(1) ?? [])];
    const columns = site.add('Gather', [site.input(0), site.wholes(indices)], { axis: site.shape(0).length - 1 });
    site.give(0, 'Reshape', [columns, site.wholes(site.outputShape())]);
  },
  refuses: (site) => (site.numbers(1) ? null : 'its positions depend on the input'),
};
