/** From an operator to its lowering. An operator that is not here is refused. */
import { EXPANDED_OPERATORS } from '../expand/register.js';
import type { Node } from '../onnx/graph.js';
import { SCALAR_OPERATORS } from '../scalar/operators.js';
import { absoluteValue } from './absolute.js';
import { add, mean, subtract, sum } from './add.js';
import { affineGrid } from './affine-grid.js';
import { batchNormalization } from './batch-normalization.js';
import { bitShift, bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor } from './bits.js';
import { bitCast, cast } from './cast.js';
import { clip } from './clip.js';
import { col2Im } from './col2im.js';
import { and, equal, greater, greaterOrEqual, less, lessOrEqual, or, parametricRelu, where, xor } from './compare.js';
import { concat } from './concat.js';
import { conv } from './conv.js';
import { convTranspose } from './conv-transpose.js';
import { divide } from './divide.js';
import { einsum } from './einsum.js';
import { maximum, minimum } from './extreme.js';
import { gather } from './gather.js';
import { gatherElements, gatherNd } from './gather-nd.js';
import { gridSample } from './grid-sample.js';
import { gru } from './gru.js';
import type { Lowering } from './lowering.js';
import { lpPool } from './lp-pool.js';
import { lstm } from './lstm.js';
import { gemm, matMul } from './matmul.js';
import { modulus } from './modulus.js';
import { multiply } from './multiply.js';
import { instanceNormalization, layerNormalization, meanVarianceNormalization, rmsNormalization } from './normalise.js';
import { oneHot } from './one-hot.js';
import { pad } from './pad.js';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './pool.js';
import { quantise } from './quantise.js';
import { convInteger, qLinearConv } from './quantised-conv.js';
import { matMulInteger, qLinearMatMul } from './quantised-matmul.js';
import { dequantizeLinear, dynamicQuantizeLinear, quantizeLinear } from './quantize.js';
import {
  argMax,
  argMin,
  reduceL1,
  reduceL2,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceSum,
  reduceSumSquare,
} from './reduce.js';
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
import { resize } from './resize.js';
import { rnn } from './rnn.js';
import { scatterElements, scatterNd } from './scatter.js';
import { centreCropPad, compress, reverseSequence } from './select-elements.js';
import { logSoftmax, softmax } from './softmax.js';
import { topK } from './top-k.js';
import { treeEnsemble } from './tree-ensemble.js';
import { cumSum, trilu } from './triangle.js';
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
  Cast: cast,
  CastLike: cast,
  BitCast: bitCast,
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
  Abs: absoluteValue,
  Clip: clip,
  Mod: modulus,
  BitShift: bitShift,
  BitwiseAnd: bitwiseAnd,
  BitwiseOr: bitwiseOr,
  BitwiseXor: bitwiseXor,
  BitwiseNot: bitwiseNot,

  Conv: conv,
  Gemm: gemm,
  MatMul: matMul,
  MaxPool: maxPool,
  LpPool: lpPool,
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
  ReduceL1: reduceL1,
  ReduceL2: reduceL2,
  ReduceSumSquare: reduceSumSquare,
  ArgMax: argMax,
  ArgMin: argMin,

  Softmax: softmax,
  LogSoftmax: logSoftmax,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  RMSNormalization: rmsNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,

  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  ConvInteger: convInteger,
  QLinearConv: qLinearConv,
  MatMulInteger: matMulInteger,
  QLinearMatMul: qLinearMatMul,

  Resize: resize,
  Upsample: resize,
  ConvTranspose: convTranspose,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterElements: scatterElements,
  Scatter: scatterElements,
  ScatterND: scatterNd,
  TopK: topK,
  CumSum: cumSum,
  Trilu: trilu,
  OneHot: oneHot,
  CenterCropPad: centreCropPad,
  Compress: compress,
  ReverseSequence: reverseSequence,

  Einsum: einsum,
  Col2Im: col2Im,
  AffineGrid: affineGrid,

  LSTM: lstm,
  GRU: gru,
  RNN: rnn,

  'ai.onnx.ml.TreeEnsemble': treeEnsemble,
  'ai.onnx.ml.TreeEnsembleRegressor': treeEnsemble,

  GridSample: gridSample,

  'og.Unary': unary,
  'og.Quantise': quantise,
};

const keyOf = (node: Pick<Node, 'domain' | 'operator'>): string =>
  node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;

export function loweringOf(node: Pick<Node, 'domain' | 'operator'>): Lowering | undefined {
  const key = keyOf(node);
  return Object.hasOwn(LOWERINGS, key) ? LOWERINGS[key] : undefined;
}

/** Names of the ONNX operators that can be compiled, sorted. */
export const SUPPORTED_OPERATORS: readonly string[] = [
  ...new Set([
    ...Object.keys(LOWERINGS).filter((key) => !key.startsWith('og.')),
    ...EXPANDED_OPERATORS,
    'Identity',
    'Constant',
    'Shape',
    'Size',
  ]),
].sort();
