/** Where to lie, as it is said on the command line. */
import { UserError } from '../errors.js';
import { type Program, slotShape } from '../program/program.js';
import type { Lie } from '../worker/tamper.js';

/**
 * Reads `<step>` or `<step>:<element>`; steps count from 1, and the element in the middle is meant when none is said.
 *
 * @param flag names the flag in an error.
 */
export function parseLie(text: string, program: Program, flag: string): Lie {
  const match = /^(\d+)(?::(\d+))?$/.exec(text);
  const step = Number(match?.[1]);
  if (!match || step < 1 || step > program.steps.length) {
    throw new UserError(
      'OG_BAD_LIE',
      `${flag} takes <step> or <step>:<element>, with a step from 1 to ${program.steps.length}, not "${text}".`,
      'og inspect lists the steps of an artefact.',
    );
  }
  const { elements } = slotShape(program, step);
  const element = match[2] === undefined ? Math.floor(elements / 2) : Number(match[2]);
  if (element < elements) return { slot: step, element };
  const name = program.steps[step - 1]!.name;
  throw new UserError(
    'OG_BAD_LIE',
    `Step ${step} ("${name}") has the elements 0 to ${elements - 1}, and no element ${element}.`,
  );
}
