/**
 * Operands whose values a lowering has to know: what they are called, by position. A graph input that such an operand depends on
 * is frozen to its value in the calibration samples.
 */
import type { Node } from '../onnx/graph.js';

type Positions = Readonly<Record<number, string>>;

const AXES: Positions = { 1: 'axes' };
const SHAPE: Positions = { 1: 'shape' };
const PER_CHANNEL: Positions = { 1: 'scale', 2: 'bias' };
const INDICES: Positions = { 1: 'indices' };
const QUANTISATION: Positions = { 1: 'scale', 2: 'zero point' };
const BOXES: Positions = { 1: 'boxes', 2: 'batch indices' };

const CONSTANT_INPUTS: Readonly<Record<string, Positions>> = {
  Reshape: SHAPE,
  Expand: SHAPE,
  Tile: { 1: 'repeats', 2: 'axis' },
  Slice: { 1: 'starts', 2: 'ends', 3: 'axes', 4: 'steps' },
  Split: { 1: 'lengths' },
  SplitToSequence: { 1: 'lengths' },
  Squeeze: AXES,
  Unsqueeze: AXES,
  Pad: { 1: 'pads', 2: 'value', 3: 'axes' },
  CenterCropPad: SHAPE,
  ConstantOfShape: { 0: 'shape' },
  Range: { 0: 'start', 1: 'limit', 2: 'step' },
  Resize: { 1: 'region', 2: 'scales', 3: 'sizes' },
  Upsample: { 1: 'scales' },
  AffineGrid: { 1: 'size' },
  Col2Im: { 1: 'image shape', 2: 'block shape' },
  MaxUnpool: { 1: 'indices', 2: 'shape' },
  RoiAlign: BOXES,
  TopK: { 1: 'k' },
  OneHot: { 1: 'depth', 2: 'values' },
  Trilu: { 1: 'diagonal' },
  CumSum: { 1: 'axis' },
  CumProd: { 1: 'axis' },
  Dropout: { 1: 'ratio', 2: 'mode' },
  Compress: { 1: 'condition' },
  Scatter: INDICES,
  ScatterElements: INDICES,
  ScatterND: INDICES,
  ReverseSequence: { 1: 'lengths' },
  DFT: { 1: 'length', 2: 'axis' },
  STFT: { 1: 'step', 2: 'window', 3: 'length' },
  BlackmanWindow: { 0: 'size' },
  HammingWindow: { 0: 'size' },
  HannWindow: { 0: 'size' },
  MelWeightMatrix: { 0: 'bins', 1: 'length', 2: 'rate', 3: 'lowest frequency', 4: 'highest frequency' },
  If: { 0: 'condition' },
  Loop: { 0: 'number of turns', 1: 'condition' },
  BatchNormalization: { 1: 'scale', 2: 'bias', 3: 'mean', 4: 'variance' },
  InstanceNormalization: PER_CHANNEL,
  GroupNormalization: PER_CHANNEL,
  LayerNormalization: PER_CHANNEL,
  QuantizeLinear: QUANTISATION,
  DequantizeLinear: QUANTISATION,
  QLinearConv: {
    1: 'scale',
    2: 'zero point',
    3: 'weights',
    4: 'scale',
    5: 'zero point',
    6: 'scale',
    7: 'zero point',
    8: 'bias',
  },
  QLinearMatMul: { 1: 'scale', 2: 'zero point', 4: 'scale', 5: 'zero point', 6: 'scale', 7: 'zero point' },
  GRU: { 4: 'lengths' },
  LSTM: { 4: 'lengths' },
  RNN: { 4: 'lengths' },
  NonMaxSuppression: { 2: 'limit', 3: 'threshold', 4: 'threshold' },
  'ai.onnx.ml.ArrayFeatureExtractor': INDICES,
};

const REDUCTIONS = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'Sum', 'SumSquare'];
const REDUCTION_NAMES = new Set(REDUCTIONS.map((name) => `Reduce${name}`));

/** By position among the node's inputs, from the first; empty for most operators. */
export function constantInputs({ domain, operator, attributes }: Node): Positions {
  if (domain === '' && REDUCTION_NAMES.has(operator)) return AXES;
  // In training mode it takes the statistics of the batch.
  if (operator === 'BatchNormalization' && attributes.int('training_mode', 0) !== 0) return {};
  const key = domain === '' ? operator : `${domain}.${operator}`;
  return Object.hasOwn(CONSTANT_INPUTS, key) ? CONSTANT_INPUTS[key]! : {};
}
