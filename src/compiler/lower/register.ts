/** From an operator to its lowering. An operator that is not here is refused. */
import type { Node } from '../onnx/graph.js';
import { SCALAR_OPERATORS } from '../scalar/operators.js';
import { add, mean, subtract, sum } from './add.js';
import { batchNormalization } from './batch-normalization.js';
import { and, equal, greater, greaterOrEqual, less, lessOrEqual, or, parametricRelu, where, xor } from './compare.js';
import { concat, pad } from './concat.js';
import { conv } from './conv.js';
import { divide } from './divide.js';
import { maximum, minimum } from './extreme.js';
import { gather } from './gather.js';
import type { Lowering } from './lowering.js';
import { gemm, matMul } from './matmul.js';
import { multiply } from './multiply.js';
import { instanceNormalization, layerNormalization } from './normalise.js';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './pool.js';
import { argMax, argMin, reduceMax, reduceMean, reduceMin, reduceSum } from './reduce.js';
import {
  depthToSpace,
  expand,
  newShape,
  sliceLowering,
  spaceToDepth,
  split,
  tile,
  transposeLowering,
} from './reshape.js';
import { logSoftmax, softmax } from './softmax.js';
import { unary } from './unary.js';

/** Elementwise operators become `Unary` nodes; one that is left has operands that are not scalar constants. */
const elementwiseOnly: Lowering = {
  lower: (context, node) => context.refuse(node, 'more than one of its operands is not a constant number'),
  refuses: () => 'more than one of its operands is not a constant number',
};

/** A pass removes it before lowering. */
const removed: Lowering = {
  lower: (context, node) => context.refuse(node, 'it is used in a way that og does not know'),
  refuses: () => 'it is used in a way that og does not know',
};

const LOWERINGS: Readonly<Record<string, Lowering>> = {
  ...Object.fromEntries(Object.keys(SCALAR_OPERATORS).map((operator) => [operator, elementwiseOnly])),
  Cast: removed,
  CastLike: removed,
  Dropout: removed,

  Add: add,
  Sub: subtract,
  Mul: multiply,
  Div: divide,
  Max: maximum,
  Min: minimum,
  Sum: sum,
  Mean: mean,
  PRelu: parametricRelu,
  Less: less,
  LessOrEqual: lessOrEqual,
  Greater: greater,
  GreaterOrEqual: greaterOrEqual,
  Equal: equal,
  And: and,
  Or: or,
  Xor: xor,
  Where: where,

  Conv: conv,
  Gemm: gemm,
  MatMul: matMul,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalMaxPool: globalMaxPool,
  GlobalAveragePool: globalAveragePool,

  Reshape: newShape,
  Flatten: newShape,
  Squeeze: newShape,
  Unsqueeze: newShape,
  Transpose: transposeLowering,
  Expand: expand,
  Slice: sliceLowering,
  Split: split,
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Concat: concat,
  Pad: pad,
  Gather: gather,

  ReduceSum: reduceSum,
  ReduceMean: reduceMean,
  ReduceMax: reduceMax,
  ReduceMin: reduceMin,
  ArgMax: argMax,
  ArgMin: argMin,

  Softmax: softmax,
  LogSoftmax: logSoftmax,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,

  'og.Unary': unary,
};

const keyOf = (node: Pick<Node, 'domain' | 'operator'>): string =>
  node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;

export function loweringOf(node: Pick<Node, 'domain' | 'operator'>): Lowering | undefined {
  const key = keyOf(node);
  return Object.hasOwn(LOWERINGS, key) ? LOWERINGS[key] : undefined;
}

/** Names of the ONNX operators that can be compiled, sorted. */
export const SUPPORTED_OPERATORS: readonly string[] = [
  ...new Set([...Object.keys(LOWERINGS).filter((key) => !key.includes('.')), 'Identity', 'Constant', 'Shape', 'Size']),
].sort();
