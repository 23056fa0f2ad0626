/** Nodes that multiply and add one constant per channel: BatchNormalization, and Mul, Div, Add, Sub with such a constant. */

import { LARGEST_REAL } from '../measure.js';
import { toNumbers } from '../onnx/tensor.js';
import { constantOf, factsOf, type Plan, type PlanNode } from '../plan.js';

/** `y = x · mul[c] + add[c]`, c the index on the channel axis. */
export interface ChannelAffine {
  readonly input: string;
  readonly mul: Float64Array;
  readonly add: Float64Array;
}

const DEFAULT_EPSILON = 1e-5;

function batchNormalization(plan: Plan, node: PlanNode): ChannelAffine | null {
  const parameters = node.inputs.slice(1, 5).map((name) => constantOf(plan, name));
  if (parameters.some((parameter) => !parameter) || node.attributes.int('training_mode', 0) !== 0) return null;
  const [scale, bias, mean, variance] = parameters.map((parameter) => toNumbers(parameter!)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const epsilon = node.attributes.float('epsilon', DEFAULT_EPSILON);
  const mul = scale.map((s, c) => s / Math.sqrt(variance[c]! + epsilon));
  return { input: node.inputs[0]!, mul, add: bias.map((b, c) => b - mean[c]! * mul[c]!) };
}

/** The constant's value for each channel, or null when it varies along another axis too. */
function perChannel(plan: Plan, name: string, rank: number, axis: number, channels: number): Float64Array | null {
  const constant = constantOf(plan, name);
  if (!constant) return null;
  const values = toNumbers(constant);
  if (values.length === 1) return new Float64Array(channels).fill(values[0]!);
  const fromEnd = rank - axis;
  const onAxis = constant.dims.at(-fromEnd);
  return constant.dims.length >= fromEnd && onAxis === channels && values.length === channels ? values : null;
}

function arithmetic(plan: Plan, node: PlanNode, rank: number, axis: number, channels: number): ChannelAffine | null {
  const [x, y] = node.inputs as [string, string];
  const right = perChannel(plan, y, rank, axis, channels);
  const left = right ? null : perChannel(plan, x, rank, axis, channels);
  const values = right ?? left;
  if (!values) return null;
  const input = right ? x : y;
  const ones = new Float64Array(channels).fill(1);
  const zeros = new Float64Array(channels);
  switch (node.operator) {
    case 'Add':
      return { input, mul: ones, add: values };
    case 'Sub':
      return right ? { input, mul: ones, add: values.map((v) => -v) } : { input, mul: ones.map(() => -1), add: values };
    case 'Mul':
      return { input, mul: values, add: zeros };
    case 'Div':
      return right ? { input, mul: values.map((v) => 1 / v), add: zeros } : null;
    default:
      return null;
  }
}

/** @param axis the channel axis of the result, 0 or more. */
export function channelAffine(plan: Plan, node: PlanNode, axis: number): ChannelAffine | null {
  if (node.domain !== '' || !node.outputs[0]) return null;
  const { shape } = factsOf(plan, node.outputs[0]);
  const channels = shape[axis];
  if (channels === undefined) return null;
  const affine =
    node.operator === 'BatchNormalization'
      ? axis === 1
        ? batchNormalization(plan, node)
        : null
      : arithmetic(plan, node, shape.length, axis, channels);
  const isWhole = affine && factsOf(plan, affine.input).shape.join() === shape.join();
  const allFinite = affine && [...affine.mul, ...affine.add].every((value) => Math.abs(value) <= LARGEST_REAL);
  return isWhole && allFinite ? affine : null;
}
