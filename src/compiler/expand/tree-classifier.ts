/**
 * TreeEnsembleClassifier as a TreeEnsembleRegressor with a target for each class, and what ONNX Runtime makes of its sums. Two
 * classes are a case of their own there: when all leaves vote for the first, the votes count for the second.
 */
import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  NodeProtoSchema,
} from 'onnx-buf';
import { attribute } from '../onnx/write.js';
import type { Expansion } from './expansion.js';
import { giveLabels, givePair, giveScores, giveSide, labelsOf, refusesTransform } from './ml-scores.js';
import type { Site } from './site.js';

const RENAMED: Readonly<Record<string, string>> = {
  class_treeids: 'target_treeids',
  class_nodeids: 'target_nodeids',
  class_ids: 'target_ids',
  class_weights: 'target_weights',
  class_weights_as_tensor: 'target_weights_as_tensor',
};

/** Sums of the leaves' weights: [rows, targets]. */
function sums(site: Site, targets: number, base: readonly number[]): string {
  const kept = site.proto.attribute.flatMap((given): AttributeProto[] => {
    const name = RENAMED[given.name] ?? given.name;
    const isOfTrees = name.startsWith('nodes_') || name.startsWith('target_');
    return isOfTrees ? [create(AttributeProtoSchema, { ...given, name })] : [];
  });
  const more = [attribute('n_targets', targets)];
  if (base.length > 0)
    more.push(create(AttributeProtoSchema, { name: 'base_values', type: AttributeType.FLOATS, floats: [...base] }));
  const name = `${site.prefix}/sums`;
  site.nodes.push(
    create(NodeProtoSchema, {
      opType: 'TreeEnsembleRegressor',
      domain: 'ai.onnx.ml',
      name,
      input: [site.input(0)],
      output: [name],
      attribute: [...kept, ...more],
    }),
  );
  return name;
}

const weightsOf = (site: Site): ArrayLike<number> =>
  site.attributes.floats('class_weights') ??
  (site.attributes.tensor('class_weights_as_tensor')!.data as ArrayLike<number>);

const baseOf = (site: Site): number[] => {
  const tensor = site.attributes.tensor('base_values_as_tensor');
  return site.attributes.floats('base_values') ?? (tensor ? Array.from(tensor.data as ArrayLike<number>) : []);
};

export const treeEnsembleClassifier: Expansion = {
  expand: (site) => {
    const labels = labelsOf(site)!;
    const base = baseOf(site);
    const ids = new Set(site.attributes.ints('class_ids'));
    if (labels.length > 2) {
      const scores = sums(site, labels.length, base);
      giveLabels(site, scores, labels);
      return giveScores(site, 1, scores);
    }
    const pair: [number, number] = [labels[0]!, labels[1]!];
    const isProbability = Array.from(weightsOf(site)).every((weight) => weight >= 0);
    const threshold = isProbability ? 0.5 : 0;
    if (ids.size === 1 && ids.has(0)) {
      const score = sums(site, 1, base);
      giveSide(site, score, threshold, pair);
      return givePair(site, score, isProbability);
    }
    const scores = sums(site, 2, ids.size === 1 || base.length === 0 ? [] : [base[0]!, 0]);
    const second = site.add('Gather', [scores, site.wholes([1])], { axis: 1 });
    // With votes for both, ONNX Runtime gives 1 and 0 whatever the labels are.
    giveSide(site, second, ids.size === 1 ? threshold : 0, ids.size === 1 ? pair : [0, 1]);
    giveScores(site, 1, scores);
  },
  refuses: (site) => {
    const labels = labelsOf(site);
    if (!labels) return 'its labels are texts';
    if (labels.length < 2) return 'it has one label';
    const base = baseOf(site).length;
    if (labels.length > 2 && base !== 0 && base !== labels.length) return `it has ${base} base values`;
    if (labels.length === 2 && base > 1) return 'it has two labels and two base values';
    return refusesTransform(site);
  },
};

/** A regressor whose results are transformed. */
export const treeEnsembleRegressor: Expansion = {
  applies: (site) => site.attributes.text('post_transform', 'NONE') !== 'NONE',
  expand: (site) => {
    const name = `${site.prefix}/sums`;
    const kept = site.proto.attribute.filter(({ name: given }) => given !== 'post_transform');
    site.nodes.push(create(NodeProtoSchema, { ...site.proto, name, output: [name], attribute: kept }));
    giveScores(site, 0, name);
  },
  refuses: (site) => refusesTransform(site),
};
