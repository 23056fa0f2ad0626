/**
 * What RNN, GRU and LSTM have in common: their parameters, the input's part of every gate for all moments at once, and the
 * unrolled loop over the moments in each direction.
 *
 * States and sums count in powers of two, finer than ordinary tensors, so that nothing but the tables of the activations rounds
 * noticeably from one moment to the next.
 */
import { hull, magnitude, symmetric } from '../../program/range.js';
import { INT32_MAX, scalar } from '../../program/step.js';
import { emitDot } from '../build/dot.js';
import { type Bias, largestMagnitude, type Stored } from '../build/linear.js';
import { at, type Index, Nest } from '../build/nest.js';
import { storedTarget, type Target } from '../build/target.js';
import { slice, type Tensor, transpose } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { UnaryFunction } from '../unary-function.js';
import { activationsOf, powerOfTwoScale } from './activation.js';
import { concatenate } from './concat.js';
import type { LoweringContext } from './context.js';
import { weightedSum } from './weighted-sum.js';

/** Sums of gates have so many units for the largest that they can be. */
const SUM_UNITS = 2 ** 29;
const FINEST_SUM = 2 ** -24;
/** A state of magnitude 1 has so many units. */
export const STATE_UNITS = 2 ** 22;

/** Parameters, constant or computed: [rows] or [rows, columns]. */
export interface Parameters {
  readonly values?: Float64Array;
  readonly tensor?: Tensor;
  readonly shape: readonly number[];
}

/** One direction of a node. */
export interface Direction {
  readonly isReverse: boolean;
  readonly activations: readonly UnaryFunction[];
  readonly weights: Parameters;
  readonly recurrence: Parameters;
  readonly inputBias: Parameters | null;
  readonly recurrenceBias: Parameters | null;
  readonly peepholes: Parameters | null;
  readonly initialHidden: Tensor | null;
  readonly initialCell: Tensor | null;
}

export interface Recurrent {
  readonly context: LoweringContext;
  readonly node: PlanNode;
  /** [moments, batch, size]. */
  readonly input: Tensor;
  /** Largest magnitude of the input by what was measured. */
  readonly inputReach: number;
  readonly moments: number;
  readonly batch: number;
  readonly hidden: number;
  /** Largest magnitude that a hidden state can have. */
  readonly hiddenReach: number;
  /** How many moments count for each of the batch; null: all. */
  readonly lengths: readonly number[] | null;
  readonly directions: readonly Direction[];
}

export interface State {
  /** [batch, hidden]; null is 0. */
  readonly hidden: Tensor | null;
  readonly cell: Tensor | null;
}

/** One moment: the input's part of the gates, each [batch, rows], and the state before it, to the state after it. */
export type Cell = (part: string, inputs: readonly Tensor[], state: State) => State;

export const rowsFrom = ({ values, tensor, shape }: Parameters, from: number, count: number): Parameters => {
  const rowSize = shape.slice(1).reduce((n, dim) => n * dim, 1);
  return {
    shape: [count, ...shape.slice(1)],
    ...(values ? { values: values.subarray(from * rowSize, (from + count) * rowSize) } : {}),
    ...(tensor ? { tensor: slice(tensor, 0, from, 1, count) } : {}),
  };
};

/** The parameters of one direction: without the first axis of an input. */
function parametersOf(context: LoweringContext, node: PlanNode, input: number, direction: number): Parameters | null {
  if (!context.has(node, input)) return null;
  const [directions, ...shape] = context.shape(node.inputs[input]!) as [number, ...number[]];
  const values = context.numbers(node, input);
  if (values) {
    const size = values.length / directions;
    return { shape, values: values.subarray(direction * size, (direction + 1) * size) };
  }
  return { shape, tensor: withoutAxis(slice(context.input(node, input), 0, direction, 1, 1), 0) };
}

export function withoutAxis(tensor: Tensor, axis: number): Tensor {
  const stays = (_: number, i: number): boolean => i !== axis;
  return { ...tensor, shape: tensor.shape.filter(stays), strides: tensor.strides.filter(stays) };
}

function withAxis(tensor: Tensor, axis: number): Tensor {
  const insert = (list: readonly number[], value: number): number[] => [
    ...list.slice(0, axis),
    value,
    ...list.slice(axis),
  ];
  return { ...tensor, shape: insert(tensor.shape, 1), strides: insert(tensor.strides, 0) };
}

