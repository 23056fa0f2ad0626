/**
 * ScatterElements, ScatterND and Scatter by constant indices. What each element of the result is made of is known: rounds of at
 * most one update each, in the order of the updates.
 */
import { hull, multiply as multiplyRanges, point, type Range } from '../../program/range.js';
import { at, fixed, Nest } from '../build/nest.js';
import { INT32, storedTarget, type Target } from '../build/target.js';
import { contiguousStrides, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { commonScale } from './broadcast.js';
import type { LoweringContext } from './context.js';
import { exactFactors } from './factors.js';
import type { Lowering } from './lowering.js';
import { keeping } from './pick.js';
import { weightedSum } from './weighted-sum.js';

type Reduction = 'none' | 'add' | 'mul' | 'max' | 'min';
const REDUCTIONS: readonly string[] = ['none', 'add', 'mul', 'max', 'min'];

/** The flat position in the result that each update goes to. */
type Destinations = (context: LoweringContext, node: PlanNode, shape: readonly number[]) => Int32Array;

const fromEnd = (index: number, dim: number): number => (index < 0 ? index + dim : index);

const elementDestinations: Destinations = (context, node, shape) => {
  const given = node.attributes.int('axis', 0);
  const axis = given < 0 ? given + shape.length : given;
  const updates = context.shape(node.inputs[2]!);
  const indices = context.numbers(node, 1)!;
  const strides = contiguousStrides(shape);
  return Int32Array.from(indices, (index, i) => {
    let [rest, position] = [i, 0];
    for (let d = updates.length - 1; d >= 0; d--) {
      const own = rest % updates[d]!;
      position += (d === axis ? fromEnd(index, shape[d]!) : own) * strides[d]!;
      rest = Math.floor(rest / updates[d]!);
    }
    return position;
  });
};

const tupleDestinations: Destinations = (context, node, shape) => {
  const tupleShape = context.shape(node.inputs[1]!);
  const length = tupleShape.at(-1)!;
  const indices = context.numbers(node, 1)!;
  const strides = contiguousStrides(shape);
  const inner = shape.slice(length).reduce((n, dim) => n * dim, 1);
  return Int32Array.from({ length: (indices.length / length) * inner }, (_, i) => {
    const tuple = Math.floor(i / inner) * length;
    let position = i % inner;
    for (let k = 0; k < length; k++) position += fromEnd(indices[tuple + k]!, shape[k]!) * strides[k]!;
    return position;
  });
};

/** For each round, the update that goes to each element of the result, or -1. */
function roundsOf(destinations: Int32Array, size: number, reduction: Reduction): Int32Array[] {
  const rounds: Int32Array[] = [];
  const counts = new Int32Array(size);
  destinations.forEach((destination, update) => {
    // Without a reduction the last update stays.
    const round = reduction === 'none' ? 0 : counts[destination]!++;
    rounds[round] ??= new Int32Array(size).fill(-1);
    rounds[round][destination] = update;
  });
  return rounds;
}

/** The round's updates, each at its place; anything elsewhere. */
function placed(context: LoweringContext, node: PlanNode, part: string, updates: Tensor, round: Int32Array): Tensor {
  const nest = new Nest([round.length]);
  const positions = Float64Array.from(round, (update) => Math.max(update, 0));
  const table = context.quantiseConstant(context.stepName(node, `${part} positions`), positions, [round.length], true);
  const length = updates.shape.reduce((n, dim) => n * dim, 1);
  const line: Tensor = { ...updates, shape: [length], strides: [1] };
  const accumulation = {
    nest,
    combine: 'indexed' as const,
    a: nest.read(line, [fixed(0)]),
    b: nest.read(table, [at(0)]),
    index: { stride: 1, extent: length },
    range: updates.range,
    scale: updates.scale,
  };
  return context.stored(context.linear(node, part, accumulation, keeping(updates)), [round.length], [0]);
}

/** `combine` of two flat tensors, brought to one scale where it compares or chooses. */
function combined(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  combine: 'product' | 'max' | 'min' | 'select',
  [x, y]: readonly [Tensor, Tensor],
  target: Target,
  chooser?: Tensor,
): Tensor {
  const nest = new Nest(x.shape);
  const { weights, scale } =
    combine === 'product' ? { weights: [1, 1], scale: x.scale * y.scale } : commonScale([x, y]);
  const [p, q] = [nest.read(x, [at(0)], weights[0]!), nest.read(y, [at(0)], weights[1]!)];
  const ranges = [x, y].map((tensor, i) => multiplyRanges(tensor.range, point(weights[i]!))) as [Range, Range];
  const range = combine === 'product' ? multiplyRanges(x.range, y.range) : hull(...ranges);
  const operands = chooser ? { a: nest.read(chooser, [at(0)]), b: p, c: q } : { a: p, b: q };
  const stored = context.linear(node, part, { nest, combine, ...operands, range, scale }, target);
  return context.stored(stored, x.shape, [0]);
}

const scatterBy = (destinationsOf: Destinations): Lowering => ({
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const size = shape.reduce((n, dim) => n * dim, 1);
    const reduction = node.attributes.text('reduction', 'none') as Reduction;
    const data = context.contiguous(node, context.input(node, 0), 'data');
    const updates = context.contiguous(node, context.input(node, 2), 'updates');
    const rounds = roundsOf(destinationsOf(context, node, shape), size, reduction);
    let result: Tensor = { ...data, shape: [size], strides: [1] };
    const integer = data.integer;
    const ranges = [0, 2].map((i) => context.range(node.inputs[i]!));
    // Arithmetic goes at the result's own scale, choices at the finest of both.
    const stored = (tensors: readonly Tensor[]): Target => {
      const scale = integer ? 1 : Math.min(...tensors.map((tensor) => tensor.scale));
      return storedTarget(scale, INT32, { isFree: false, integer });
    };
    rounds.forEach((round, i) => {
      const name = rounds.length > 1 ? `round${i}` : '';
      const update = placed(context, node, `${name}updates`, updates, round);
      const pair = [result, update] as const;
      const candidate =
        reduction === 'none'
          ? update
          : reduction === 'add'
            ? weightedSum(context, node, `${name}sum`, pair, [1, 1], [size], stored(pair))
            : combined(
                context,
                node,
                `${name}${reduction}`,
                reduction === 'mul' ? 'product' : reduction,
                reduction === 'mul' ? exactFactors(context, node, name, pair, ranges, 1) : pair,
                reduction === 'mul' && !integer ? context.target({ ...node, outputs: [output] }) : stored(pair),
              );
      const isTouched = Float64Array.from(round, (position) => (position >= 0 ? 1 : 0));
      const chooser = context.quantiseConstant(context.stepName(node, `${name}mask`), isTouched, [size], true);
      const isLast = i === rounds.length - 1;
      const isSame = candidate.scale === result.scale;
      const kept = storedTarget(result.scale, hull(candidate.range, result.range), { isFree: false, integer });
      const target =
        isLast && (node.applied || !(isSame || integer))
          ? context.target(node)
          : isSame
            ? kept
            : stored([candidate, result]);
      result = combined(context, node, isLast ? '' : name, 'select', [candidate, result], target, chooser);
    });
    context.define(output, { ...result, shape, strides: contiguousStrides(shape) });
  },
  refuses: (context, node) => {
    if (!context.constant(node, 1)) return 'its indices depend on the input';
    const reduction = node.attributes.text('reduction', 'none');
    return REDUCTIONS.includes(reduction) ? null : `its reduction is "${reduction}"`;
  },
});

export const scatterElements = scatterBy(elementDestinations);
export const scatterNd = scatterBy(tupleDestinations);
