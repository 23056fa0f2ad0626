/** `computeElement` of IStepVerifier.sol: one element from openings alone, by the reference evaluator. */
import { getBytes } from 'ethers';
import type { OpeningData } from '../../src/commit/forest.js';
import type { ModelCommitment } from '../../src/commit/model.js';
import { stepEvaluator } from '../../src/program/evaluate.js';
import { slotShape } from '../../src/program/program.js';
import { elementCount } from '../../src/program/step.js';
import { partialTensor } from './partial.js';
import { readOpening } from './verify.js';

/** Throws when an opening is wrong, a leaf is missing, or the step reads its own or a later slot. */
export function computeElement(
  { program, model, constants }: ModelCommitment,
  slot: number,
  element: number,
  traceRoot: string,
  traceOpening: OpeningData,
  constantsOpening: OpeningData,
): number {
  const step = program.steps[slot - 1];
  if (!step || element >= elementCount(step.outDims)) throw new Error('There is nothing to compute.');
  const trace = opened(traceOpening, traceRoot, model.slotDepth + model.tensorDepth);
  const weights = opened(constantsOpening, constants.root, constants.depth);
  const slots = Array.from({ length: slot }, (_, k) =>
    partialTensor(trace, k * 2 ** model.tensorDepth, slotShape(program, k).width),
  );
  const partialConstants = program.constants.map((constant, k) => ({
    ...constant,
    data: partialTensor(weights, k * 2 ** model.constantTensorDepth, constant.width),
  }));
  return stepEvaluator({ ...program, constants: partialConstants }, step, slots)(element);
}

function opened(opening: OpeningData, root: string, depth: number): Map<number, Uint8Array> {
  if (opening.runs === '0x' && opening.leaves === '0x' && opening.siblings.length === 0) return new Map();
  const leaves = readOpening(opening, root, depth);
  if (!leaves) throw new Error('The opening does not lead to the root.');
  return new Map([...leaves].map(([position, leaf]) => [position, getBytes(leaf)]));
}
