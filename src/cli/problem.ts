import { OgError } from '../errors.js';
import { err } from './colour.js';
import { usageProblem, withoutOclif } from './usage.js';

/**
 * What a thrown value means to the person at the terminal.
 *
 * exit: a command that ended on purpose and has said all there is to say; known: something they can mend; bug: ours to mend.
 */
export interface Problem {
  readonly kind: 'exit' | 'known' | 'bug';
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly stack?: string;
}

export const BUG_HINT =
  'This is a bug in og, not in what you did. Please report it with the command and the lines above, in the issues of the og repository.';

/**
 * @param argv what the process was called with, for the hint.
 * @param commands all there are, with spaces: `account new`.
 */
export function problemOf(error: unknown, argv: readonly string[], commands: readonly string[]): Problem {
  if (error instanceof OgError) {
    const { code, message, hint, exitCode } = error;
    return { kind: 'known', exitCode, code, message: withoutOclif(message), ...(hint === undefined ? {} : { hint }) };
  }
  const usage = usageProblem(error, argv, commands);
  if (usage) return usage;
  const thrown = error instanceof Error ? error : new Error(String(error));
  const stack = thrown.stack === undefined ? {} : { stack: thrown.stack };
  return { kind: 'bug', exitCode: 1, code: 'OG_BUG', message: thrown.message, hint: BUG_HINT, ...stack };
}

/** People get a sentence on stderr; scripts get `{"error": {...}}` on stdout (and a bug's stack on stderr all the same). */
export function printProblem(problem: Problem, json: boolean): void {
  const { kind, code, message, hint, stack } = problem;
  if (kind === 'bug') process.stderr.write(`${stack ?? message}\n`);
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: { code, message, ...(hint ? { hint } : {}) } }, null, 2)}\n`);
    return;
  }
  if (kind === 'known') process.stderr.write(`${err.red('Error:')} ${message}\n`);
  if (hint) process.stderr.write(`${kind === 'bug' ? hint : `${err.bold('Try this:')} ${hint}`}\n`);
}
