/**
 * Einsum of any equation. Two operands at a time: every label is a loop, of the result or of the sum, so that one step says
 * transposes, diagonals, sums, outer products and (batched) matrix products alike.
 */
import { magnitude, multiply as multiplyRanges } from '../../program/range.js';
import { scalar } from '../../program/step.js';
import { at, fixed, type Index, Nest } from '../build/nest.js';
import { INT32, storedTarget, type Target } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { RealRange } from '../measure.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import { exactFactors } from './factors.js';
import type { Lowering } from './lowering.js';

interface Equation {
  /** Labels of each operand's axes; those of an ellipsis are numbered from its end. */
  readonly operands: readonly (readonly string[])[];
  readonly result: readonly string[];
}

const ELLIPSIS = '...';

/** Splits `a...b` into labels; the ellipsis stands for as many axes as are left. */
function labelsOf(term: string, rank: number): string[] {
  const [before, after] = term.split(ELLIPSIS);
  if (after === undefined) return [...term];
  const covered = rank - before!.length - after.length;
  return [...before!, ...Array.from({ length: covered }, (_, i) => `.${covered - i}`), ...after];
}

export function readEquation(text: string, ranks: readonly number[]): Equation {
  const [left, right] = text.replace(/\s/g, '').split('->') as [string, string | undefined];
  const operands = left.split(',').map((term, i) => labelsOf(term, ranks[i]!));
  const all = operands.flat();
  const covered = [...new Set(all.filter((label) => label.startsWith('.')))].sort().reverse();
  if (right !== undefined) {
    const parts = right.split(ELLIPSIS);
    return { operands, result: parts.length > 1 ? [...parts[0]!, ...covered, ...parts[1]!] : [...right] };
  }
  // Without a result: the labels that occur once, in order.
  const once = all.filter((label) => !label.startsWith('.') && all.indexOf(label) === all.lastIndexOf(label));
  return { operands, result: [...covered, ...once.sort()] };
}

/** A tensor or a constant with the labels of its axes. */
interface Labelled {
  readonly labels: readonly string[];
  readonly shape: readonly number[];
  readonly tensor: () => Tensor;
  readonly constant?: Float64Array;
  readonly measured: RealRange | null;
}

interface Contraction {
  readonly operands: readonly Labelled[];
  readonly result: readonly string[];
  readonly sizes: ReadonlyMap<string, number>;
}

/** The constant with one axis for each label, in this order; a label twice is a diagonal. */
function rearranged(constant: Float64Array, operand: Labelled, wanted: readonly string[]): Float64Array {
  const strides = new Map<string, number>();
  let stride = 1;
  for (let i = operand.shape.length - 1; i >= 0; i--) {
    if (operand.shape[i]! > 1) strides.set(operand.labels[i]!, (strides.get(operand.labels[i]!) ?? 0) + stride);
    stride *= operand.shape[i]!;
  }
  const sizes = wanted.map((label) => operand.shape[operand.labels.indexOf(label)]!);
  const result = new Float64Array(sizes.reduce((n, dim) => n * dim, 1));
  for (let i = 0; i < result.length; i++) {
    let [rest, position] = [i, 0];
    for (let d = wanted.length - 1; d >= 0; d--) {
      position += (rest % sizes[d]!) * (strides.get(wanted[d]!) ?? 0);
      rest = Math.floor(rest / sizes[d]!);
    }
    result[i] = constant[position]!;
  }
  return result;
}

