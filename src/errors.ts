/**
 * Errors that are somebody's to mend. `code` is for scripts and stays stable; the message is a sentence for people; `hint` says
 * what to try. Anything else that is thrown is a bug of ours (exit code 1).
 */
export abstract class OgError extends Error {
  abstract readonly exitCode: number;

  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Wrong usage or bad input: nothing was written, nothing was sent. */
export class UserError extends OgError {
  readonly exitCode = 2;
}

/** The chain or the network failed; trying again may help. */
export class NetworkError extends OgError {
  readonly exitCode = 3;
}
