/** DFT and STFT: products with the cosines and sines of a known length. */
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

/** Where opset 20 made the axis an input, with another default. */
const AXIS_INPUT_OPSET = 20;

interface Transform {
  /** Length of the transform. */
  readonly length: number;
  /** Given and wanted numbers along the axis, and how many each is (1 real, 2 complex). */
  readonly from: { readonly count: number; readonly parts: number };
  readonly to: { readonly count: number; readonly parts: number };
  readonly inverse: boolean;
}

/** [from.count · from.parts, to.count · to.parts] */
function matrix({ length, from, to, inverse }: Transform): Float64Array {
  const columns = to.count * to.parts;
  const result = new Float64Array(from.count * from.parts * columns);
  const add = (i: number, k: number, sign: number, conjugate: boolean): void => {
    const source = conjugate ? length - i : i;
    // Whole turns are left out, so that the angle is exact.
    const angle = (sign * 2 * Math.PI * ((source * k) % length)) / length;
    const unit = inverse ? 1 / length : 1;
    const [c, s] = [Math.cos(angle) * unit, Math.sin(angle) * unit];
    const flip = conjugate ? -1 : 1;
    const at = (part: number, out: number): number => (i * from.parts + part) * columns + k * to.parts + out;
    result[at(0, 0)]! += c;
    if (to.parts === 2) result[at(0, 1)]! += s;
    if (from.parts === 2) {
      result[at(1, 0)]! -= s * flip;
      if (to.parts === 2) result[at(1, 1)]! += c * flip;
    }
  };
  const sign = inverse ? 1 : -1;
  // Half of a spectrum stands for all of it: the rest is conjugate.
  const isHalf = inverse && to.parts === 1;
  for (let i = 0; i < Math.min(from.count, length); i++)
    for (let k = 0; k < to.count; k++) {
      add(i, k, sign, false);
      if (isHalf && i > 0 && length - i >= from.count) add(i, k, sign, true);
    }
  return result;
}

function axisOf(site: Site): number {
  const rank = site.shape(0).length;
  const axis = site.opset >= AXIS_INPUT_OPSET ? (site.numbers(2)?.[0] ?? -2) : site.attributes.int('axis', 1);
  return axis < 0 ? axis + rank : axis;
}

export const fourierTransform: Expansion = {
  expand: (site) => {
    const shape = site.shape(0);
    const outShape = site.outputShape();
    const axis = axisOf(site);
    const last = shape.length - 1;
    const inverse = site.attributes.int('inverse', 0) !== 0;
    const from = { count: shape[axis]!, parts: shape[last]! };
    const to = { count: outShape[axis]!, parts: outShape[last]! };
    const isHalf = inverse && site.attributes.int('onesided', 0) !== 0;
    const length = site.numbers(1)?.[0] ?? (isHalf ? to.count : from.count);
    const others = shape.map((_, i) => i).filter((i) => i !== axis && i !== last);
    const order = [...others, axis, last];
    const moved = site.add('Transpose', [site.input(0)], { perm: order });
    const rows = site.reshape(moved, [-1, from.count * from.parts]);
    const values = matrix({ length, from, to, inverse });
    const weights = site.reals(values, [from.count * from.parts, to.count * to.parts]);
    const product = site.add('MatMul', [rows, weights]);
    const spectrum = site.reshape(
      product,
      order.map((i) => outShape[i]!),
    );
    site.give(0, 'Transpose', [spectrum], { perm: shape.map((_, i) => order.indexOf(i)) });
  },
  refuses: (site) =>
    (site.has(1) && !site.constant(1)) || (site.has(2) && !site.constant(2))
      ? 'its length or its axis depends on the input'
      : null,
};

/** Frames of a signal, each times the window, transformed: a convolution. */
export const shortTimeFourierTransform: Expansion = {
  expand: (site) => {
    const signal = site.shape(0);
    const [batch, samples] = signal as [number, number];
    const parts = signal.length === 3 ? signal[2]! : 1;
    const [, frames, bins] = site.outputShape() as [number, number, number];
    const window = site.numbers(2);
    const length = site.numbers(3)?.[0] ?? window!.length;
    const values = matrix({ length, from: { count: length, parts }, to: { count: bins, parts: 2 }, inverse: false });
    // Rows of the matrix are samples; weights are [bin · part, part of the signal, sample].
    const weights = new Float64Array(values.length);
    for (let i = 0; i < length; i++)
      for (let part = 0; part < parts; part++)
        for (let k = 0; k < bins * 2; k++)
          weights[(k * parts + part) * length + i] =
            values[(i * parts + part) * bins * 2 + k]! * (window ? window[i]! : 1);
    const rows = site.reshape(site.input(0), [batch, samples, parts]);
    const channels = site.add('Transpose', [rows], { perm: [0, 2, 1] });
    const kernel = site.reals(weights, [bins * 2, parts, length]);
    const strides = [site.numbers(1)![0]!];
    const spectrum = site.add('Conv', [channels, kernel], { kernel_shape: [length], strides });
    const byFrame = site.add('Transpose', [spectrum], { perm: [0, 2, 1] });
    site.give(0, 'Reshape', [byFrame, site.wholes([batch, frames, bins, 2])]);
  },
  refuses: (site) =>
    [1, 2, 3].some((i) => site.has(i) && !site.constant(i))
      ? 'its step, its window or its length depends on the input'
      : null,
};
