/** NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss. */
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const SCORES = 0;
const LABELS = 1;
const WEIGHTS = 2;

/** -w[label] · x[label] by position, and w[label], as [n, 1, ...]. The label to ignore has no weight. */
function perPosition(site: Site, logProbabilities: string) {
  const [batch, classes, ...rest] = site.shape(SCORES) as [number, number, ...number[]];
  const ones = rest.map(() => 1);
  const labels = site.cast(site.reshape(site.input(LABELS), [batch, 1, ...rest]), 'int64');
  const names = site.wholes(
    Array.from({ length: classes }, (_, i) => i),
    [1, classes, ...ones],
  );
  const isLabel = site.add('Equal', [labels, names]);
  const ignored = site.attributes.int('ignore_index', Number.NaN);
  const isIgnored = ignored >= 0 && ignored < classes;
  const counted = isIgnored
    ? site.reals(
        Array.from({ length: classes }, (_, i) => (i === ignored ? 0 : 1)),
        [1, classes, ...ones],
      )
    : null;
  const given = site.has(WEIGHTS) ? site.reshape(site.input(WEIGHTS), [1, classes, ...ones]) : null;
  const weights = given && counted ? site.add('Mul', [given, counted]) : (given ?? counted);
  const weighted = weights ? site.add('Mul', [logProbabilities, weights]) : logProbabilities;
  const chosen = site.add('Where', [isLabel, weighted, site.real(0)]);
  const losses = site.add('Neg', [site.reduce('ReduceSum', chosen, [1])]);
  const hasIgnored = !Number.isNaN(ignored);
  const shares = (): string => {
    const share = weights ? site.add('Where', [isLabel, weights, site.real(0)]) : site.cast(isLabel, site.type(SCORES));
    return site.reduce('ReduceSum', share, [1]);
  };
  return { losses, shares: weights || hasIgnored ? shares : null };
}

function likelihood(site: Site, logProbabilities: string): void {
  const { losses, shares } = perPosition(site, logProbabilities);
  const reduction = site.attributes.text('reduction', 'mean');
  const axes = site.shape(SCORES).map((_, axis) => axis);
  const sum = (): string => site.reduce('ReduceSum', losses, axes);
  const mean = (): string =>
    shares
      ? site.add('Div', [sum(), site.reduce('ReduceSum', shares(), axes)])
      : site.reduce('ReduceMean', losses, axes);
  const result = reduction === 'none' ? losses : reduction === 'sum' ? sum() : mean();
  site.give(0, 'Reshape', [result, site.wholes(site.outputShape())]);
}

export const negativeLogLikelihood: Expansion = { expand: (site) => likelihood(site, site.input(SCORES)) };

/** Since this version the axis of LogSoftmax is one axis; before, all from it on are one. */
const ONE_AXIS_OPSET = 13;

function logSoftmax(site: Site): string {
  if (site.opset >= ONE_AXIS_OPSET) return site.add('LogSoftmax', [site.input(SCORES)], { axis: 1 });
  const rank = site.shape(SCORES).length;
  const others = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  const last = site.add('Transpose', [site.input(SCORES)], { perm: [0, ...others, 1] });
  const result = site.add('LogSoftmax', [last], { axis: rank - 1 });
  return site.add('Transpose', [result], { perm: [0, rank - 1, ...others.map((axis) => axis - 1)] });
}

export const softmaxCrossEntropy: Expansion = {
  expand: (site) => {
    const logProbabilities = logSoftmax(site);
    if (site.gives(0)) likelihood(site, logProbabilities);
    site.give(1, 'Identity', [logProbabilities]);
  },
};
