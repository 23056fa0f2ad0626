/** Liars, for demonstrations and tests on a devnet: an honest trace with one wrong element, and everything after it computed from the lie. */
import type { Node } from '../chain/provider.js';
import { type TraceSource, traceSource } from '../dispute/trace.js';
import { UserError } from '../errors.js';
import { checkProgram } from '../program/check.js';
import { evaluateStep } from '../program/evaluate.js';
import { OPERAND_NAMES } from '../program/step.js';

/** One wrong element. */
export interface Lie {
  /** The slot that it is in: 0 for the input, k for the output of step k. */
  readonly slot: number;
  /** Flat position in the slot. */
  readonly element: number;
  /** What stands there instead of the truth; whatever is furthest from it when left out. */
  readonly value?: number;
}

/** @throws UserError on anything but a devnet: on a real chain it would only cost the liar the bond. */
export function requireDevnet(node: Node): void {
  if (node.isDevnet) return;
  throw new UserError(
    'OG_NOT_A_DEVNET',
    `Lying is for devnets; this is chain ${node.chainId}.`,
    'Try it with `og devnet` or `og demo`.',
  );
}

/** The trace of a worker who puts the lie in and goes on computing from there. */
export function tamper({ commitment, slots }: TraceSource, lie: Lie): TraceSource {
  const { program } = commitment;
  const truth = slots[lie.slot];
  if (!truth || lie.element < 0 || lie.element >= truth.length)
    throw new UserError(
      'OG_BAD_LIE',
      `There is no element ${lie.element} in slot ${lie.slot}.`,
      `The slots are 0 to ${slots.length - 1}${truth ? `, the elements of this one 0 to ${truth.length - 1}` : ''}.`,
    );
  const lying = [...slots.slice(0, lie.slot), truth.with(lie.element, lie.value ?? furthest(commitment, slots, lie))];
  const changed = new Set([lie.slot]);
  for (const [index, step] of program.steps.entries()) {
    const slot = index + 1;
    if (slot <= lie.slot) continue;
    const reads = OPERAND_NAMES.some((name) => {
      const { source } = step[name];
      return source.kind === 'slot' && changed.has(source.index);
    });
    const honest = slots[slot] as Int32Array;
    const computed = reads ? evaluateStep(program, step, lying) : honest;
    if (computed.some((value, i) => value !== honest[i])) changed.add(slot);
    lying.push(computed);
  }
  return traceSource(commitment, lying);
}

/** The end of the slot's range that is further from the truth: a lie outside of the range could overflow the steps after it. */
function furthest({ program }: TraceSource['commitment'], slots: TraceSource['slots'], { slot, element }: Lie): number {
  const truth = slots[slot]?.[element] ?? 0;
  const range = checkProgram(program)[slot];
  if (!range || range.lo === range.hi) return truth > 0 ? truth - 1 : truth + 1;
  return truth - range.lo > range.hi - truth ? range.lo : range.hi;
}
