/** What is asked of a model, by what it is made of. */
import type { GraphProto } from 'onnx-buf';
import type { OnnxModel } from '../../src/compiler/onnx/graph.js';

/** `trees`: equal outputs; `quantised`: within one quantum, and 99.9 % equal; others: a cosine similarity. */
export type Kind = 'dense' | 'recurrent' | 'trees' | 'quantised';

export const LEAST_COSINE = { dense: 0.99999, recurrent: 0.9999 } as const;
export const LEAST_EQUAL = 0.999;

const RECURRENT = new Set(['LSTM', 'GRU', 'RNN', 'Attention', 'MultiHeadAttention']);

function operatorsOf(graph: GraphProto): string[] {
  return graph.node.flatMap(({ opType, attribute }) => [
    opType,
    ...attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]).flatMap(operatorsOf),
  ]);
}

/** Attention is what multiplies by a softmax and goes on after it; a classifier ends with one. */
function hasAttention(graph: GraphProto): boolean {
  const softmaxes = new Set(graph.node.filter(({ opType }) => opType === 'Softmax').flatMap(({ output }) => output));
  return graph.node.some(({ opType, input }) => opType === 'MatMul' && input.some((name) => softmaxes.has(name)));
}

export function kindOf({ graphProto }: OnnxModel): Kind {
  const operators = operatorsOf(graphProto);
  if (operators.some((operator) => operator.startsWith('TreeEnsemble'))) return 'trees';
  if (operators.some((operator) => operator === 'QuantizeLinear' || operator.startsWith('QLinear'))) return 'quantised';
  if (operators.some((operator) => RECURRENT.has(operator)) || hasAttention(graphProto)) return 'recurrent';
  return 'dense';
}

/** Real value of one unit of a quantised model's outputs, by output: the scale of what dequantises it, 1 for integers. */
export function quantumOf({ graph, graphProto }: OnnxModel, output: string): number {
  const node = graphProto.node.find((each) => each.output.includes(output));
  if (node?.opType !== 'DequantizeLinear') return 1;
  const scale = graph.initializers.get(node.input[1]!);
  if (!scale) throw new Error(`The scale of "${output}" is not an initialiser.`);
  return Number(scale.data[0]);
}
