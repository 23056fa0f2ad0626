/**
 * What docs/operators.md says of operators beside their names: the opset that brought an operator, where that is later than the oldest
 * that og reads, and what is refused of it. `npm run docs:operators` writes the page.
 */

export const OLDEST_OPSET = 7;

/** Operators by the opset of ONNX that brought them. */
const BROUGHT_BY: Readonly<Record<number, readonly string[]>> = {
  8: ['Expand', 'Scan'],
  9: [
    'Acosh',
    'Asinh',
    'Atanh',
    'Compress',
    'Cosh',
    'Erf',
    'IsNaN',
    'MaxUnpool',
    'MeanVarianceNormalization',
    'OneHot',
    'Scatter',
    'Shrink',
    'Sign',
    'Sinh',
    'TfIdfVectorizer',
    'Where',
  ],
  10: [
    'ConvInteger',
    'DequantizeLinear',
    'IsInf',
    'MatMulInteger',
    'Mod',
    'QLinearConv',
    'QLinearMatMul',
    'QuantizeLinear',
    'Resize',
    'ReverseSequence',
    'ThresholdedRelu',
  ],
  11: [
    'BitShift',
    'CumSum',
    'Det',
    'DynamicQuantizeLinear',
    'GatherElements',
    'GatherND',
    'Round',
    'ScatterElements',
    'ScatterND',
    'Unique',
  ],
  12: ['Celu', 'Einsum', 'GreaterOrEqual', 'LessOrEqual', 'NegativeLogLikelihoodLoss', 'SoftmaxCrossEntropyLoss'],
  14: ['HardSwish', 'Trilu'],
  15: ['CastLike', 'OptionalGetElement'],
  16: ['GridSample'],
  17: ['DFT', 'LayerNormalization', 'STFT'],
  18: ['BitwiseAnd', 'BitwiseNot', 'BitwiseOr', 'BitwiseXor', 'CenterCropPad', 'Col2Im', 'GroupNormalization', 'Mish'],
  19: ['DeformConv'],
  20: ['AffineGrid', 'Gelu'],
  23: ['Attention', 'RMSNormalization', 'RotaryEmbedding'],
  24: ['Swish', 'TensorScatter'],
  26: ['BitCast', 'CumProd'],
};

export const SINCE: ReadonlyMap<string, number> = new Map(
  Object.entries(BROUGHT_BY).flatMap(([opset, names]) => names.map((name) => [name, Number(opset)] as const)),
);

/** What is refused of an operator that is compiled, beside operands that have to be constant. */
export const REFUSED_FORMS: Readonly<Record<string, string>> = {
  Attention: 'causal together with lengths of its keys',
  BatchNormalization: 'in training mode before opset 14',
  BitCast: 'between real and whole numbers',
  BitShift: 'of 32 bits or more, to the left by more than 21',
  BitwiseNot: 'of uint32 and uint64',
  Col2Im: 'of blocks that are dilated and more than one element apart',
  DeformConv: 'of anything but images',
  DequantizeLinear: 'by several scales that are not constant',
  Det: 'of matrices larger than 6x6',
  Dropout: 'in training mode, unless its ratio is 0',
  GRU: 'with activations that ONNX does not name',
  GridSample: 'interpolating between whole numbers',
  If: 'with a condition that depends on the input, when its branches give different shapes',
  LSTM: 'with activations that ONNX does not name',
  Loop: 'with turns that depend on the input, with a condition that its body computes, of more than 1,024 turns, or of more than 50,000 nodes in all turns',
  Mod: 'of whole numbers, by more than 2,097,152',
  OptionalGetElement: 'of an optional',
  Pow: 'of a base that can be negative or is whole, with exponents that depend on the input and may not be whole; of whole exponents above 63 that depend on the input',
  QLinearMatMul: 'with several zero points of its result',
  QuantizeLinear: 'to other types than those of 8 and 16 bits; by several scales that are not constant',
  RNN: 'with activations that ONNX does not name',
  Resize:
    'interpolating between whole numbers, or along an axis whose lengths before and after have a product above 16,777,216',
  Scan: 'of opset 8, of more than 1,024 turns, or of more than 50,000 nodes in all turns',
  TfIdfVectorizer: 'of strings, or with more than 4,194,304 comparisons',
  Unique: 'of more than one element',
  'ai.onnx.ml.LinearClassifier': 'with labels that are texts; scores transformed by PROBIT',
  'ai.onnx.ml.LinearRegressor': 'results transformed by PROBIT',
  'ai.onnx.ml.TreeEnsemble': 'with transformed results; MIN or MAX of leaves that do not vote for every target',
  'ai.onnx.ml.TreeEnsembleClassifier': 'with labels that are texts or only one label; scores transformed by PROBIT',
  'ai.onnx.ml.TreeEnsembleRegressor':
    'results transformed by PROBIT; MIN or MAX of leaves that do not vote for every target',
};

/** Operators and kinds of operators that are always refused, and why. */
export const REFUSED_OPERATORS: readonly (readonly [string, string])[] = [
  ['Bernoulli, Multinomial, RandomNormal, RandomUniform and their Like forms', 'they give another result at every run'],
  ['NonMaxSuppression, NonZero', 'the shape of the result depends on the input data (constants fold)'],
  ['Sequence operators, Optional', 'lists of tensors and optional tensors are not supported'],
  ['Operators of strings', 'og computes numbers'],
  [
    'CausalConvWithState, LinearAttention and all of opset 27',
    'ranges are measured by running the model in ONNX Runtime, which does not run it yet',
  ],
  ['ImageDecoder, RoiAlign', 'not composed yet'],
  ['Operators of other domains than ONNX and ai.onnx.ml', 'og does not know what they compute'],
];
