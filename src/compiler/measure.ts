/**
 * Runs the float model with all its intermediate tensors. One run gives every tensor's static shape and type and the values of
 * the constant ones, so that no operator needs shape inference here; all runs together give the ranges.
 */
import { UserError } from '../errors.js';
import type { FloatRuntime, FloatTensor } from './float-runtime.js';
import type { OnnxModel } from './onnx/graph.js';
import { instrument } from './onnx/instrument.js';
import { eachNumber, isFloat } from './onnx/tensor.js';
import type { FloatSample } from './samples.js';
import type { Shapes } from './shapes.js';

/** Smallest and largest real value. */
export type RealRange = readonly [number, number];

/** What is known of a tensor of the float model. */
export interface TensorFacts {
  readonly shape: readonly number[];
  readonly type: string;
  /** The value, when it does not depend on the model's input data. */
  readonly constant?: FloatTensor;
}

export interface Measurement {
  readonly facts: ReadonlyMap<string, TensorFacts>;
  /** Of every tensor that is not constant, with headroom where it is a floating one. */
  readonly ranges: Readonly<Record<string, RealRange>>;
}

const GENERATED_HEADROOM = 2;
const LEAST_HEADROOM = 1.25;
const MOST_HEADROOM = 2.5;

/**
 * Factor by which measured ranges are widened; values beyond saturate. The fewer samples, the more is likely to be beyond
 * them; and generated samples are less like what comes later than the user's own. A factor of two costs one of 16 bits.
 */
export const headroomOf = (samples: number, generated: boolean): number =>
  generated ? GENERATED_HEADROOM : Math.min(LEAST_HEADROOM + 2 / Math.sqrt(samples), MOST_HEADROOM);

/** Larger magnitudes stand for infinity in attention masks; they tell nothing about a range. */
export const LARGEST_REAL = 1e30;

function rangeOf(name: string, tensor: FloatTensor): RealRange {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const values = eachNumber(tensor);
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (Number.isNaN(x))
      throw new UserError(
        'OG_NOT_A_NUMBER',
        `The tensor "${name}" is not a number (NaN) for one of the samples.`,
        'Give calibration samples that the model is meant for (--calibration).',
      );
    if (Math.abs(x) > LARGEST_REAL) continue;
    if (x < lo) lo = x;
    if (x > hi) hi = x;
  }
  return lo <= hi ? [lo + 0, hi + 0] : [0, 0];
}

/** An input is stored at a scale by its range: what stands for infinity would be any large number. */
function refuseInfinity(name: string, tensor: FloatTensor): void {
  if (!isFloat(tensor.type)) return;
  const values = eachNumber(tensor);
  for (let i = 0; i < values.length; i++)
    if (Math.abs(values[i]!) > LARGEST_REAL)
      throw new UserError(
        'OG_INFINITE_INPUT',
        `The input "${name}" holds ${values[i]! < 0 ? 'minus ' : ''}infinity, or a number that stands for it, in a sample: og's inputs are finite.`,
        'Use a mask of truth values, or of numbers like -10000.',
      );
}

/** Away from zero: a range that begins at zero still does. */
const widen = ([lo, hi]: RealRange, factor: number): RealRange => [
  lo < 0 ? lo * factor : lo / factor,
  hi > 0 ? hi * factor : hi / factor,
];

const union = (x: RealRange | undefined, y: RealRange): RealRange =>
  x ? [Math.min(x[0], y[0]), Math.max(x[1], y[1])] : y;

/**
 * Measures a model.
 *
 * @param tensors names of the tensors to measure, among the outputs of nodes.
 * @param headroom factor that floating ranges are widened by.
 * @param constant names of the tensors whose values are wanted; of all others the range is.
 */
export async function measure(
  model: OnnxModel,
  shapes: Shapes,
  tensors: readonly string[],
  constant: ReadonlySet<string>,
  samples: readonly FloatSample[],
  headroom: number,
  runtime: FloatRuntime,
): Promise<Measurement> {
  const session = await runtime.open(instrument(model, shapes, tensors));
  try {
    const facts = new Map<string, TensorFacts>();
    for (const [name, value] of model.graph.initializers)
      facts.set(name, { shape: value.dims, type: value.type, constant: value });
    const ranges = new Map<string, RealRange>();
    for (const sample of samples) {
      for (const [name, value] of Object.entries(sample)) refuseInfinity(name, value);
      const results = { ...sample, ...(await session.run(sample)) };
      for (const [name, value] of Object.entries(results)) {
        const isConstant = constant.has(name);
        if (!facts.has(name))
          facts.set(name, { shape: value.dims, type: value.type, ...(isConstant ? { constant: value } : {}) });
        if (!isConstant) ranges.set(name, union(ranges.get(name), rangeOf(name, value)));
      }
    }
    const names = [...ranges.keys()].sort();
    const widened = names.map((name) => {
      const range = ranges.get(name)!;
      return [name, isFloat(facts.get(name)!.type) ? widen(range, headroom) : range] as const;
    });
    return { facts, ranges: Object.fromEntries(widened) };
  } finally {
    await session.close();
  }
}
