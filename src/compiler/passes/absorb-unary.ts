/** Gives a `Unary` function to the node before it, when that node's step can apply it in its finish and nothing else reads between. */
import { type Plan, type PlanNode, useCounts } from '../plan.js';

/**
 * @param canFinish whether a node's lowering applies a function to its result by itself.
 * @param standsAlone whether a `Unary` is better computed by steps of its own.
 */
export function absorbUnary(
  plan: Plan,
  canFinish: (node: PlanNode) => boolean,
  standsAlone: (unary: PlanNode) => boolean,
): Plan {
  const uses = useCounts(plan);
  const nodes: PlanNode[] = [];
  const producers = new Map<string, number>();
  for (const node of plan.nodes) {
    const before = node.inputs[0]!;
    const index = producers.get(before);
    const producer = index === undefined ? undefined : nodes[index];
    if (
      node.unary &&
      !standsAlone(node) &&
      producer &&
      uses.get(before) === 1 &&
      !producer.applied &&
      canFinish(producer)
    ) {
      nodes[index!] = { ...producer, outputs: node.outputs, applied: { fn: node.unary, before } };
      producers.set(node.outputs[0]!, index!);
      continue;
    }
    // Only a node's first result can take a function.
    if (node.outputs[0]) producers.set(node.outputs[0], nodes.length);
    nodes.push(node);
  }
  return { ...plan, nodes };
}
