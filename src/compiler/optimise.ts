/** The passes over a plan, and which nodes take a function into their last step. */

import { loweringOf } from './lower/register.js';
import { isComputed, tailOf } from './lower/unary.js';
import { isFloat } from './onnx/tensor.js';
import { absorbUnary } from './passes/absorb-unary.js';
import { dropIdentities } from './passes/drop-identity.js';
import { foldAffine } from './passes/fold-affine.js';
import { fuseUnary } from './passes/fuse-unary.js';
import { absorbQuantisation, pairQuantisation } from './passes/pair-quantisation.js';
import { constantOf, dropDeadNodes, factsOf, type Plan, type PlanNode } from './plan.js';

/** Whether a node's lowering can apply a function to its first result. */
function canFinish(plan: Plan, node: PlanNode): boolean {
  const hasTensorBias =
    ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'].includes(node.operator) &&
    (node.inputs[2] ?? '') !== '' &&
    !constantOf(plan, node.inputs[2]);
  const finishes = loweringOf(node)?.finishes;
  const finishesType = finishes === 'reals' ? isFloat(factsOf(plan, node.outputs[0]!).type) : finishes === true;
  return finishesType && !hasTensorBias;
}

/**
 * The passes, in their order: each makes the next one find more.
 *
 * @param isFine activations have more bits than weights.
 */
export function optimise(original: Plan, isFine: boolean): Plan {
  const paired = dropDeadNodes(pairQuantisation(dropDeadNodes(dropIdentities(original))));
  const plan = dropDeadNodes(fuseUnary(foldAffine(paired)));
  const finished = absorbUnary(
    plan,
    (node) => canFinish(plan, node),
    (node) => isComputed(plan, node) || (isFine && tailOf(plan, node) !== null),
  );
  return absorbQuantisation(finished, (node) => node.unary !== undefined || canFinish(finished, node));
}