/** Nothing but zeros. */
const isZero = (context: LoweringContext, node: PlanNode, input: number): boolean =>
  !context.has(node, input) || context.numbers(node, input)?.every((value) => value === 0) === true;

/** A target with room for ±reach, counting in a power of two. */
export function sumTarget(reach: number): Target {
  const scale = Math.max(powerOfTwoScale(reach, SUM_UNITS), FINEST_SUM);
  const limit = Math.min(Math.ceil(reach / scale) + 1, INT32_MAX);
  return storedTarget(scale, { lo: -limit, hi: limit }, { isFree: false, integer: false });
}

/** Where a state of magnitude up to `reach` is stored. */
export function stateTarget(reach: number): Target {
  const scale = Math.max(powerOfTwoScale(reach, SUM_UNITS), 1 / STATE_UNITS);
  const limit = Math.min(Math.ceil(reach / scale), INT32_MAX);
  return storedTarget(scale, { lo: -limit, hi: limit }, { isFree: false, integer: false });
}

export const reachOf = (tensor: Tensor): number => magnitude(tensor.range) * tensor.scale;

/** An initial state at the scale of states. */
function initialState(
  context: LoweringContext,
  node: PlanNode,
  input: number,
  direction: number,
  { isBatchFirst, reach }: { isBatchFirst: boolean; reach: number },
): Tensor | null {
  if (isZero(context, node, input)) return null;
  const [lo, hi] = context.range(node.inputs[input]!);
  const given = context.input(node, input);
  const axis = isBatchFirst ? 1 : 0;
  const tensor = withoutAxis(slice(given, axis, direction, 1, 1), axis);
  const target = stateTarget(Math.max(-lo, hi, reach));
  const nest = new Nest(tensor.shape);
  const a = nest.read(tensor, [at(0), at(1)]);
  const part = `initial${input}${direction}`;
  const stored = context.linear(node, part, { nest, a, range: tensor.range, scale: tensor.scale }, target);
  return context.stored(stored, tensor.shape, [0, 1]);
}

/** The largest magnitude of `x · matrixᵀ + bias` for |x| up to `reach`. */
export function productReach(matrix: Parameters, reach: number, bias: number): number {
  const columns = matrix.shape[1]!;
  if (!matrix.values) return reachOf(matrix.tensor!) * reach * columns + bias;
  let largest = 0;
  for (let from = 0; from < matrix.values.length; from += columns) {
    let norm = 0;
    for (let i = from; i < from + columns; i++) norm += Math.abs(matrix.values[i]!);
    largest = Math.max(largest, norm);
  }
  return largest * reach + bias;
}

/** `x · matrixᵀ + bias` over the last axis of x; the bias is a vector, or a tensor of the result's shape. */
export function project(
  { context, node }: Pick<Recurrent, 'context' | 'node'>,
  part: string,
  x: Tensor,
  matrix: Parameters,
  bias: Parameters | null,
  target: Target,
): Tensor {
  const [rows, columns] = matrix.shape as [number, number];
  const shape = [...x.shape.slice(0, -1), rows];
  const nest = new Nest(shape, [columns]);
  const outer = shape.slice(0, -1).map((_, i) => at(i));
  const row = at(shape.length - 1);
  const inner = at(nest.red(0));
  const biasAt: Index[] = bias?.shape.length === 1 ? [row] : [...outer, row];
  const added: { bias?: Bias } = !bias
    ? {}
    : bias.values
      ? { bias: { values: bias.values, shape: bias.shape, at: biasAt } }
      : { bias: { tensor: bias.tensor!, at: biasAt } };
  let stored: Stored;
  if (matrix.values) {
    const dot = {
      nest,
      input: x,
      inputAt: [...outer, inner],
      weights: matrix.values,
      rowDims: [rows],
      innerDims: [columns],
      rowAt: [row],
      innerAt: [inner],
      ...added,
    };
    stored = emitDot(context.builder, context.stepName(node, part), context.origin(node), dot, target, context.limit);
  } else {
    const w = matrix.tensor!;
    const largest = magnitude(x.range) * magnitude(w.range) * columns;
    stored = context.linear(
      node,
      part,
      {
        nest,
        combine: 'product',
        reduce: 'sum',
        a: nest.read(x, [...outer, inner]),
        b: nest.read(w, [row, inner]),
        range: { lo: -largest, hi: largest },
        scale: x.scale * w.scale,
        ...added,
      },
      target,
    );
  }
  return context.stored(
    stored,
    shape,
    shape.map((_, i) => i),
  );
}

