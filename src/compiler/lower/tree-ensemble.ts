/**
 * TreeEnsembleRegressor and TreeEnsemble. All questions of all trees are answered first; then every tree is walked from its
 * root, one level a step pair: the answer at the node it is at, and the child that follows. A leaf's children are itself.
 */
import { numberAt, orderOf } from '../../program/float-order.js';
import { clamp, magnitude } from '../../program/range.js';
import { INT32_MAX, INT32_MIN, MAX_TABLE_LENGTH } from '../../program/step.js';
import type { Bias } from '../build/linear.js';
import { at, fixed, type Index, Nest } from '../build/nest.js';
import { contiguousStrides, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import { type Forest, forestOf, type TreeNode } from './forest.js';
import type { Lowering } from './lowering.js';
import { wholeStep } from './whole.js';

/** Weights of leaves have so many bits. */
const WEIGHT_LIMIT = 2 ** 30 - 1;

/** The place of the largest float32 number that is `<= threshold`, or below it. */
function lastPlace({ threshold, isStrict }: TreeNode): number {
  if (Number.isNaN(threshold)) return INT32_MIN;
  const place = orderOf(threshold);
  const nearest = numberAt(place);
  return nearest > threshold || (isStrict && nearest === threshold) ? place - 1 : place;
}

/** The largest integer that counts as `<= threshold`: inputs are rounded to their scale as the threshold is. */
function integerThreshold(x: Tensor, node: TreeNode): number {
  if (x.ordered) return lastPlace(node);
  const { threshold, isStrict } = node;
  const whole = x.integer
    ? isStrict
      ? Math.ceil(threshold) - 1
      : Math.floor(threshold)
    : Math.floor(threshold / x.scale + 0.5) - (isStrict ? 1 : 0);
  return clamp(whole, INT32_MIN, INT32_MAX);
}

function whole(context: LoweringContext, name: string, values: ArrayLike<number>, shape: readonly number[]): Tensor {
  return context.quantiseConstant(name, Float64Array.from(values), shape, true);
}

interface Walk {
  readonly context: LoweringContext;
  readonly node: PlanNode;
  readonly forest: Forest;
  readonly rows: number;
}

/** Answers [rows, nodes]: 1 where the question of the node is answered with yes. */
function answers({ context, node, forest, rows }: Walk, x: Tensor): Tensor {
  const name = context.stepName(node);
  const { nodes } = forest;
  const shape = [rows, nodes.length];
  const nest = new Nest(shape);
  const order = [0, 1];
  const features = whole(
    context,
    `${name}/features`,
    nodes.map(({ feature }) => feature),
    [nodes.length],
  );
  const thresholds = whole(
    context,
    `${name}/thresholds`,
    nodes.map((tree) => integerThreshold(x, tree)),
    [nodes.length],
  );
  const rowAt = at(0);
  const slot = context.builder.step(context.stepName(node, 'features'), context.origin(node), {
    nest,
    combine: 'indexed',
    a: nest.read(x, [rowAt, fixed(0)]),
    b: nest.read(features, [at(1)]),
    index: { stride: x.strides[1]!, extent: x.shape[1]! },
    lo: x.range.lo,
    hi: x.range.hi,
    width: 4,
  });
  const { range, scale, integer } = x;
  const values = context.stored({ slot, range, scale, integer }, shape, order);
  return wholeStep(context, node, 'answers', { nest, order }, shape, {
    combine: 'lessOrEqual',
    a: nest.read(values, [at(0), at(1)]),
    b: nest.read(thresholds, [at(1)]),
    range: { lo: 0, hi: 1 },
  });
}

/** Positions of the leaves that the rows end at: [rows, trees]. */
function walk(parts: Walk, decided: Tensor): { tensor: Tensor; at: (row: Index, tree: Index) => Index[] } {
  const { context, node, forest, rows } = parts;
  const name = context.stepName(node);
  const { nodes, roots, depth } = forest;
  const shape = [rows, roots.length];
  const loops = { nest: new Nest(shape), order: [0, 1] };
  const children = Int32Array.from({ length: 2 * nodes.length }, (_, i) => {
    const { yes, no } = nodes[i >> 1]!;
    return i % 2 === 0 ? no : yes;
  });
  const last = nodes.length - 1;
  const source = context.builder.constant(`${name}/children`, children) as { kind: 'constant'; index: number };
  const strides = contiguousStrides([children.length]);
  const list = {
    source,
    shape: [children.length],
    strides,
    offset: 0,
    scale: 1,
    range: { lo: 0, hi: last },
    integer: true,
  };
  let tensor = whole(context, `${name}/roots`, roots, [roots.length]);
  let place = (_row: Index, tree: Index): Index[] => [tree];
  for (let level = 0; level < depth; level++) {
    const current = (weight: number) => loops.nest.read(tensor, place(at(0), at(1)), weight);
    const answer = wholeStep(context, node, `answer ${level}`, loops, shape, {
      combine: 'indexed',
      a: loops.nest.read(decided, [at(0), fixed(0)]),
      b: current(1),
      index: { stride: decided.strides[1]!, extent: nodes.length },
      range: { lo: 0, hi: 1 },
    });
    const pair = {
      combine: 'sum' as const,
      a: current(2),
      b: loops.nest.read(answer, [at(0), at(1)]),
      range: { lo: 0, hi: children.length - 1 },
    };
    const isTable = children.length <= MAX_TABLE_LENGTH;
    if (isTable) {
      const lookup = { constant: source.index, base: 0, length: children.length };
      const step = { ...pair, lookup, result: { lo: 0, hi: last } };
      tensor = wholeStep(context, node, `node ${level + 1}`, loops, shape, step);
    } else {
      const position = wholeStep(context, node, `child ${level}`, loops, shape, pair);
      tensor = wholeStep(context, node, `node ${level + 1}`, loops, shape, {
        combine: 'indexed',
        a: loops.nest.read(list, [fixed(0)]),
        b: loops.nest.read(position, [at(0), at(1)]),
        index: { stride: 1, extent: children.length },
        range: { lo: 0, hi: last },
      });
    }
    place = (row, tree) => [row, tree];
  }
  return { tensor, at: place };
}

/**
 * The leaves' weights [nodes, targets]; what a leaf does not vote for is 0. Their scale is a power of two: weights with few binary
 * digits are exact.
 */
function weightsOf({ context, node, forest }: Walk): Tensor {
  const { nodes, leaves, targets } = forest;
  const values = new Float64Array(nodes.length * targets);
  for (const [leaf, votes] of leaves) for (const [target, weight] of votes) values[leaf * targets + target]! += weight;
  const name = `${context.stepName(node)}/weights`;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const scale = 2 ** Math.ceil(Math.log2(largest / WEIGHT_LIMIT));
  const counts = values.map((value) => value / scale);
  return { ...whole(context, name, counts, [nodes.length, targets]), scale, integer: false };
}

const REDUCES = { SUM: 'sum', AVERAGE: 'sum', MIN: 'min', MAX: 'max' } as const;

export const treeEnsemble: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const forest = forestOf(node);
    const given = context.input(node, 0);
    const x =
      given.shape.length === 1 ? { ...given, shape: [1, ...given.shape], strides: [0, ...given.strides] } : given;
    const parts: Walk = { context, node, forest, rows: x.shape[0]! };
    const leaf = walk(parts, answers(parts, x));
    const weights = weightsOf(parts);
    const { roots, targets, aggregate, base } = forest;
    const nest = new Nest([parts.rows, targets], [roots.length]);
    const reduce = REDUCES[aggregate];
    const largest = magnitude(weights.range) * (reduce === 'sum' ? roots.length : 1);
    const bias: Bias | undefined =
      base.length === 0 ? undefined : { values: Float64Array.from(base), shape: [base.length], at: [at(1)] };
    const accumulation = {
      nest,
      combine: 'indexed' as const,
      reduce,
      a: nest.read(weights, [fixed(0), at(1)]),
      b: nest.read(leaf.tensor, leaf.at(at(0), at(nest.red(0)))),
      index: { stride: targets, extent: forest.nodes.length },
      range: { lo: -largest, hi: largest },
      scale: weights.scale / (aggregate === 'AVERAGE' ? roots.length : 1),
      ...(bias ? { bias } : {}),
    };
    const stored = context.linear(node, '', accumulation, context.target(node));
    const result = context.stored(stored, [parts.rows, targets], [0, 1]);
    context.define(output, { ...result, shape: context.shape(output) });
  },
  refuses: (context, node) => {
    let forest: Forest;
    try {
      forest = forestOf(node);
    } catch (error) {
      return (error as Error).message;
    }
    const { attributes } = node;
    const isPlain = node.operator !== 'TreeEnsemble' || attributes.int('post_transform', 0) === 0;
    if (!isPlain) return 'its results are transformed';
    const { nodes, leaves, targets, base, aggregate } = forest;
    const features = context.shape(node.inputs[0]!).at(-1)!;
    if (nodes.some(({ feature }) => feature < 0 || feature >= features))
      return 'a tree asks for a feature that is not there';
    if ([...leaves.values()].flat().some(([target]) => target < 0 || target >= targets))
      return 'a leaf votes for a target that is not there';
    if (base.length !== 0 && base.length !== targets) return `it has ${base.length} base values for ${targets} targets`;
    const isSum = aggregate === 'SUM' || aggregate === 'AVERAGE';
    const votesForAll = [...leaves.values()].every(
      (votes) => new Set(votes.map(([target]) => target)).size === targets,
    );
    return isSum || votesForAll ? null : 'its leaves do not vote for every target';
  },
  finishes: true,
  wantsWide: true,
};
