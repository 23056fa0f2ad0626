/**
 * The plan: the part of the graph that is left to compute, with everything known about its tensors. Passes turn one plan into
 * another; lowering turns the last one into a program.
 */
import type { FloatTensor } from './float-runtime.js';
import type { RealRange, TensorFacts } from './measure.js';
import type { GraphInput, Node } from './onnx/graph.js';
import type { UnaryFunction } from './unary-function.js';

/** A function that a node applies to its first result before anybody sees it. */
export interface Applied {
  readonly fn: UnaryFunction;
  /** The tensor that the node gave before: its range says where the function is needed. */
  readonly before: string;
}

/** What real numbers are rounded to: `scale` times a whole number from `lo` to `hi`. */
export interface Quantum {
  readonly scale: number;
  readonly lo: number;
  readonly hi: number;
}

/** A node of the plan. `Unary` nodes, which passes make, carry their function. */
export interface PlanNode extends Node {
  readonly unary?: UnaryFunction;
  readonly applied?: Applied;
  /** The node's first result is rounded to it, after the function that is applied. */
  readonly quantum?: Quantum;
}

/** One of the model's outputs and the tensor that holds it. */
export interface PlanOutput {
  readonly name: string;
  readonly tensor: string;
}

export interface Plan {
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly PlanOutput[];
  /** Topologically sorted; their outputs are not constant. */
  readonly nodes: readonly PlanNode[];
  readonly facts: ReadonlyMap<string, TensorFacts>;
  readonly ranges: Readonly<Record<string, RealRange>>;
}

/** The facts of a tensor that must exist. */
export function factsOf(plan: Plan, tensor: string): TensorFacts {
  const facts = plan.facts.get(tensor);
  if (!facts) throw new Error(`Nothing is known of the tensor "${tensor}".`);
  return facts;
}

export const constantOf = (plan: Plan, tensor: string | undefined): FloatTensor | undefined =>
  tensor === undefined ? undefined : plan.facts.get(tensor)?.constant;

/** How many places read each tensor; the model's outputs count. */
export function useCounts(plan: Plan): Map<string, number> {
  const counts = new Map<string, number>();
  const use = (name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const node of plan.nodes) node.inputs.forEach(use);
  for (const { tensor } of plan.outputs) use(tensor);
  return counts;
}

/** The plan without the nodes that no output depends on. */
export function dropDeadNodes(plan: Plan): Plan {
  const needed = new Set(plan.outputs.map(({ tensor }) => tensor));
  const nodes: PlanNode[] = [];
  for (const node of [...plan.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  return { ...plan, nodes: nodes.reverse() };
}

/** The plan with more constants, as passes make them. */
export function withConstants(plan: Plan, constants: readonly (readonly [string, FloatTensor])[]): Plan {
  if (constants.length === 0) return plan;
  const facts = new Map(plan.facts);
  for (const [name, constant] of constants) facts.set(name, { shape: constant.dims, type: constant.type, constant });
  return { ...plan, facts };
}
