/** Which tensors do not depend on the model's input data: initialisers, constants, shapes, and what is computed from them only. */
import { type Graph, type Node, readsOf } from './onnx/graph.js';

/** Operators that give another result at every run. */
export const RANDOM_OPERATORS: ReadonlySet<string> = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
]);

/** Operators whose result depends on the shape of their input only. Input shapes are fixed when this is asked. */
const SHAPE_ONLY = new Set(['Shape', 'Size', 'EyeLike']);

const isConstantNode = (node: Node, constant: ReadonlySet<string>): boolean => {
  if (RANDOM_OPERATORS.has(node.operator) || node.attributes.hasGraph) return false;
  if (SHAPE_ONLY.has(node.operator)) return true;
  // CastLike takes nothing but the type of its second input.
  if (node.operator === 'CastLike') return constant.has(node.inputs[0] ?? '');
  return node.inputs.every((name) => name === '' || constant.has(name));
};

/**
 * Names of all constant tensors of the graph.
 *
 * @param around names that are constant around it, when it is a body.
 */
export function constantTensors(
  graph: Pick<Graph, 'nodes' | 'initializers'>,
  around: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const constant = new Set([...around, ...graph.initializers.keys()]);
  for (const node of graph.nodes)
    if (isConstantNode(node, constant)) for (const name of node.outputs) constant.add(name);
  constant.delete('');
  return constant;
}

/** Nodes that the outputs depend on and whose results are not constant, in graph order. */
export function liveNodes(graph: Pick<Graph, 'nodes' | 'outputs'>, constant: ReadonlySet<string>): Node[] {
  const needed = new Set(graph.outputs);
  const live: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name) && !constant.has(name))) continue;
    live.unshift(node);
    for (const name of readsOf(node)) needed.add(name);
  }
  return live;
}
