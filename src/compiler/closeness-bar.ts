/** How close a program has to come to its float model before the report is called good, by what the model is made of. */
import type { GraphProto } from 'onnx-buf';
import type { Fidelity } from '../program/artefact.js';

/** `recurrent` are recurrent and attention nets, in which errors go round. */
export type Kind = 'dense' | 'recurrent' | 'trees' | 'quantised';

/** Cosine similarity. What is quantised may be a whole quantum off here and there. */
export const LEAST_COSINE: Readonly<Record<Kind, number>> = {
  dense: 0.99999,
  recurrent: 0.9999,
  trees: 0.99999,
  quantised: 0.9999,
};
/** Part of the rows whose largest score is the same. */
export const LEAST_TOP1 = 0.99;

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

export function kindOf(graph: GraphProto): Kind {
  const operators = operatorsOf(graph);
  if (operators.some((operator) => operator.startsWith('TreeEnsemble'))) return 'trees';
  if (operators.some((operator) => operator === 'QuantizeLinear' || operator.startsWith('QLinear'))) return 'quantised';
  if (operators.some((operator) => RECURRENT.has(operator)) || hasAttention(graph)) return 'recurrent';
  return 'dense';
}

/** Whether a report is below the bar. */
export const isPoor = ({ cosine, top1Agreement }: Fidelity, kind: Kind): boolean =>
  cosine < LEAST_COSINE[kind] || (top1Agreement ?? 1) < LEAST_TOP1;