/** `x · y + bias`, element by element; a constant or computed vector counts for every row. */
export function product(
  { context, node }: Pick<Recurrent, 'context' | 'node'>,
  part: string,
  x: Tensor,
  y: Tensor | Parameters,
  bias: Tensor | null,
  target: Target,
): Tensor {
  const nest = new Nest(x.shape);
  const loops = x.shape.map((_, i) => at(i));
  const last = [loops.at(-1)!];
  const added = bias ? { bias: { tensor: bias, at: loops } } : {};
  const factor = 'source' in y ? y : y.tensor;
  const accumulation = factor
    ? {
        nest,
        combine: 'product' as const,
        a: nest.read(x, loops),
        b: nest.read(factor, factor.shape.length === 1 ? last : loops),
        range: symmetric(magnitude(x.range) * magnitude(factor.range)),
        scale: x.scale * factor.scale,
        ...added,
      }
    : {
        nest,
        a: nest.read(x, loops),
        range: x.range,
        scale: {
          values: (y as Parameters).values!.map((value) => value * x.scale),
          shape: (y as Parameters).shape,
          at: last,
        },
        ...added,
      };
  const order = x.shape.map((_, i) => i);
  return context.stored(context.linear(node, part, accumulation, target), x.shape, order);
}

/** A function of a tensor. */
export function applied({ context, node }: Recurrent, part: string, x: Tensor, target: Target): Tensor {
  const nest = new Nest(x.shape);
  const loops = x.shape.map((_, i) => at(i));
  const accumulation = { nest, a: nest.read(x, loops), range: x.range, scale: x.scale };
  const order = x.shape.map((_, i) => i);
  return context.stored(context.linear(node, part, accumulation, target), x.shape, order);
}

/** The sum of two biases. */
export function addBiases(recurrent: Recurrent, part: string, x: Parameters | null, y: Parameters | null) {
  if (!x || !y) return x ?? y;
  if (x.values && y.values) return { shape: x.shape, values: x.values.map((value, i) => value + y.values![i]!) };
  const { context, node } = recurrent;
  const tensors = [x.tensor!, y.tensor!] as const;
  const target = sumTarget(reachOf(tensors[0]) + reachOf(tensors[1]));
  return { shape: x.shape, tensor: weightedSum(context, node, part, tensors, [1, 1], x.shape, target) };
}

export const biasReach = (bias: Parameters | null): number =>
  !bias ? 0 : bias.values ? largestMagnitude(bias.values) : reachOf(bias.tensor!);

/** The input's part of some gates, for all moments: [moments, batch, rows]. */
export function inputGates(recurrent: Recurrent, part: string, weights: Parameters, bias: Parameters | null): Tensor {
  const reach = productReach(weights, recurrent.inputReach, biasReach(bias));
  return project(recurrent, part, recurrent.input, weights, bias, sumTarget(reach));
}

/** Columns of a tensor [batch, columns]. */
export const columns = (tensor: Tensor, from: number, count: number): Tensor =>
  slice(tensor, tensor.shape.length - 1, from, 1, count);

export const asParameters = (tensor: Tensor): Parameters => ({ tensor, shape: tensor.shape });

/** Names of the directions' attribute. */
const DIRECTIONS: Readonly<Record<string, readonly boolean[]>> = {
  forward: [false],
  reverse: [true],
  bidirectional: [false, true],
};

const directionsOf = (node: PlanNode): readonly boolean[] | undefined =>
  DIRECTIONS[node.attributes.text('direction', 'forward')];

/** Arguments up to which a function is looked at to find its bounds, and the largest bound that is made use of. */
export const FAR = 1e4;
const LARGEST_BOUND = 16;

export const boundOf = (largest: number): number | null => (largest <= LARGEST_BOUND ? largest : null);

