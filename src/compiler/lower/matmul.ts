/** MatMul (any batch) and Gemm. A constant side becomes weights with one scale per row; otherwise both sides are data. */
import { magnitude } from '../../program/range.js';
import type { Bias, Stored } from '../build/linear.js';
import { at, fixed, type Index, Nest } from '../build/nest.js';
import { broadcastTo, type Tensor, transpose } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

/** A factor of the product as rows along the dimension that is summed over. */
interface Rows {
  readonly values: Float64Array;
  readonly batch: readonly number[];
  readonly rows: number;
}

/** Matrices [batch, rows, columns] with each matrix transposed. */
function transposeMatrices(values: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(values.length);
  const size = rows * columns;
  for (let start = 0; start < values.length; start += size)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) result[start + c * rows + r] = values[start + r * columns + c]!;
  return result;
}

interface Product {
  /** [..., M, K] and [..., K, N] with equal batch ranks; null where the side is constant. */
  readonly left: Tensor | null;
  readonly right: Tensor | null;
  readonly weights: Rows | null;
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly bias?: BiasInput;
}

/** Added to the result: numbers or a tensor of a shape that broadcasts to [batch, M, N]. */
interface BiasInput {
  readonly values?: Float64Array;
  readonly tensor?: Tensor;
  readonly shape: readonly number[];
}

/** Indices that read an array of this shape at the output loops, with broadcasting. */
function broadcastAt(shape: readonly number[], loops: readonly number[]): Index[] {
  return shape.map((dim, i) => (dim === 1 ? fixed(0) : at(loops[loops.length - shape.length + i]!)));
}

function multiply(context: LoweringContext, node: PlanNode, p: Product): Tensor {
  const { batch, m, n, k } = p;
  const nest = new Nest([...batch, m, n], [k]);
  const batchLoops = batch.map((_, i) => i);
  const [mLoop, nLoop, kLoop] = [batch.length, batch.length + 1, nest.red(0)];
  const outLoops = [...batchLoops, mLoop, nLoop];
  const leftAt = [...batchLoops.map(at), at(mLoop), at(kLoop)];
  const rightAt = [...batchLoops.map(at), at(kLoop), at(nLoop)];
  const bias = biasAt(p.bias, outLoops);
  const target = context.target(node);
  let stored: Stored;
  if (p.weights) {
    const rowLoop = p.right ? mLoop : nLoop;
    stored = context.dot(
      node,
      {
        nest,
        input: (p.left ?? p.right)!,
        inputAt: p.left ? leftAt : rightAt,
        weights: p.weights.values,
        rowDims: [...p.weights.batch, p.weights.rows],
        innerDims: [k],
        rowAt: [...broadcastAt(p.weights.batch, batchLoops), at(rowLoop)],
        innerAt: [at(kLoop)],
        ...bias,
      },
      target,
    );
  } else {
    const [left, right] = [p.left!, p.right!];
    const largest = magnitude(left.range) * magnitude(right.range) * k;
    stored = context.linear(
      node,
      '',
      {
        nest,
        combine: 'product',
        reduce: 'sum',
        a: nest.read(left, leftAt),
        b: nest.read(right, rightAt),
        range: { lo: -largest, hi: largest },
        scale: left.scale * right.scale,
        ...bias,
      },
      target,
    );
  }
  const shape = [...batch, m, n];
  return context.stored(
    stored,
    shape,
    shape.map((_, axis) => axis),
  );
}

function biasAt(bias: BiasInput | undefined, outLoops: readonly number[]): { bias?: Bias } {
  if (!bias) return {};
  const indices = broadcastAt(bias.shape, outLoops);
  if (bias.values) return { bias: { values: bias.values, shape: bias.shape, at: indices } };
  return { bias: { tensor: bias.tensor!, at: indices } };
}

const withBatch = (tensor: Tensor, batch: readonly number[]): Tensor =>
  broadcastTo(tensor, [...batch, ...tensor.shape.slice(-2)]);

/** At least two dimensions, the missing one at the given end. */
const matrixShape = (shape: readonly number[], vectorIsRow: boolean): readonly number[] =>
  shape.length >= 2 ? shape : vectorIsRow ? [1, shape[0]!] : [shape[0]!, 1];

