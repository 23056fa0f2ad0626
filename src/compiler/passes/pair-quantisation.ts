/**
 * Turns QuantizeLinear and the DequantizeLinear after it into one `Quantise` node, which rounds a real tensor to the quanta they
 * describe, and gives that rounding to the node before it where its step can do it. So every tensor between quantised layers is stored
 * as its quanta, exactly.
 */
import { toNumbers } from '../onnx/tensor.js';
import { constantOf, factsOf, type Plan, type PlanNode, type Quantum, useCounts } from '../plan.js';
import { narrowRange } from '../whole-types.js';
import { INTERNAL_DOMAIN } from './fuse-unary.js';

/** One constant number, or null. */
function oneNumber(plan: Plan, name: string | undefined, fallback: number): number | null {
  if (!name) return fallback;
  const constant = constantOf(plan, name);
  if (!constant) return null;
  const values = toNumbers(constant);
  return values.length > 0 && values.every((value) => value === values[0]) ? values[0]! : null;
}

const isOnnx = (node: PlanNode | undefined, operator: string): node is PlanNode =>
  node?.domain === '' && node.operator === operator;

function quantumOf(plan: Plan, quantise: PlanNode, dequantise: PlanNode): Quantum | null {
  const bounds = narrowRange(factsOf(plan, quantise.outputs[0]!).type);
  const [scale, zero] = [oneNumber(plan, quantise.inputs[1], 1), oneNumber(plan, quantise.inputs[2], 0)];
  const back = [oneNumber(plan, dequantise.inputs[1], 1), oneNumber(plan, dequantise.inputs[2], 0)];
  if (!bounds || scale === null || zero === null || scale <= 0) return null;
  if (back[0] !== scale || back[1] !== zero) return null;
  return { scale, lo: bounds.lo - zero, hi: bounds.hi - zero };
}

export function pairQuantisation(plan: Plan): Plan {
  const producers = new Map(plan.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const nodes = plan.nodes.map((node): PlanNode => {
    if (!isOnnx(node, 'DequantizeLinear')) return node;
    const quantise = producers.get(node.inputs[0]!);
    const quantum = isOnnx(quantise, 'QuantizeLinear') ? quantumOf(plan, quantise, node) : null;
    if (!quantum) return node;
    return { ...node, operator: 'Quantise', domain: INTERNAL_DOMAIN, inputs: [quantise!.inputs[0]!], quantum };
  });
  return { ...plan, nodes };
}

const isQuantise = (node: PlanNode): boolean => node.domain === INTERNAL_DOMAIN && node.operator === 'Quantise';

/** Equal roundings of one tensor become one node. */
function shareQuantise(plan: Plan): Plan {
  const first = new Map<string, string>();
  const renamed = new Map<string, string>();
  const resolve = (name: string): string => renamed.get(name) ?? name;
  const nodes: PlanNode[] = [];
  for (const original of plan.nodes) {
    const node = { ...original, inputs: original.inputs.map(resolve) };
    if (isQuantise(node)) {
      const { scale, lo, hi } = node.quantum!;
      const key = [node.inputs[0], scale, lo, hi].join(' ');
      const same = first.get(key);
      if (same !== undefined) {
        renamed.set(node.outputs[0]!, same);
        continue;
      }
      first.set(key, node.outputs[0]!);
    }
    nodes.push(node);
  }
  const outputs = plan.outputs.map(({ name, tensor }) => ({ name, tensor: resolve(tensor) }));
  return { ...plan, nodes, outputs };
}

/** @param canFinish whether a node's lowering rounds its first result to a target by itself. */
export function absorbQuantisation(original: Plan, canFinish: (node: PlanNode) => boolean): Plan {
  const plan = shareQuantise(original);
  const uses = useCounts(plan);
  const nodes: PlanNode[] = [];
  const producers = new Map<string, number>();
  for (const node of plan.nodes) {
    const index = isQuantise(node) ? producers.get(node.inputs[0]!) : undefined;
    const producer = index === undefined ? undefined : nodes[index];
    const isSole = uses.get(node.inputs[0]!) === 1;
    if (producer && isSole && !producer.quantum && canFinish(producer)) {
      nodes[index!] = { ...producer, outputs: node.outputs, quantum: node.quantum! };
      producers.set(node.outputs[0]!, index!);
      continue;
    }
    if (node.outputs[0]) producers.set(node.outputs[0], nodes.length);
    nodes.push(node);
  }
  return { ...plan, nodes };
}
