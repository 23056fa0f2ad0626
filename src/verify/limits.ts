/** Which models are run at all: a stranger's program is legal, or it is not run; and it must not take for ever, either. */
import { UserError } from '../errors.js';
import { fitsOneTransaction, MAX_CHECK_CALLDATA_BYTES, MAX_CHECK_GAS, priceProgram } from '../program/price.js';
import { type Program, slotCount, slotShape } from '../program/program.js';
import { elementCount } from '../program/step.js';

export interface WorkLimits {
  /** Terms of all loops of a program together: about the multiplications of one run. */
  readonly terms: number;
  /** Memory of one trace with its hashes. */
  readonly traceBytes: number;
}

export const WORK_LIMITS: WorkLimits = { terms: 1e12, traceBytes: 4 * 2 ** 30 };

/** Memory that a trace takes: four bytes an element, and two hashes for each leaf of the committed bytes. */
export function traceBytes(program: Program): number {
  let bytes = 0;
  for (let slot = 0; slot < slotCount(program); slot++) {
    const { elements, width } = slotShape(program, slot);
    bytes += elements * 4 + (elements * width) / 4;
  }
  return Math.ceil(bytes);
}

/** @throws UserError when a model is too large to be run, or a step of it to be disputed in one transaction. */
export function requireWithinLimits(program: Program, limits: WorkLimits = WORK_LIMITS): void {
  const terms = program.steps.reduce(
    (sum, { outDims, redDims }) => sum + elementCount(outDims) * elementCount(redDims),
    0,
  );
  if (terms > limits.terms)
    throw tooLarge(`a run has ${terms.toExponential(2)} terms; at most ${limits.terms.toExponential(2)} are run`);
  const bytes = traceBytes(program);
  if (bytes > limits.traceBytes) throw tooLarge(`a trace takes ${bytes} bytes; at most ${limits.traceBytes} are kept`);
  const undisputable = priceProgram(program).steps.find((step) => !fitsOneTransaction(step));
  if (undisputable)
    throw tooLarge(
      `checking step ${undisputable.index + 1} ("${undisputable.name}") takes ${undisputable.gas} gas and ${undisputable.calldataBytes} bytes of calldata; ` +
        `a transaction is given ${MAX_CHECK_GAS} and ${MAX_CHECK_CALLDATA_BYTES}`,
    );
}

function tooLarge(why: string): UserError {
  return new UserError('OG_MODEL_TOO_LARGE', `The model is not run: ${why}.`);
}