const asMatrix = (tensor: Tensor, vectorIsRow: boolean): Tensor => {
  if (tensor.shape.length >= 2) return tensor;
  const stride = tensor.strides[0]!;
  return { ...tensor, shape: matrixShape(tensor.shape, vectorIsRow), strides: vectorIsRow ? [0, stride] : [stride, 0] };
};

function lowerMatMul(context: LoweringContext, node: PlanNode): void {
  const [leftShape, rightShape] = [
    matrixShape(context.shape(node.inputs[0]!), true),
    matrixShape(context.shape(node.inputs[1]!), false),
  ];
  const [m, k] = leftShape.slice(-2) as [number, number];
  const n = rightShape.at(-1)!;
  const shape = context.shape(node.outputs[0]!);
  const vectors = [0, 1].filter((i) => context.shape(node.inputs[i]!).length === 1).length;
  const batch = shape.slice(0, shape.length - 2 + vectors);
  const [leftValues, rightValues] = [context.numbers(node, 0), context.numbers(node, 1)];
  const left = leftValues ? null : withBatch(asMatrix(context.input(node, 0), true), batch);
  const right = rightValues ? null : withBatch(asMatrix(context.input(node, 1), false), batch);
  const weights: Rows | null = rightValues
    ? { values: transposeMatrices(rightValues, k, n), batch: rightShape.slice(0, -2), rows: n }
    : leftValues
      ? { values: leftValues, batch: leftShape.slice(0, -2), rows: m }
      : null;
  const biasValues = context.numbers(node, 2);
  const bias = biasValues ? { bias: { values: biasValues, shape: context.shape(node.inputs[2]!) } } : {};
  const result = multiply(context, node, { left, right, weights, batch, m, n, k, ...bias });
  const dropped = [
    ...(context.shape(node.inputs[0]!).length === 1 ? [batch.length] : []),
    ...(context.shape(node.inputs[1]!).length === 1 ? [batch.length + 1] : []),
  ];
  const keep = (_: number, axis: number): boolean => !dropped.includes(axis);
  context.define(node.outputs[0]!, { ...result, shape, strides: result.strides.filter(keep) });
}

function lowerGemm(context: LoweringContext, node: PlanNode): void {
  const { attributes } = node;
  const [transA, transB] = [attributes.int('transA', 0) !== 0, attributes.int('transB', 0) !== 0];
  const [alpha, beta] = [attributes.float('alpha', 1), attributes.float('beta', 1)];
  const [m, n] = context.shape(node.outputs[0]!) as [number, number];
  const k = context.shape(node.inputs[0]!)[transA ? 0 : 1]!;
  const [leftValues, rightValues] = [context.numbers(node, 0), context.numbers(node, 1)];
  const flip = (tensor: Tensor, flipped: boolean): Tensor => (flipped ? transpose(tensor, [1, 0]) : tensor);
  const scaleBy = (values: Float64Array): Float64Array => (alpha === 1 ? values : values.map((v) => alpha * v));
  const left = leftValues ? null : flip(context.input(node, 0), transA);
  const right = rightValues ? null : flip(context.input(node, 1), transB);
  let weights: Rows | null = null;
  if (rightValues)
    weights = { values: scaleBy(transB ? rightValues : transposeMatrices(rightValues, k, n)), batch: [], rows: n };
  else if (leftValues)
    weights = { values: scaleBy(transA ? transposeMatrices(leftValues, k, m) : leftValues), batch: [], rows: m };
  // Two data sides carry alpha in a scale.
  const scaledLeft = weights || !left ? left : { ...left, scale: left.scale * alpha };
  let bias: { bias?: BiasInput } = {};
  if (context.has(node, 2) && beta !== 0) {
    const values = context.numbers(node, 2)?.map((value) => beta * value);
    const shape = context.shape(node.inputs[2]!);
    if (values) bias = { bias: { values, shape } };
    else {
      const tensor = context.input(node, 2);
      bias = { bias: { tensor: { ...tensor, scale: tensor.scale * beta }, shape } };
    }
  }
  const result = multiply(context, node, { left: scaledLeft, right, weights, batch: [], m, n, k, ...bias });
  context.define(node.outputs[0]!, result);
}

export const matMul: Lowering = { lower: lowerMatMul, finishes: true };
export const gemm: Lowering = { lower: lowerGemm, finishes: true };