function contract(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  { operands, result, sizes }: Contraction,
  target: Target,
): Tensor {
  const summed = [...new Set(operands.flatMap(({ labels }) => labels))].filter((label) => !result.includes(label));
  const shape = result.map((label) => sizes.get(label)!);
  const nest = new Nest(
    shape,
    summed.map((label) => sizes.get(label)!),
  );
  const loopOf = (label: string): number =>
    result.includes(label) ? result.indexOf(label) : nest.red(summed.indexOf(label));
  const indicesOf = ({ labels, shape: dims }: Labelled): Index[] =>
    labels.map((label, i) => (dims[i] === 1 ? fixed(0) : at(loopOf(label))));
  const order = shape.map((_, i) => i);
  const weights = operands.length === 2 ? operands.find(({ constant }) => constant) : undefined;
  // Rows of weights with a scale each, where every label that is summed is one of theirs.
  const isDot = weights && summed.every((label) => weights.labels.includes(label));
  if (isDot && !context.isInteger(node.outputs[0]!)) {
    const other = operands.find((operand) => operand !== weights)!;
    const own = [...new Set(weights.labels)];
    const [rows, inner] = [own.filter((l) => result.includes(l)), own.filter((l) => !result.includes(l))];
    const sizeOf = (label: string): number => weights.shape[weights.labels.indexOf(label)]!;
    const indexOf = (label: string): Index => (sizeOf(label) === 1 ? fixed(0) : at(loopOf(label)));
    const stored = context.dot(
      node,
      {
        nest,
        input: other.tensor(),
        inputAt: indicesOf(other),
        weights: rearranged(weights.constant!, weights, [...rows, ...inner]),
        rowDims: rows.map(sizeOf),
        innerDims: inner.map(sizeOf),
        rowAt: rows.map(indexOf),
        innerAt: inner.map(indexOf),
      },
      target,
    );
    return context.stored(stored, shape, order);
  }
  const given = operands.map((operand) => operand.tensor());
  const measured = operands.map((operand) => operand.measured);
  const tensors =
    given.length === 2 ? exactFactors(context, node, part, [given[0]!, given[1]!], measured, nest.terms) : given;
  const reads = operands.map((operand, i) => nest.read(tensors[i]!, indicesOf(operand)));
  const isProduct = operands.length === 2;
  const term = isProduct ? multiplyRanges(tensors[0]!.range, tensors[1]!.range) : tensors[0]!.range;
  const stored = context.linear(
    node,
    part,
    {
      nest,
      combine: isProduct ? 'product' : 'first',
      reduce: 'sum',
      a: reads[0]!,
      b: reads[1] ?? scalar(1),
      range: { lo: Math.min(term.lo * nest.terms, term.lo), hi: Math.max(term.hi * nest.terms, term.hi) },
      scale: tensors.reduce((product, { scale }) => product * scale, 1),
    },
    target,
  );
  return context.stored(stored, shape, order);
}

/** A result between two products: nothing can be measured of it, so it has room for whatever it can be. */
function partialTarget(tensors: readonly Tensor[], terms: number, integer: boolean): Target {
  if (integer) return storedTarget(1, INT32, { isFree: false, integer });
  const largest = tensors.reduce((product, { range, scale }) => product * magnitude(range) * scale, terms);
  return storedTarget(Math.max(largest, Number.MIN_VALUE) / 2 ** 23, INT32, { isFree: true, integer });
}

export const einsum: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const ranks = node.inputs.map((name) => context.shape(name).length);
    const { operands, result } = readEquation(node.attributes.text('equation', ''), ranks);
    const sizes = new Map<string, number>();
    const inputs = operands.map((labels, i): Labelled => {
      const shape = context.shape(node.inputs[i]!);
      labels.forEach((label, axis) => {
        sizes.set(label, Math.max(sizes.get(label) ?? 1, shape[axis]!));
      });
      const constant = context.numbers(node, i);
      const measured = context.range(node.inputs[i]!);
      return { labels, shape, tensor: () => context.input(node, i), measured, ...(constant ? { constant } : {}) };
    });
    let current = inputs[0]!;
    let rest = inputs.slice(1);
    const integer = context.isInteger(output);
    while (rest.length > 1) {
      const pair = [current, rest[0]!];
      rest = rest.slice(1);
      const later = new Set([...result, ...rest.flatMap(({ labels }) => labels)]);
      const kept = [...new Set(pair.flatMap(({ labels }) => labels))].filter((label) => later.has(label));
      const dropped = [...new Set(pair.flatMap(({ labels }) => labels))].filter((label) => !later.has(label));
      const terms = dropped.reduce((n, label) => n * sizes.get(label)!, 1);
      const target = partialTarget(
        pair.map(({ tensor }) => tensor()),
        terms,
        integer,
      );
      const tensor = contract(context, node, `pair${rest.length}`, { operands: pair, result: kept, sizes }, target);
      current = { labels: kept, shape: tensor.shape, tensor: () => tensor, measured: null };
    }
    context.define(
      output,
      contract(context, node, '', { operands: [current, ...rest], result, sizes }, context.target(node)),
    );
  },
  finishes: true,
};
