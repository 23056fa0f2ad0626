import { UserError } from '../errors.js';

/** A program that must not be run, registered or bonded on. */
export class ProgramError extends UserError {
  /** @param stepIndex position in `program.steps`, or null for a fault outside the steps. */
  constructor(
    readonly stepIndex: number | null,
    stepName: string,
    readonly reason: string,
  ) {
    super(
      'OG_ILLEGAL_PROGRAM',
      stepIndex === null
        ? `The program is not legal: ${reason}.`
        : `Step ${stepIndex + 1} ("${stepName}") is not legal: ${reason}.`,
      'Do not use this file. Compile the ONNX model again, or ask its publisher for the artefact with the registered model id.',
    );
  }
}
