/** From an operator to its expansion. */
import type { Node } from '../onnx/graph.js';
import { attention } from './attention.js';
import { batchNormalization } from './batch-normalization.js';
import { cumProd } from './cum-prod.js';
import { deformConv } from './deform-conv.js';
import { determinant } from './det.js';
import { dropout } from './dropout.js';
import type { Expansion } from './expansion.js';
import { fourierTransform, shortTimeFourierTransform } from './fourier.js';
import { groupNormalization } from './group-normalization.js';
import { hardmax } from './hardmax.js';
import { ifExpansion } from './if.js';
import { layerNormalization } from './layer-normalization.js';
import { linearClassifier, linearRegressor } from './linear-model.js';
import { loop, scan } from './loop.js';
import { negativeLogLikelihood, softmaxCrossEntropy } from './loss.js';
import { globalLpPool, lpNormalization } from './lp.js';
import { localResponseNormalization } from './lrn.js';
import { maxUnpool } from './max-unpool.js';
import { arrayFeatureExtractor, binarizer, normalizer, scaler } from './ml-features.js';
import { optionalGetElement } from './optional.js';
import { power } from './power.js';
import { reduceLogSum, reduceLogSumExp, reduceProd } from './reduce.js';
import { rotaryEmbedding } from './rotary-embedding.js';
import { tensorScatter } from './tensor-scatter.js';
import { tfIdfVectorizer } from './tf-idf.js';
import { treeEnsembleClassifier, treeEnsembleRegressor } from './tree-classifier.js';
import { unique } from './unique.js';

const EXPANSIONS: Readonly<Record<string, Expansion>> = {
  If: ifExpansion,
  Loop: loop,
  Scan: scan,
  Attention: attention,
  RotaryEmbedding: rotaryEmbedding,
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
  ReduceLogSum: reduceLogSum,
  ReduceLogSumExp: reduceLogSumExp,
  ReduceProd: reduceProd,
  Hardmax: hardmax,
  GroupNormalization: groupNormalization,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  LRN: localResponseNormalization,
  LpNormalization: lpNormalization,
  GlobalLpPool: globalLpPool,
  Pow: power,
  Dropout: dropout,
  CumProd: cumProd,
  Det: determinant,
  MaxUnpool: maxUnpool,
  DeformConv: deformConv,
  TensorScatter: tensorScatter,
  TfIdfVectorizer: tfIdfVectorizer,
  Unique: unique,
  OptionalGetElement: optionalGetElement,
  DFT: fourierTransform,
  STFT: shortTimeFourierTransform,
  'ai.onnx.ml.ArrayFeatureExtractor': arrayFeatureExtractor,
  'ai.onnx.ml.Binarizer': binarizer,
  'ai.onnx.ml.LinearClassifier': linearClassifier,
  'ai.onnx.ml.LinearRegressor': linearRegressor,
  'ai.onnx.ml.Normalizer': normalizer,
  'ai.onnx.ml.Scaler': scaler,
  'ai.onnx.ml.TreeEnsembleClassifier': treeEnsembleClassifier,
  'ai.onnx.ml.TreeEnsembleRegressor': treeEnsembleRegressor,
};

export function expansionOf({ domain, operator }: Pick<Node, 'domain' | 'operator'>): Expansion | undefined {
  const key = domain === '' ? operator : `${domain}.${operator}`;
  return Object.hasOwn(EXPANSIONS, key) ? EXPANSIONS[key] : undefined;
}

/** Names of the operators that are computed as simpler ones, some of them only where they have no lowering. */
export const EXPANDED_OPERATORS: readonly string[] = Object.keys(EXPANSIONS);
