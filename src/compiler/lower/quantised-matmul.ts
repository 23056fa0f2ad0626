/** MatMulInteger and QLinearMatMul: sums of products of whole numbers, exactly. */
import { magnitude } from '../../program/range.js';
import type { RealArray } from '../build/linear.js';
import { at, fixed, type Index, Nest } from '../build/nest.js';
import { storedTarget, WHOLE } from '../build/target.js';
import { broadcastTo, contiguousStrides, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { narrowRange } from '../whole-types.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { centred } from './quantisation.js';
import { wholeInput } from './whole.js';

type Side = 'rows' | 'columns';

/** A list of one number for each row or column, as a shape that broadcasts to the matrix. */
const alongSide = (shape: readonly number[], side: Side): readonly number[] =>
  shape.length === 1 && shape[0] !== 1 ? (side === 'rows' ? [shape[0]!, 1] : [1, shape[0]!]) : shape;

const reshaped = (tensor: Tensor, shape: readonly number[]): Tensor => ({
  ...tensor,
  shape,
  strides: contiguousStrides(shape),
});

/** A factor without its zero point, with at least two dimensions. */
function factor(context: LoweringContext, node: PlanNode, input: number, zeroInput: number, side: Side): Tensor {
  const shape = context.shape(node.inputs[input]!);
  const vector = side === 'rows' ? [1, shape[0]!] : [shape[0]!, 1];
  const asMatrix = (tensor: Tensor): Tensor =>
    shape.length > 1
      ? tensor
      : { ...tensor, shape: vector, strides: side === 'rows' ? [0, tensor.strides[0]!] : [tensor.strides[0]!, 0] };
  const x = asMatrix(wholeInput(context, node, input));
  if (!context.has(node, zeroInput)) return x;
  const values = context.numbers(node, zeroInput);
  const zeroShape = alongSide(context.shape(node.inputs[zeroInput]!), side);
  const numbers = context.numbers(node, input);
  if (numbers && values?.length === 1)
    return asMatrix(
      context.quantiseConstant(
        `${node.inputs[input]}:centred`,
        numbers.map((value) => value - values[0]!),
        shape,
        true,
      ),
    );
  const part = side === 'rows' ? 'left' : 'right';
  if (values) return centred(context, node, part, x, { values, shape: zeroShape });
  const tensor = reshaped(context.contiguous(node, wholeInput(context, node, zeroInput), 'zero'), zeroShape);
  return centred(context, node, part, x, { tensor, shape: zeroShape });
}

interface Product {
  readonly nest: Nest;
  readonly shape: readonly number[];
  readonly outputs: readonly Index[];
  readonly a: ReturnType<Nest['read']>;
  readonly b: ReturnType<Nest['read']>;
  readonly range: { readonly lo: number; readonly hi: number };
}

/** The loops over [batch, rows, columns] and the operands. */
function product(context: LoweringContext, node: PlanNode, left: Tensor, right: Tensor): Product {
  const output = context.shape(node.outputs[0]!);
  const [m, n, k] = [left.shape.at(-2)!, right.shape.at(-1)!, left.shape.at(-1)!];
  const vectors = [0, 3, 1].filter(
    (input) => isFactor(node, input) && context.shape(node.inputs[input]!).length === 1,
  ).length;
  const batch = output.slice(0, output.length - 2 + vectors);
  const nest = new Nest([...batch, m, n], [k]);
  const outputs = [...batch, m, n].map((_, i) => at(i));
  const batchAt = outputs.slice(0, batch.length);
  const largest = magnitude(left.range) * magnitude(right.range) * k;
  return {
    nest,
    shape: [...batch, m, n],
    outputs,
    a: nest.read(broadcastTo(left, [...batch, m, k]), [...batchAt, at(batch.length), at(nest.red(0))]),
    b: nest.read(broadcastTo(right, [...batch, k, n]), [...batchAt, at(nest.red(0)), at(batch.length + 1)]),
    range: { lo: -largest, hi: largest },
  };
}

const isFactor = (node: PlanNode, input: number): boolean =>
  node.operator === 'MatMulInteger' ? input < 2 : input === 0 || input === 3;

export const matMulInteger: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const left = factor(context, node, 0, 2, 'rows');
    const { nest, shape, a, b, range } = product(context, node, left, factor(context, node, 1, 3, 'columns'));
    const accumulation = { nest, combine: 'product' as const, reduce: 'sum' as const, a, b, range, scale: 1 };
    const stored = context.linear(node, '', accumulation, WHOLE);
    const result = context.stored(stored, shape, [...shape.keys()]);
    context.define(output, reshaped(result, context.shape(output)));
  },
};

/** Products of constants that broadcast against each other, where the loops read them. */
function scaleArray(
  parts: readonly { readonly values: Float64Array; readonly shape: readonly number[] }[],
  outputs: readonly Index[],
): number | RealArray {
  if (parts.every(({ values }) => values.length === 1)) return parts.reduce((all, { values }) => all * values[0]!, 1);
  const rank = Math.max(...parts.map(({ shape }) => shape.length));
  const padded = parts.map(({ values, shape }) => ({
    values,
    shape: [...new Array<number>(rank - shape.length).fill(1), ...shape],
  }));
  const shape = Array.from({ length: rank }, (_, d) => Math.max(...padded.map((part) => part.shape[d]!)));
  const strides = contiguousStrides(shape);
  const length = shape.reduce((n, dim) => n * dim, 1);
  const values = Float64Array.from({ length }, (_, i) =>
    padded.reduce((all, part) => {
      const own = contiguousStrides(part.shape);
      const position = shape.reduce(
        (sum, dim, d) => sum + (part.shape[d] === 1 ? 0 : (Math.floor(i / strides[d]!) % dim) * own[d]!),
        0,
      );
      return all * part.values[position]!;
    }, 1),
  );
  const indices = shape.map((dim, d) => (dim === 1 ? fixed(0) : outputs[outputs.length - rank + d]!));
  return { values, shape, at: indices };
}

export const qLinearMatMul: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const left = factor(context, node, 0, 2, 'rows');
    const { nest, shape, outputs, a, b, range } = product(context, node, left, factor(context, node, 3, 5, 'columns'));
    const part = (input: number, side: Side, power: 1 | -1) => ({
      values: context.numbers(node, input)!.map((value) => value ** power),
      shape: alongSide(context.shape(node.inputs[input]!), side),
    });
    const scale = scaleArray([part(1, 'rows', 1), part(4, 'columns', 1), part(6, 'rows', -1)], outputs);
    const bias = context.numbers(node, 7)?.[0] ?? 0;
    const accumulation = { nest, combine: 'product' as const, reduce: 'sum' as const, a, b, range, scale, bias };
    const target = storedTarget(1, narrowRange(context.type(output))!, { isFree: false, integer: true });
    const stored = context.linear(node, '', accumulation, target);
    const result = context.stored(stored, shape, [...shape.keys()]);
    context.define(output, reshaped(result, context.shape(output)));
  },
  refuses: (context, node) => {
    if ([1, 4, 6, 7].some((i) => context.has(node, i) && !context.constant(node, i)))
      return 'its scales or the zero point of its result are not constant';
    return (context.numbers(node, 7)?.length ?? 1) > 1 ? 'its result has several zero points' : null;
  },
};
