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
  BitCast: 'between real and whole numbers',
  DeformConv: 'of anything but images',
  Det: 'of matrices larger than 6x6',
  Dropout: 'in training mode',
  If: 'with a condition that depends on the input',
  Loop: 'with turns that depend on the input, with a condition that its body computes, or of more than 1,024 turns',
  OptionalGetElement: 'of an optional',
  Pow: 'of a base that can be negative or is whole, with exponents that depend on the input and may not be whole',
  Resize: 'interpolating between whole numbers',
  Scan: 'of opset 8, or of more than 1,024 turns',
  TfIdfVectorizer: 'of strings',
  Unique: 'of more than one element',
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
