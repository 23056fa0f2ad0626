/**
 * GridSample of any rank: nearest, linear and cubic, every padding. What an axis contributes (the elements that a position lies
 * between, and their weights) are tables over the position; every combination of elements of the axes is one term of the sum.
 */
import { clamp } from '../../program/range.js';
import { INT32_MAX, MAX_TABLE_LENGTH } from '../../program/step.js';
import { at, fixed, Nest } from '../build/nest.js';
import type { Target } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { RealRange } from '../measure.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { keeping } from './pick.js';
import { cubicKernel, linearKernel, partialTarget } from './resize.js';

/** An element of an axis and its weight; one outside of the tensor has the weight 0. */
interface Tap {
  readonly index: number;
  readonly weight: number;
}

interface Sampling {
  readonly mode: string;
  readonly padding: string;
  readonly alignCorners: boolean;
}

const MODES: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' };
const TAPS: Readonly<Record<string, number>> = { nearest: 1, linear: 2, cubic: 4 };
const PADDINGS: readonly string[] = ['zeros', 'border', 'reflection'];
const CUBIC = -0.75;
/** A weight of 1 is so many units. */
const WEIGHT_UNITS = 2 ** 14;
const MOST_FRACTION_BITS = 15;
/** Beyond so many elements from the tensor a position is as any other outside. */
const MARGIN = 3;

function samplingOf(node: PlanNode): Sampling {
  const mode = node.attributes.text('mode', node.opset >= 20 ? 'linear' : 'bilinear');
  return {
    mode: MODES[mode] ?? mode,
    padding: node.attributes.text('padding_mode', 'zeros'),
    alignCorners: node.attributes.int('align_corners', 0) !== 0,
  };
}

/** Mirrored at both ends until it is between them. */
function reflect(x: number, low: number, high: number): number {
  if (x >= low && x <= high) return x;
  const span = high - low;
  if (span === 0) return low;
  const turn = (((x - low) % (2 * span)) + 2 * span) % (2 * span);
  return low + (turn <= span ? turn : 2 * span - turn);
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The elements that a position on an axis lies between, always as many; the padding says what stands outside. */
function tapsAt(given: number, dim: number, { mode, padding, alignCorners }: Sampling): Tap[] {
  const [low, high] = alignCorners ? [0, dim - 1] : [-0.5, dim - 0.5];
  const position = mode === 'nearest' ? roundHalfEven(given) : given;
  const count = TAPS[mode]!;
  const first = mode === 'nearest' ? position : Math.floor(position) + 1 - count / 2;
  const kernel = mode === 'cubic' ? cubicKernel(CUBIC) : linearKernel;
  return Array.from({ length: count }, (_, k): Tap => {
    const element = first + k;
    const weight = mode === 'nearest' ? 1 : kernel(element - position);
    const isInside = element >= 0 && element < dim;
    if (padding === 'zeros') return { index: clamp(element, 0, dim - 1), weight: isInside ? weight : 0 };
    const folded = padding === 'reflection' ? Math.round(reflect(element, low, high)) : element;
    return { index: clamp(folded, 0, dim - 1), weight };
  });
}

/** An axis as tables over its positions. */
interface AxisTables {
  /** Elements a unit of the grid is, and the position of the grid's 0. */
  readonly slope: number;
  readonly offset: number;
  /** Positions count in this. */
  readonly step: number;
  readonly base: number;
  readonly taps: readonly (readonly Tap[])[];
}

function tablesOf(dim: number, [lo, hi]: RealRange, sampling: Sampling): AxisTables {
  const slope = (sampling.alignCorners ? dim - 1 : dim) / 2;
  const offset = (dim - 1) / 2;
  const isFolded = sampling.padding === 'reflection';
  const bound = (position: number): number => (isFolded ? position : clamp(position, -MARGIN, dim - 1 + MARGIN));
  const [first, last] = [bound(lo * slope + offset), bound(hi * slope + offset)];
  const bits = Math.floor(Math.log2((MAX_TABLE_LENGTH - 4) / Math.max(last - first, 1)));
  const step = 2 ** -Math.min(bits, MOST_FRACTION_BITS);
  const base = Math.floor(first / step);
  const length = Math.ceil(last / step) - base + 1;
  return {
    slope,
    offset,
    step,
    base,
    taps: Array.from({ length }, (_, i) => tapsAt((base + i) * step, dim, sampling)),
  };
}

/** A table of the position that a coordinate of the grid stands for. */
function tableTarget({ slope, offset, step, base, taps }: AxisTables, entry: (taps: readonly Tap[]) => number): Target {
  const data = Int32Array.from(taps, entry);
  return {
    alpha: slope,
    beta: offset,
    scale: step,
    isFree: false,
    finish: () => ({
      clamp: { lo: base, hi: base + data.length - 1 },
      table: { base, data },
      scale: 1,
      integer: true,
    }),
  };
}

/** All combinations of one position from each of `count` axes. */
const combinations = (count: number, positions: number): number[][] =>
  count === 0
    ? [[]]
    : combinations(count - 1, positions).flatMap((rest) => Array.from({ length: positions }, (_, k) => [...rest, k]));

/** Tensors [batch, positions...] of one axis: each tap's element and weight. */
interface AxisTensors {
  readonly indices: readonly Tensor[];
  readonly weights: readonly Tensor[];
}

export const gridSample: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const given = context.input(node, 0);
    const x = given.strides.every((stride) => stride >= 0) ? given : context.contiguous(node, given);
    const grid = context.input(node, 1);
    const dims = x.shape.slice(2);
    const sampling = samplingOf(node);
    const places = [shape[0]!, ...shape.slice(2)];
    const placeNest = new Nest(places);
    const placeAt = places.map((_, i) => at(i));
    const order = places.map((_, i) => i);
    const range = context.range(node.inputs[1]!);
    const isWeighted = sampling.mode !== 'nearest' || sampling.padding === 'zeros';

    const axes = dims.map((dim, axis): AxisTensors => {
      const tables = tablesOf(dim, range, sampling);
      // The grid names the innermost axis first.
      const a = placeNest.read(grid, [...placeAt, fixed(dims.length - 1 - axis)]);
      const table = (part: string, entry: (taps: readonly Tap[]) => number): Tensor => {
        const accumulation = { nest: placeNest, a, range: grid.range, scale: grid.scale };
        const stored = context.linear(node, `axis${axis} ${part}`, accumulation, tableTarget(tables, entry));
        return context.stored(stored, places, order);
      };
      const taps = Array.from({ length: TAPS[sampling.mode]! }, (_, k) => k);
      return {
        indices: taps.map((k) => table(`element${k}`, (entries) => entries[k]!.index)),
        weights: isWeighted
          ? taps.map((k) => table(`weight${k}`, (entries) => Math.round(entries[k]!.weight * WEIGHT_UNITS)))
          : [],
      };
    });

    const strides = x.strides.slice(2);
    const extent = 1 + dims.reduce((sum, dim, i) => sum + (dim - 1) * strides[i]!, 0);
    const nest = new Nest(shape);
    const outAt = shape.map((_, i) => at(i));
    const perPlace = [outAt[0]!, ...outAt.slice(2)];
    const outOrder = shape.map((_, i) => i);
    const corners = combinations(dims.length, TAPS[sampling.mode]!);
    let result: Tensor | null = null;
    corners.forEach((corner, i) => {
      const isLast = i === corners.length - 1;
      const indices = corner.map((k, axis) => axes[axis]!.indices[k]!);
      const position = sumOf(context, node, `position${i}`, indices, strides, places, extent);
      const reading = {
        nest,
        combine: 'indexed' as const,
        a: nest.read(x, [outAt[0]!, outAt[1]!, ...dims.map(() => fixed(0))]),
        b: nest.read(position, perPlace),
        index: { stride: 1, extent },
        range: x.range,
        scale: x.scale,
      };
      if (!isWeighted) {
        result = context.stored(context.linear(node, '', reading, context.target(node, { keep: x })), shape, outOrder);
        return;
      }
      const value = context.stored(context.linear(node, `value${i}`, reading, keeping(x)), shape, outOrder);
      const weights = corner.map((k, axis) => axes[axis]!.weights[k]!);
      const weight = productOf(context, node, `weight${i}`, weights, places);
      const target = isLast ? context.target(node) : partialTarget(x, 0);
      const largest = Math.max(Math.abs(value.range.lo), Math.abs(value.range.hi)) * 2 * WEIGHT_UNITS;
      const sum = context.linear(
        node,
        isLast ? '' : `sum${i}`,
        {
          nest,
          combine: 'product',
          a: nest.read(value, outAt),
          b: nest.read(weight, perPlace),
          range: { lo: -largest, hi: largest },
          scale: value.scale / WEIGHT_UNITS,
          ...(result ? { bias: { tensor: result, at: outAt } } : {}),
        },
        target,
      );
      result = context.stored(sum, shape, outOrder);
    });
    context.define(output, result!);
  },
  refuses: (context, node) => {
    const { mode, padding } = samplingOf(node);
    if (TAPS[mode] === undefined) return `its mode is "${mode}"`;
    if (!PADDINGS.includes(padding)) return `its padding is "${padding}"`;
    const isWhole = context.isInteger(node.outputs[0]!);
    return isWhole && mode !== 'nearest' ? 'it interpolates between whole numbers' : null;
  },
  selects: true,
};

