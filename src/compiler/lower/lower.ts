/** The last plan to steps: every node through its lowering, and the inputs and outputs packed into the first and last slot. */
import type { Program } from '../../program/program.js';
import type { Tensor } from '../build/tensor.js';
import { constantOf, factsOf, type Plan, type PlanNode } from '../plan.js';
import { refuseUnsupported, type Unsupported } from '../supported.js';
import { LoweringContext } from './context.js';
import { packInputs, packOutputs } from './pack.js';
import { specialTensors } from './precision.js';
import { loweringOf } from './register.js';

const isEmpty = (plan: Plan, tensor: string): boolean =>
  tensor !== '' && !constantOf(plan, tensor) && factsOf(plan, tensor).shape.includes(0);

/** Whether nothing is to be computed: none of the results has elements. */
const givesNothing = (plan: Plan, node: PlanNode): boolean =>
  node.outputs.every((name) => name === '' || isEmpty(plan, name));

/** Refusals that depend on constants and shapes; a node without a lowering is left out. */
function refusedBy(context: LoweringContext): Unsupported[] {
  const { plan } = context;
  const describe = (name: string): string => plan.facts.get(name)?.shape.join('x') ?? '-';
  return plan.nodes.flatMap((node) => {
    const { name, operator, opset, inputs } = node;
    if (givesNothing(plan, node)) return [];
    const readsNothing = node.operator !== 'Concat' && inputs.some((input) => isEmpty(plan, input));
    const reason = readsNothing ? 'it reads a tensor without elements' : loweringOf(node)?.refuses?.(context, node);
    return reason ? [{ node: name, operator, opset, shapes: inputs.map(describe), reason }] : [];
  });
}

export interface Bits {
  readonly weights: number;
  /** As many as the weights have, or more. */
  readonly activations: number;
}

export interface Lowered {
  readonly program: Program;
  /** Where the program holds the tensors of the plan, by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const largest = (bits: number): number => 2 ** (bits - 1) - 1;

function contextFor(plan: Plan, { weights, activations }: Bits): LoweringContext {
  return new LoweringContext(plan, largest(weights), largest(activations), specialTensors(plan));
}

/** What they are asked with: no refusal depends on the precision. */
const ANY_BITS: Bits = { weights: 16, activations: 16 };

/** Nodes that have a lowering, and cannot be compiled as they are used. */
export const refusedNodes = (plan: Plan): Unsupported[] => refusedBy(contextFor(plan, ANY_BITS));

export function lower(plan: Plan, file: string, bits: Bits): Lowered {
  const context: LoweringContext = contextFor(plan, bits);
  refuseUnsupported(file, refusedBy(context));
  const input = packInputs(context);
  for (const node of plan.nodes) {
    if (givesNothing(plan, node)) continue;
    const lowering = loweringOf(node);
    if (!lowering) context.refuse(node, 'the operator is not supported');
    lowering.lower(context, node);
  }
  const program = context.builder.program({ ...input, ...packOutputs(context) });
  return { program, tensors: context.defined };
}
