/**
 * Folds multiplications and additions by constants per channel into the weights and bias of the Conv, ConvTranspose, Gemm or MatMul
 * before them, in float64, when nothing else reads what that node gives.
 */
import type { FloatTensor } from '../float-runtime.js';
import { toNumbers } from '../onnx/tensor.js';
import { constantOf, factsOf, type Plan, type PlanNode, useCounts, withConstants } from '../plan.js';
import { type ChannelAffine, channelAffine } from './channel-affine.js';

interface Folded {
  readonly node: PlanNode;
  readonly constants: readonly (readonly [string, FloatTensor])[];
}

const float64 = (dims: readonly number[], data: Float64Array): FloatTensor => ({
  type: 'float64',
  dims: [...dims],
  data,
});

/** Axis of the channels in the result of a node that can take a fold, or null. */
function channelAxis(plan: Plan, node: PlanNode): number | null {
  if (node.domain !== '' || node.applied || node.unary) return null;
  switch (node.operator) {
    case 'Conv':
    case 'Gemm':
      return 1;
    case 'ConvTranspose':
      return node.attributes.int('group', 1) === 1 ? 1 : null;
    case 'MatMul':
      return (constantOf(plan, node.inputs[1])?.dims.length ?? 0) >= 2
        ? factsOf(plan, node.outputs[0]!).shape.length - 1
        : null;
    default:
      return null;
  }
}

/** The bias of each channel, zeros when there is none, or null when it is not one constant per channel. */
function channelBias(plan: Plan, name: string | undefined, channels: number): Float64Array | null {
  if (!name) return new Float64Array(channels);
  const constant = constantOf(plan, name);
  if (!constant) return null;
  const values = toNumbers(constant);
  if (values.length === 1) return new Float64Array(channels).fill(values[0]!);
  return values.length === channels && constant.dims.at(-1) === channels ? values : null;
}

function foldInto(plan: Plan, node: PlanNode, affine: ChannelAffine, output: string): Folded | null {
  const weights = constantOf(plan, node.inputs[1]);
  const channels = affine.mul.length;
  const bias = channelBias(plan, node.inputs[2], channels);
  if (!weights || !bias) return null;
  const isGemm = node.operator === 'Gemm';
  const [alpha, beta] = isGemm ? [node.attributes.float('alpha', 1), node.attributes.float('beta', 1)] : [1, 1];
  const values = toNumbers(weights);
  const channelFirst = node.operator === 'Conv' || (isGemm && node.attributes.int('transB', 0) !== 0);
  const perChannel = values.length / channels;
  // [in, out, kernel...]
  const kernelSize = node.operator === 'ConvTranspose' ? perChannel / weights.dims[0]! : 1;
  const channelOf = (i: number): number =>
    channelFirst ? Math.floor(i / perChannel) : Math.floor(i / kernelSize) % channels;
  const scaled = values.map((w, i) => alpha * w * affine.mul[channelOf(i)]!);
  const shifted = bias.map((b, c) => beta * b * affine.mul[c]! + affine.add[c]!);
  const [weightsName, biasName] = [`${output}:weights`, `${output}:bias`];
  return {
    node: {
      ...node,
      inputs: [node.inputs[0]!, weightsName, biasName],
      outputs: [output],
      attributes: isGemm ? node.attributes.without('alpha', 'beta') : node.attributes,
    },
    constants: [
      [weightsName, float64(weights.dims, scaled)],
      [biasName, float64([channels], shifted)],
    ],
  };
}

export function foldAffine(plan: Plan): Plan {
  const uses = useCounts(plan);
  const nodes: PlanNode[] = [];
  const producers = new Map<string, number>();
  let current = plan;
  const tryFold = (node: PlanNode): boolean => {
    for (const input of new Set(node.inputs)) {
      const index = producers.get(input);
      if (index === undefined || uses.get(input) !== 1) continue;
      const axis = channelAxis(current, nodes[index]!);
      const affine = axis === null ? null : channelAffine(current, node, axis);
      if (affine?.input !== input) continue;
      const folded = foldInto(current, nodes[index]!, affine, node.outputs[0]!);
      if (!folded) continue;
      nodes[index] = folded.node;
      current = withConstants(current, folded.constants);
      producers.set(node.outputs[0]!, index);
      return true;
    }
    return false;
  };
  for (const node of plan.nodes) {
    if (tryFold(node)) continue;
    for (const name of node.outputs) if (name !== '') producers.set(name, nodes.length);
    nodes.push(node);
  }
  return { ...current, nodes };
}