/** `Σ weight · tensor`, two at a time. */
function sumOf(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  tensors: readonly Tensor[],
  factors: readonly number[],
  shape: readonly number[],
  extent: number,
): Tensor {
  const nest = new Nest(shape);
  const loops = shape.map((_, i) => at(i));
  const target = { lo: 0, hi: Math.min(extent - 1, INT32_MAX) };
  return tensors.reduce<Tensor | null>((sum, tensor, i) => {
    const accumulation = {
      nest,
      a: nest.read(tensor, loops),
      range: tensor.range,
      scale: factors[i]!,
      ...(sum ? { bias: { tensor: sum, at: loops } } : {}),
    };
    const stored = context.linear(node, `${part} axis${i}`, accumulation, keeping({ ...tensor, range: target }));
    return context.stored(
      stored,
      shape,
      loops.map((_, axis) => axis),
    );
  }, null)!;
}

/** The product of weights, in the units of one. */
function productOf(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  weights: readonly Tensor[],
  shape: readonly number[],
): Tensor {
  const nest = new Nest(shape);
  const loops = shape.map((_, i) => at(i));
  const limit = 2 * WEIGHT_UNITS;
  return weights.reduce((product, weight, i) => {
    const largest = limit * limit;
    const accumulation = {
      nest,
      combine: 'product' as const,
      a: nest.read(product, loops),
      b: nest.read(weight, loops),
      range: { lo: -largest, hi: largest },
      scale: 1 / WEIGHT_UNITS,
    };
    const target = keeping({ ...weight, range: { lo: -limit, hi: limit } });
    const stored = context.linear(node, `${part} axis${i}`, accumulation, target);
    return context.stored(
      stored,
      shape,
      loops.map((_, axis) => axis),
    );
  });
}