export interface RecurrentOptions {
  /** Default activations of one direction. */
  readonly activations: readonly string[];
  /** Largest magnitude of the hidden state, when the activations bound it. */
  readonly boundedBy: (activations: readonly UnaryFunction[]) => number | null;
}

/** Reasons that a node cannot be compiled for. */
export function refusesRecurrent(context: LoweringContext, node: PlanNode, options: RecurrentOptions): string | null {
  const directions = directionsOf(node);
  if (!directions) return `its direction is "${node.attributes.text('direction', '')}"`;
  if (!activationsOf(node, options.activations, directions.length)) return 'it has an activation that og does not know';
  if (context.has(node, 4) && !context.constant(node, 4)) return 'its lengths depend on the input';
  return null;
}

function hiddenReachOf(context: LoweringContext, node: PlanNode, bound: number | null, initial: number): number {
  if (bound !== null) return Math.max(bound, initial);
  // Measured: of all moments if anybody reads them, otherwise of the last one.
  const [all, last] = [node.outputs[0] ?? '', node.outputs[1] ?? ''];
  const [lo, hi] = context.range(all !== '' ? all : last);
  const room = all !== '' ? 2 : 8;
  return Math.max(room * Math.max(-lo, hi), initial) || 1;
}

export function recurrentOf(context: LoweringContext, node: PlanNode, options: RecurrentOptions): Recurrent {
  const isBatchFirst = node.attributes.int('layout', 0) !== 0;
  const given = context.input(node, 0);
  const input = isBatchFirst ? transpose(given, [1, 0, 2]) : given;
  const [moments, batch] = input.shape as [number, number, number];
  const hidden = context.shape(node.inputs[2]!).at(-1)!;
  const isReverse = directionsOf(node)!;
  const activations = activationsOf(node, options.activations, isReverse.length)!;
  const magnitudeOf = (position: number): number => {
    if (isZero(context, node, position)) return 0;
    const [lo, hi] = context.range(node.inputs[position]!);
    return Math.max(-lo, hi);
  };
  const bounds = activations.map(options.boundedBy);
  const bound = bounds.some((one) => one === null) ? null : Math.max(...(bounds as number[]));
  const reach = hiddenReachOf(context, node, bound, magnitudeOf(5));
  const lengths = context.numbers(node, 4);
  const isWhole = !lengths || lengths.every((length) => length >= moments);
  const directions = isReverse.map((reverse, d): Direction => {
    const bias = parametersOf(context, node, 3, d);
    const half = bias ? bias.shape[0]! / 2 : 0;
    const isLstm = node.operator === 'LSTM';
    return {
      isReverse: reverse,
      activations: activations[d]!,
      weights: parametersOf(context, node, 1, d)!,
      recurrence: parametersOf(context, node, 2, d)!,
      inputBias: bias && rowsFrom(bias, 0, half),
      recurrenceBias: bias && rowsFrom(bias, half, half),
      peepholes: isLstm ? parametersOf(context, node, 7, d) : null,
      initialHidden: initialState(context, node, 5, d, { isBatchFirst, reach }),
      initialCell: isLstm ? initialState(context, node, 6, d, { isBatchFirst, reach: 1 }) : null,
    };
  });
  return {
    context,
    node,
    input,
    inputReach: magnitudeOf(0),
    moments,
    batch,
    hidden,
    hiddenReach: reach,
    lengths: isWhole ? null : [...lengths],
    directions,
  };
}

/** The new value where the mask [batch] is 1, the old one elsewhere. */
function chosen(recurrent: Recurrent, part: string, mask: Tensor, value: Tensor, old: Tensor | null): Tensor {
  const { context, node } = recurrent;
  const nest = new Nest(value.shape);
  const loops = [at(0), at(1)];
  const other = old && old.scale !== value.scale ? rescaled(recurrent, `${part} old`, old, value) : old;
  const range = hull(value.range, other ? other.range : { lo: 0, hi: 0 });
  const target = storedTarget(value.scale, range, { isFree: false, integer: false });
  const stored = context.linear(
    node,
    part,
    {
      nest,
      combine: 'select',
      a: nest.read(mask, [at(0)]),
      b: nest.read(value, loops),
      c: other ? nest.read(other, loops) : scalar(0),
      range,
      scale: value.scale,
    },
    target,
  );
  return context.stored(stored, value.shape, [0, 1]);
}

