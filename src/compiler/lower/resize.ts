/**
 * Resize and Upsample: nearest, linear and cubic, every coordinate transformation, one axis after the other. What a result is
 * made of is a constant matrix for each axis; sizes and scales are known.
 */
import { clamp, magnitude } from '../../program/range.js';
import { INT32_MAX } from '../../program/step.js';
import { at, Nest } from '../build/nest.js';
import { storedTarget, type Target } from '../build/target.js';
import { memoryOrder, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { isIdentity, pick, repeatElements, repetition } from './pick.js';

/** What a position of the result is made of; no terms: it lies outside, and is the extrapolation value. */
type Row = ReadonlyMap<number, number>;

interface AxisResize {
  readonly axis: number;
  readonly input: number;
  readonly output: number;
  readonly scale: number;
  readonly region: readonly [number, number];
}

interface Options {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  readonly extrapolation: number;
}

const single = Math.fround;

/** Where position x of the result lies in the input, in single precision as runtimes compute it; null: outside. */
function originalPosition(x: number, dim: AxisResize, { coordinates }: Options): number | null {
  const { input, output, region } = dim;
  const scale = single(dim.scale);
  if (scale === 1 && input === output && coordinates !== 'tf_crop_and_resize') return x;
  const halfPixel = single(single((x + 0.5) / scale) - 0.5);
  switch (coordinates) {
    case 'align_corners':
      return output === 1 ? 0 : single((x * (input - 1)) / (output - 1));
    case 'asymmetric':
      return single(x / scale);
    case 'tf_half_pixel_for_nn':
      return single((x + 0.5) / scale);
    case 'pytorch_half_pixel':
      return output > 1 ? halfPixel : 0;
    case 'half_pixel_symmetric': {
      const adjustment = output / (dim.scale * input);
      return single((input / 2) * (1 - adjustment) + (x + 0.5) / dim.scale - 0.5);
    }
    case 'tf_crop_and_resize': {
      const [start, end] = region;
      const along = output > 1 ? (x * (end - start) * (input - 1)) / (output - 1) : ((end - start) * (input - 1)) / 2;
      const position = single(start * (input - 1) + along);
      return position < 0 || position > input - 1 ? null : position;
    }
    default:
      return halfPixel;
  }
}

function nearestPosition(x: number, rounding: string): number {
  switch (rounding) {
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

export const linearKernel = (x: number): number => Math.max(0, 1 - Math.abs(x));

export const cubicKernel =
  (a: number) =>
  (x: number): number => {
    const d = Math.abs(x);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
  };

/** Weights of the elements around a position: a kernel, stretched where an antialiased axis shrinks. */
function interpolationRow(position: number, dim: AxisResize, options: Options): Row {
  const isCubic = options.mode === 'cubic';
  const kernel = isCubic ? cubicKernel(options.cubic) : linearKernel;
  const stretch = options.antialias ? Math.min(dim.scale, 1) : 1;
  const reach = (isCubic ? 2 : 1) / stretch;
  const row = new Map<number, number>();
  let sum = 0;
  for (let i = Math.ceil(position - reach); i <= Math.floor(position + reach); i++) {
    const weight = kernel((i - position) * stretch);
    const isOutside = i < 0 || i >= dim.input;
    if (weight === 0 || (isOutside && options.excludeOutside)) continue;
    const inside = clamp(i, 0, dim.input - 1);
    row.set(inside, (row.get(inside) ?? 0) + weight);
    sum += weight;
  }
  for (const [i, weight] of row) row.set(i, weight / sum);
  return row;
}

function rowsOf(dim: AxisResize, options: Options): Row[] {
  return Array.from({ length: dim.output }, (_, x): Row => {
    const position = originalPosition(x, dim, options);
    if (position === null) return new Map();
    if (options.mode !== 'nearest') return interpolationRow(position, dim, options);
    return new Map([[clamp(nearestPosition(position, options.nearest), 0, dim.input - 1), 1]]);
  });
}

/** The position that each row copies, or null when a row is more than a copy. */
function copiedPositions(rows: readonly Row[]): number[] | null {
  const positions = rows.flatMap((row) => (row.size === 1 ? [...row.keys()] : []));
  return positions.length === rows.length ? positions : null;
}

/** One axis as a product with a constant matrix. */
function interpolate(
  context: LoweringContext,
  node: PlanNode,
  x: Tensor,
  axis: number,
  rows: readonly Row[],
  outside: number,
  target: Target,
): Tensor {
  const input = x.shape[axis]!;
  const weights = new Float64Array(rows.length * input);
  rows.forEach((row, o) => {
    for (const [i, weight] of row) weights[o * input + i] = weight;
  });
  const shape = x.shape.map((dim, i) => (i === axis ? rows.length : dim));
  const order = memoryOrder(x);
  const nest = new Nest(
    order.map((i) => shape[i]!),
    [input],
  );
  const rowAt = [at(order.indexOf(axis))];
  const values = Float64Array.from(rows, (row) => (row.size === 0 ? outside : 0));
  const hasOutside = outside !== 0 && rows.some((row) => row.size === 0);
  const stored = context.dot(
    node,
    {
      nest,
      input: x,
      inputAt: shape.map((_, i) => at(i === axis ? nest.red(0) : order.indexOf(i))),
      weights,
      rowDims: [rows.length],
      innerDims: [input],
      rowAt,
      innerAt: [at(nest.red(0))],
      ...(hasOutside ? { bias: { values, shape: [rows.length], at: rowAt } } : {}),
    },
    target,
  );
  return context.stored(stored, shape, order);
}

/** Between two axes nothing is rounded that counts, and nothing saturates: cubic weights overshoot by half at most. */
export function partialTarget(x: Tensor, outside: number): Target {
  const bits = clamp(Math.floor(Math.log2(2 ** 28 / (magnitude(x.range) + 1))), 0, 8);
  const scale = x.scale / 2 ** bits;
  const reach = Math.min(Math.ceil(2 * magnitude(x.range) * 2 ** bits + Math.abs(outside) / scale), INT32_MAX);
  return storedTarget(scale, { lo: -reach, hi: reach }, { isFree: false, integer: false });
}

function optionsOf(node: PlanNode): Options {
  const { attributes } = node;
  const isOld = node.operator === 'Upsample' || node.opset < 11;
  const mode = attributes.text('mode', 'nearest');
  return {
    mode: mode === 'bilinear' || mode === 'trilinear' ? 'linear' : mode,
    coordinates: isOld ? 'asymmetric' : attributes.text('coordinate_transformation_mode', 'half_pixel'),
    nearest: isOld ? 'floor' : attributes.text('nearest_mode', 'round_prefer_floor'),
    cubic: attributes.float('cubic_coeff_a', -0.75),
    excludeOutside: attributes.int('exclude_outside', 0) !== 0,
    antialias: attributes.int('antialias', 0) !== 0,
    extrapolation: attributes.float('extrapolation_value', 0),
  };
}

/** Positions of the inputs with the region, the scales and the sizes; they moved in opset 11. */
const OPERANDS = { old: { region: -1, scales: 1, sizes: -1 }, current: { region: 1, scales: 2, sizes: 3 } };

const operandsOf = (node: PlanNode) =>
  node.operator === 'Upsample' || node.opset < 11 ? OPERANDS.old : OPERANDS.current;

/** The resized axes, with the scale of each as the node gives it. */
function axesOf(context: LoweringContext, node: PlanNode): AxisResize[] {
  const input = context.shape(node.inputs[0]!);
  const output = context.shape(node.outputs[0]!);
  const rank = input.length;
  const list = (position: number): readonly number[] => {
    const numbers = position < 0 ? undefined : context.numbers(node, position);
    return numbers ? [...numbers] : [];
  };
  const axes = (node.attributes.ints('axes') ?? input.map((_, i) => i)).map((axis) => (axis < 0 ? axis + rank : axis));
  const operands = operandsOf(node);
  const region = list(operands.region);
  const given = list(operands.scales);
  const scales = given.length > 0 ? given : (node.attributes.floats('scales') ?? []);
  const sizes = list(operands.sizes);
  const ratios = axes.map((axis, i) => (sizes[i] ?? output[axis]!) / input[axis]!);
  const policy = node.attributes.text('keep_aspect_ratio_policy', 'stretch');
  const common = policy === 'not_larger' ? Math.min(...ratios) : policy === 'not_smaller' ? Math.max(...ratios) : null;
  return axes.map((axis, i) => ({
    axis,
    input: input[axis]!,
    output: output[axis]!,
    scale: scales[i] ?? common ?? ratios[i]!,
    region: [region[i] ?? 0, region[axes.length + i] ?? 1],
  }));
}

/** Of one axis: each result has a weight for every input of it. */
const MOST_WEIGHTS = 2 ** 24;

export const resize: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const options = optionsOf(node);
    let x = context.input(node, 0);
    const plans = axesOf(context, node)
      .map((dim) => ({ axis: dim.axis, input: dim.input, rows: rowsOf(dim, options) }))
      .map((plan) => ({ ...plan, positions: copiedPositions(plan.rows) }))
      .filter(({ positions, input }) => !positions || !isIdentity(positions, input));
    const times = x.shape.map((dim, axis) => {
      const plan = plans.find((candidate) => candidate.axis === axis);
      return plan ? (plan.positions ? repetition(plan.positions, dim) : 0) : 1;
    });
    if (times.every((n) => n > 0)) {
      const isFinal = times.some((n) => n > 1) || node.applied || node.quantum;
      const repeated = isFinal ? repeatElements(context, node, '', x, times, context.target(node, { keep: x })) : x;
      return context.define(output, repeated);
    }
    // Axes that shrink come first: less is left to do for the others.
    const sorted = [...plans].sort((p, q) => p.rows.length / p.input - q.rows.length / q.input);
    sorted.forEach(({ axis, rows, positions }, i) => {
      const isLast = i === sorted.length - 1;
      const part = isLast ? '' : `axis${axis}`;
      if (positions) {
        const target = isLast && (node.applied || node.quantum) ? context.target(node, { keep: x }) : undefined;
        x = pick(context, node, part, x, axis, positions, target);
      } else {
        const target = isLast ? context.target(node) : partialTarget(x, options.extrapolation);
        x = interpolate(context, node, x, axis, rows, options.extrapolation, target);
      }
    });
    context.define(output, x);
  },
  refuses: (context, node) => {
    const { region, scales, sizes } = operandsOf(node);
    const isKnown = [region, scales, sizes].every(
      (i) => i < 0 || !context.has(node, i) || context.constant(node, i) !== undefined,
    );
    if (!isKnown) return 'its scales, its sizes or its region depend on the input';
    const { mode } = optionsOf(node);
    if (!['nearest', 'linear', 'cubic'].includes(mode)) return `its mode is "${mode}"`;
    if (mode === 'nearest') return null;
    if (context.isInteger(node.outputs[0]!)) return 'it interpolates between whole numbers';
    const long = axesOf(context, node).find((dim) => dim.input * dim.output > MOST_WEIGHTS);
    return long ? `axis ${long.axis} grows from ${long.input} to ${long.output}, which takes too many weights` : null;
  },
  finishes: true,
};
