/** Lying traces, made by patching an honest one. */
import { Forest } from '../../src/commit/forest.js';
import type { ModelCommitment } from '../../src/commit/model.js';
import type { Tensor } from '../../src/commit/tensor.js';
import { committedTrace, type TraceSource, traceSource } from '../../src/dispute/trace.js';
import { evaluateStep } from '../../src/program/evaluate.js';
import { slotShape } from '../../src/program/program.js';

/** Makes a lying trace from an honest one. */
export type Lie = (honest: TraceSource) => TraceSource;

/** One element is wrong, and nothing after it knows. */
export function wrongElement(slot: number, element: number): Lie {
  return ({ commitment, slots, forest }) => {
    const lies = patched(slots, slot, element);
    const { width } = slotShape(commitment.program, slot);
    return committedTrace(commitment, lies, forest.with(slot, { data: lies[slot] as Int32Array, width }));
  };
}

/** One element is wrong, and every later step is computed from the lie: consistent but for one element. */
export function wrongFrom(slot: number, element: number): Lie {
  return ({ commitment, slots }) =>
    traceSource(commitment, recomputed(commitment, patched(slots, slot, element), slot));
}

/** The model was run, but on an input that differs in one element. */
export const wrongInput = (element: number): Lie => wrongFrom(0, element);

/** Something stands where a slot has ended: `element` is at or beyond its size, in the leaves that its tree has room for. */
export function wrongPadding(slot: number, element: number, value = 1): Lie {
  return ({ commitment, slots }) => {
    const data = new Int32Array(element + 1);
    data.set(slots[slot] as Int32Array);
    data[element] = value;
    return withTensors(commitment, slots, (tensors) => tensors.with(slot, { ...(tensors[slot] as Tensor), data }));
  };
}

/** Something stands in a slot that does not exist. */
export function wrongSlot(slot: number, element: number): Lie {
  return ({ commitment, slots }) => {
    const extra: Tensor = { width: 1, data: new Int32Array(element + 1).fill(1, element) };
    const empty: Tensor = { width: 1, data: new Int32Array() };
    return withTensors(commitment, slots, (tensors) => [
      ...tensors,
      ...Array.from({ length: slot - tensors.length }, () => empty),
      extra,
    ]);
  };
}

function patched(slots: readonly Int32Array[], slot: number, element: number): Int32Array[] {
  const data = slots[slot] as Int32Array;
  return slots.with(slot, data.with(element, (data[element] as number) ^ 1));
}

function recomputed({ program }: ModelCommitment, slots: readonly Int32Array[], from: number): Int32Array[] {
  const lies = slots.slice(0, from + 1);
  for (const step of program.steps.slice(from)) lies.push(evaluateStep(program, step, lies));
  return lies;
}

function withTensors(
  commitment: ModelCommitment,
  slots: readonly Int32Array[],
  change: (tensors: readonly Tensor[]) => readonly Tensor[],
): TraceSource {
  const { program, model } = commitment;
  const tensors = slots.map((data, slot) => ({ data, width: slotShape(program, slot).width }));
  return committedTrace(commitment, slots, new Forest(change(tensors), model.slotDepth, model.tensorDepth));
}
