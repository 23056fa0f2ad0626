/** Removes nodes that give their first input unchanged: Identity, Dropout (at inference), casts between floating types. */
import { isFloat } from '../onnx/tensor.js';
import { factsOf, type Plan, type PlanNode } from '../plan.js';

function isIdentity(plan: Plan, node: PlanNode): boolean {
  if (node.domain !== '') return false;
  switch (node.operator) {
    case 'Identity':
      return true;
    case 'Dropout':
      return (node.outputs[1] ?? '') === '';
    case 'Cast':
    case 'CastLike':
      return [node.inputs[0]!, node.outputs[0]!].every((name) => isFloat(factsOf(plan, name).type));
    default:
      return false;
  }
}

export function dropIdentities(plan: Plan): Plan {
  const sources = new Map<string, string>();
  const resolve = (name: string): string => sources.get(name) ?? name;
  const nodes: PlanNode[] = [];
  for (const node of plan.nodes) {
    if (isIdentity(plan, node)) sources.set(node.outputs[0]!, resolve(node.inputs[0]!));
    else nodes.push({ ...node, inputs: node.inputs.map(resolve) });
  }
  return { ...plan, nodes, outputs: plan.outputs.map(({ name, tensor }) => ({ name, tensor: resolve(tensor) })) };
}