const rescaled = (recurrent: Recurrent, part: string, x: Tensor, like: Tensor): Tensor => {
  const limit = Math.min(Math.ceil((magnitude(x.range) * x.scale) / like.scale), INT32_MAX);
  const target = storedTarget(like.scale, symmetric(limit), { isFree: false, integer: false });
  return applied(recurrent, part, x, target);
};

/** Tensors one after the other on the first axis, joined in a tree so that no element is copied often. */
function stacked({ context, node }: Recurrent, tensors: readonly Tensor[]): Tensor {
  let level = tensors;
  while (level.length > 1) {
    const next: Tensor[] = [];
    for (let i = 0; i < level.length; i += 3) next.push(concatenate(context, node, level.slice(i, i + 3), 0));
    level = next;
  }
  return level[0]!;
}

/** A state of zeros. */
export function zeros({ context, node, batch, hidden }: Recurrent, part: string): Tensor {
  const name = context.stepName(node, part);
  return context.quantiseConstant(name, new Float64Array(batch * hidden), [batch, hidden], false);
}

interface Unrolled {
  /** [moments, batch, hidden], when anybody reads them. */
  readonly all: Tensor | null;
  readonly last: State;
}

function unroll(recurrent: Recurrent, d: number, gates: readonly Tensor[], cell: Cell): Unrolled {
  const { context, node, moments, batch, lengths } = recurrent;
  const { isReverse, initialHidden, initialCell } = recurrent.directions[d]!;
  const wanted = (node.outputs[0] ?? '') !== '';
  const results: Tensor[] = [];
  let state: State = { hidden: initialHidden, cell: initialCell };
  for (let i = 0; i < moments; i++) {
    const t = isReverse ? moments - 1 - i : i;
    const part = `moment${t}`;
    const inputs = gates.map((gate) => withoutAxis(slice(gate, 0, t, 1, 1), 0));
    const next = cell(`${part}${recurrent.directions.length > 1 ? ` of ${d}` : ''}`, inputs, state);
    let shown = next.hidden!;
    if (lengths?.some((length) => length <= t)) {
      const flags = Float64Array.from({ length: batch }, (_, b) => (t < lengths[b]! ? 1 : 0));
      const mask = context.quantiseConstant(context.stepName(node, `${part} mask`), flags, [batch], true);
      state = {
        hidden: chosen(recurrent, `${part} hidden kept`, mask, next.hidden!, state.hidden),
        cell: next.cell && chosen(recurrent, `${part} cell kept`, mask, next.cell, state.cell),
      };
      if (wanted) shown = chosen(recurrent, `${part} shown`, mask, next.hidden!, null);
    } else state = next;
    if (wanted) results[t] = withAxis(shown, 0);
  }
  return { all: wanted ? stacked(recurrent, results) : null, last: state };
}

/** Lowers a node by its cell, and defines its outputs. */
export function lowerRecurrent(
  recurrent: Recurrent,
  cellOf: (direction: Direction, d: number) => { gates: readonly Tensor[]; cell: Cell },
): void {
  const { context, node } = recurrent;
  const isBatchFirst = node.attributes.int('layout', 0) !== 0;
  const runs = recurrent.directions.map((direction, d) => {
    const { gates, cell } = cellOf(direction, d);
    return unroll(recurrent, d, gates, cell);
  });
  const join = (tensors: readonly Tensor[], axis: number): Tensor =>
    concatenate(
      context,
      node,
      tensors.map((tensor) => withAxis(tensor, axis)),
      axis,
    );
  const [all, hidden, cell] = [0, 1, 2].map((i) => node.outputs[i] ?? '') as [string, string, string];
  if (all !== '') {
    const result = join(
      runs.map((run) => run.all!),
      1,
    );
    context.define(all, isBatchFirst ? transpose(result, [2, 0, 1, 3]) : result);
  }
  const defineLast = (name: string, pick: (state: State) => Tensor | null): void => {
    if (name === '') return;
    const result = join(
      runs.map(({ last }, d) => pick(last) ?? zeros(recurrent, `zero${d}`)),
      0,
    );
    context.define(name, isBatchFirst ? transpose(result, [1, 0, 2]) : result);
  };
  defineLast(hidden, (state) => state.hidden);
  defineLast(cell, (state) => state.cell);
}
