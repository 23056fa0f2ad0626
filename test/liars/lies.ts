/** Wrong traces: claimed first, and found by `og watch`; or posted against a right claim, which `og worker` defends. */

import { LEAF_BYTES } from '../../src/commit/tensor.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { slotShape } from '../../src/program/program.js';
import type { JobId } from '../../src/units.js';
import { tamper } from '../../src/worker/tamper.js';
import { type Lie, wrongElement, wrongPadding, wrongSlot } from '../helpers/liars.js';
import type { Habits, Liar } from './liar.js';
import type { Stage } from './stage.js';
import type { Strategy } from './strategy.js';

/** A liar claims first, and a watchtower is there. */
export async function liarFirst(
  stage: Stage,
  trace: TraceSource,
  habits: Habits = {},
): Promise<{ job: JobId; liar: Liar }> {
  const job = await stage.request();
  const liar = stage.liar(trace, habits);
  await stage.claim(job, liar.account, trace);
  await stage.honestly('watch');
  return { job, liar };
}

/** A worker claims first, and a liar challenges it. */
export async function workerFirst(
  stage: Stage,
  trace: TraceSource,
  habits: Habits = {},
): Promise<{ job: JobId; liar: Liar }> {
  const job = await stage.request();
  await stage.honestly('worker');
  await stage.play(([view]) => view?.claims.length === 1);
  const liar = stage.liar(trace, habits);
  await stage.challenge(job, liar);
  return { job, liar };
}

/** One wrong element, and everything after it computed from it. */
export function lieIn(
  { truth }: Stage,
  slot: number,
  share = 0.6,
): { trace: TraceSource; slot: number; element: number } {
  const element = Math.floor(((truth.slots[slot]?.length ?? 1) - 1) * share);
  return { trace: tamper(truth, { slot, element }), slot, element };
}

const lastOf = ({ truth }: Stage): number => truth.slots.length - 1;
const middleOf = (stage: Stage): number => Math.ceil(lastOf(stage) / 2);

function found(name: string, sentence: string, slotOf: (stage: Stage) => number): Strategy {
  return {
    name,
    sentence,
    async play(stage) {
      const lie = lieIn(stage, slotOf(stage));
      const { job } = await liarFirst(stage, lie.trace);
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      await stage.expectInTime(job);
    },
  };
}

function patched(
  name: string,
  sentence: string,
  lieOf: (stage: Stage) => { lie: Lie; slot: number },
  options = {},
): Strategy {
  return {
    name,
    sentence,
    ...options,
    async play(stage) {
      const { lie, slot } = lieOf(stage);
      const { job } = await liarFirst(stage, lie(stage.truth));
      await stage.play();
      await stage.expectFound(job, slot);
    },
  };
}

/** The first element behind the end of a slot that does not fill its last leaf, and is not the output. */
function paddingOf({ truth, subject }: Stage): { slot: number; element: number } {
  const { program } = subject.model.artefact;
  const slot = truth.slots.findIndex(
    ({ length }, k) => k > 0 && k < truth.slots.length - 1 && (length * slotShape(program, k).width) % LEAF_BYTES !== 0,
  );
  return { slot, element: truth.slots[slot]?.length ?? 0 };
}

export const LIES: readonly Strategy[] = [
  found(
    'wrong-in-first-step',
    'one element of the first step is wrong, and all that follows is computed from it',
    () => 1,
  ),
  found(
    'wrong-in-middle-step',
    'one element of a middle step is wrong, and all that follows is computed from it',
    middleOf,
  ),
  found('wrong-in-last-step', 'the answer itself is wrong, and nothing before it', lastOf),
  found('wrong-input', 'the model was run on another input than the one that was asked', () => 0),
  patched('right-output-wrong-trace', 'the answer is right, but not the way to it', (stage) => {
    const slot = middleOf(stage);
    return { lie: wrongElement(slot, 7), slot };
  }),
  patched('wrong-in-many-steps', 'an element of every step is wrong', ({ truth }) => ({
    lie: (honest) => truth.slots.slice(1).reduce((trace, _, i) => wrongElement(i + 1, 0)(trace), honest),
    slot: 1,
  })),
  patched('wrong-behind-the-end', 'something stands behind the end of a tensor', (stage) => {
    const { slot, element } = paddingOf(stage);
    return { lie: wrongPadding(slot, element), slot };
  }),
  patched(
    'wrong-in-no-step',
    'something stands in a slot that no step makes',
    ({ truth }) => ({ lie: wrongSlot(truth.slots.length, 3), slot: truth.slots.length }),
    { stage: { subject: 'small' } as const },
  ),
  {
    name: 'lie-against-a-right-claim',
    sentence: 'a right claim is challenged with a wrong trace',
    async play(stage) {
      const lie = lieIn(stage, middleOf(stage));
      const { job } = await workerFirst(stage, lie.trace);
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      await stage.expectInTime(job);
    },
  },
];
