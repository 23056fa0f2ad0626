/** The contract's own computation of one element of an honest trace, without a match around it. */
import type { Contracts } from '../../src/chain/contracts.js';
import type { Devnet } from '../../src/chain/devnet.js';
import { toHex } from '../../src/commit/hash.js';
import { elementReads } from '../../src/commit/reads.js';
import type { TraceSource } from '../../src/dispute/trace.js';

type Arguments = Parameters<typeof elementArguments>;

/** What StepVerifier.computeElement takes for an element of a step's slot. */
export function elementArguments({ commitment, slots, forest }: TraceSource, slot: number, element: number) {
  const { model, constants, encodedSteps } = commitment;
  const reads = elementReads(commitment, slots, slot, element);
  const trace = {
    root: forest.root,
    depth: BigInt(model.slotDepth + model.tensorDepth),
    tensorDepth: BigInt(model.tensorDepth),
  };
  const constantsTree = {
    root: constants.root,
    depth: BigInt(model.constantSlotDepth + model.constantTensorDepth),
    tensorDepth: BigInt(model.constantTensorDepth),
  };
  const opened = [forest.open(reads.trace), constants.open(reads.constants)] as const;
  const [traceOpening, constantsOpening] = opened.map((opening) => ({ ...opening, siblings: [...opening.siblings] }));
  return {
    step: toHex(encodedSteps[slot]!),
    slot: BigInt(slot),
    element: BigInt(element),
    trace,
    traceOpening: traceOpening!,
    constantsTree,
    constantsOpening: constantsOpening!,
  };
}

/** The call of StepVerifier.computeElement for an element of a step's slot. */
export function elementCall({ verifier }: Contracts, ...args: Arguments): { to: string; data: string } {
  const { step, slot, element, trace, traceOpening, constantsTree, constantsOpening } = elementArguments(...args);
  const data = verifier.interface.encodeFunctionData('computeElement', [
    step,
    slot,
    element,
    trace,
    traceOpening,
    constantsTree,
    constantsOpening,
  ]);
  return { to: verifier.address, data };
}

/** What the contract says the element is. */
export async function computedElement(contracts: Contracts, ...args: Arguments): Promise<number> {
  const answer = await contracts.node.call(elementCall(contracts, ...args));
  return Number(BigInt.asIntN(256, BigInt(answer)));
}

/** A transaction that does nothing but compute the element. */
export async function checkGas({ contracts, node, accounts }: Devnet, ...args: Arguments) {
  const call = elementCall(contracts, ...args);
  const gas = await node.estimateGas({ ...call, from: accounts[0]!.address });
  return { gas: Number(gas), calldataBytes: (call.data.length - 2) / 2 };
}
