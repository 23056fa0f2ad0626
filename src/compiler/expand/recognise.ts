/**
 * Finds softmax, log-softmax and log-sum-exp that a file spells out as exponentials, sums and quotients: as one operator they keep
 * their precision however large the numbers are.
 */
import { create } from '@bufbuild/protobuf';
import { type NodeProto, NodeProtoSchema } from 'onnx-buf';
import type { FloatTensor } from '../float-runtime.js';
import { Attributes, type OnnxModel } from '../onnx/graph.js';
import { toNumbers } from '../onnx/tensor.js';
import { attribute } from '../onnx/write.js';

/** Since this version the axes of ReduceLogSumExp are an input. */
const AXES_INPUT = 18;
/** Since this version the axis of Softmax is one axis. */
const ONE_AXIS = 13;

class Graph {
  private readonly producers = new Map<string, NodeProto>();

  constructor(private readonly model: OnnxModel) {
    for (const node of model.graphProto.node) for (const name of node.output) this.producers.set(name, node);
  }

  get opset(): number {
    return this.model.opset[''] ?? 0;
  }

  /** The node of this operator that gives a tensor. */
  from(name: string | undefined, operator: string): NodeProto | null {
    const node = name === undefined ? undefined : this.producers.get(name);
    return node && node.opType === operator && (node.domain === '' || node.domain === 'ai.onnx') ? node : null;
  }

  private constant(name: string): FloatTensor | undefined {
    const initializer = this.model.graph.initializers.get(name);
    if (initializer) return initializer;
    const node = this.from(name, 'Constant');
    if (!node) return undefined;
    const attributes = new Attributes(node.attribute);
    const whole =
      attributes.ints('value_ints') ?? (attributes.has('value_int') ? [attributes.int('value_int', 0)] : null);
    if (!whole) return attributes.tensor('value');
    return { type: 'int64', dims: [whole.length], data: BigInt64Array.from(whole, BigInt) };
  }

  /** The axes of a reduction that names them, or null. */
  axesOf(node: NodeProto): number[] | null {
    const name = node.input[1] ?? '';
    const constant = name === '' ? undefined : this.constant(name);
    if (name !== '' && !constant) return null;
    const axes = constant ? [...toNumbers(constant)] : new Attributes(node.attribute).ints('axes');
    return axes && axes.length > 0 ? axes : null;
  }
}

const keepsDims = (node: NodeProto): boolean => new Attributes(node.attribute).int('keepdims', 1) !== 0;

/** Σ exp(z) over some axes. */
function sumOfPowers(graph: Graph, name: string | undefined) {
  const sum = graph.from(name, 'ReduceSum');
  const powers = graph.from(sum?.input[0], 'Exp');
  const axes = sum && graph.axesOf(sum);
  return sum && powers && axes ? { sum, powers, z: powers.input[0]!, axes } : null;
}

/** x, when z is x less its largest element on the axis. */
function unshifted(graph: Graph, z: string, axis: number): string {
  const difference = graph.from(z, 'Sub');
  const largest = graph.from(difference?.input[1], 'ReduceMax');
  const isSame = largest?.input[0] === difference?.input[0] && largest && keepsDims(largest);
  const axes = isSame ? graph.axesOf(largest) : null;
  return axes?.length === 1 && axes[0] === axis ? difference!.input[0]! : z;
}

const replacement = (node: NodeProto, operator: string, input: string[], attributes: NodeProto['attribute']) =>
  create(NodeProtoSchema, {
    opType: operator,
    name: node.name || node.output[0]!,
    input,
    output: [...node.output],
    attribute: attributes,
  });

function onAxis(graph: Graph, node: NodeProto, operator: string, z: string, axes: readonly number[]): NodeProto | null {
  const [axis] = axes;
  if (axes.length !== 1 || axis === undefined || (graph.opset < ONE_AXIS && axis !== -1)) return null;
  return replacement(node, operator, [unshifted(graph, z, axis)], [attribute('axis', axis)]);
}

function recognised(graph: Graph, node: NodeProto): NodeProto | null {
  if (node.opType === 'Div') {
    // exp(z) / Σ exp(z)
    const found = sumOfPowers(graph, node.input[1]);
    if (!found || !keepsDims(found.sum) || found.powers.output[0] !== node.input[0]) return null;
    return onAxis(graph, node, 'Softmax', found.z, found.axes);
  }
  if (node.opType === 'Sub') {
    // z - log Σ exp(z)
    const found = sumOfPowers(graph, graph.from(node.input[1], 'Log')?.input[0]);
    if (!found || !keepsDims(found.sum) || found.z !== node.input[0]) return null;
    return onAxis(graph, node, 'LogSoftmax', found.z, found.axes);
  }
  if (node.opType === 'Log') {
    const found = sumOfPowers(graph, node.input[0]);
    if (!found) return null;
    const keeps = attribute('keepdims', keepsDims(found.sum) ? 1 : 0);
    if (graph.opset >= AXES_INPUT) {
      const input = [found.z, found.sum.input[1]!];
      return replacement(node, 'ReduceLogSumExp', input, [keeps]);
    }
    return replacement(node, 'ReduceLogSumExp', [found.z], [attribute('axes', found.axes), keeps]);
  }
  return null;
}

/** The nodes of the model with what is recognised as one node. */
export function recognise(model: OnnxModel): NodeProto[] | null {
  const graph = new Graph(model);
  let isChanged = false;
  const nodes = model.graphProto.node.map((node) => {
    if (node.domain !== '' && node.domain !== 'ai.onnx') return node;
    const other = recognised(graph, node);
    if (other) isChanged = true;
    return other ?? node;
  });
  return isChanged ? nodes : null;
}
