import type { TraceSource } from '../../dispute/trace.js';
import { type Lie, tamper } from '../../worker/tamper.js';

/** Elements of one step that are tried, spread evenly. */
const TRIES_PER_STEP = 48;

export interface Told {
  readonly lie: Lie;
  readonly trace: TraceSource;
}

/**
 * Finds one wrong element in a middle layer that changes the answer.
 *
 * Steps are tried from the middle of the program outwards; the last one is left alone, because a lie there is no secret.
 *
 * @param answerOf what a person takes from the output slot: its class, say.
 * @param nowMs the clock; the search stops after `budgetMs`.
 * @returns null when no lie that was tried changes the answer.
 */
export function chooseLie(
  truth: TraceSource,
  answerOf: (output: Int32Array) => unknown,
  { nowMs, budgetMs }: { nowMs: () => number; budgetMs: number },
): Told | null {
  const answer = answerOf(truth.slots.at(-1)!);
  const deadline = nowMs() + budgetMs;
  for (const slot of fromTheMiddle(truth.slots.length - 1)) {
    for (const element of spread(truth.slots[slot]!.length)) {
      if (nowMs() > deadline) return null;
      const trace = tamper(truth, { slot, element });
      if (answerOf(trace.slots.at(-1)!) !== answer) return { lie: { slot, element }, trace };
    }
  }
  return null;
}

/** When the answer cannot be turned: any lie in the middle. */
export function anyLie(truth: TraceSource): Told {
  const slot = Math.ceil((truth.slots.length - 1) / 2);
  const lie = { slot, element: Math.floor(truth.slots[slot]!.length / 2) };
  return { lie, trace: tamper(truth, lie) };
}

/** Steps 1 to count - 1, the middle one first. */
export function fromTheMiddle(count: number): number[] {
  const middle = Math.ceil(count / 2);
  const inner = Array.from({ length: Math.max(0, count - 1) }, (_, i) => i + 1);
  return inner.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
}

function spread(elements: number): number[] {
  const tries = Math.min(TRIES_PER_STEP, elements);
  return Array.from({ length: tries }, (_, i) => Math.floor(((i + 0.5) * elements) / tries));
}
