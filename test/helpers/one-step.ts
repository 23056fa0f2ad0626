/** `computeElement` of IStepVerifier.sol: one element of a known model's step from openings alone. */
import type { OpeningData } from '../../src/commit/forest.js';
import type { Hash } from '../../src/commit/hash.js';
import type { ModelCommitment } from '../../src/commit/model.js';
import { openedElement } from '../../src/commit/opened-element.js';
import { readOpening } from '../../src/commit/verify-opening.js';
import { elementCount } from '../../src/program/step.js';

/** Throws when an opening is wrong, a leaf is missing, or the step reads its own or a later slot. */
export function computeElement(
  { program, model, constants, encodedSteps }: ModelCommitment,
  slot: number,
  element: number,
  traceRoot: Hash,
  traceOpening: OpeningData,
  constantsOpening: OpeningData,
): number {
  const step = program.steps[slot - 1];
  const encoded = encodedSteps[slot];
  if (!step || !encoded || element >= elementCount(step.outDims)) throw new Error('There is nothing to compute.');
  const trace = readOpening(traceOpening, traceRoot, model.slotDepth + model.tensorDepth);
  const weights = readOpening(constantsOpening, constants.root, constants.depth);
  if (!trace || !weights) throw new Error('The opening does not lead to the root.');
  return openedElement(
    encoded,
    slot,
    element,
    { leaves: trace, tensorDepth: model.tensorDepth },
    { leaves: weights, tensorDepth: model.constantTensorDepth },
  );
}
