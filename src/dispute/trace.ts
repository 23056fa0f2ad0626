/** One execution of a job's model on a job's input, by whoever re-ran it: what every move is read from. */
import type { Forest } from '../commit/forest.js';
import { type Hash, type Hex, toHex } from '../commit/hash.js';
import { type ModelCommitment, outputBytes, traceForest } from '../commit/model.js';
import type { JobState } from './game.js';

export interface TraceSource {
  readonly commitment: ModelCommitment;
  /** Slot 0 is the packed input, slot k the output of step k. */
  readonly slots: readonly Int32Array[];
  readonly forest: Forest;
}

export function traceSource(commitment: ModelCommitment, slots: readonly Int32Array[]): TraceSource {
  return { commitment, slots, forest: traceForest(commitment, slots) };
}

export function outputRootOfTrace({ commitment, forest }: TraceSource): Hash {
  return forest.slotRoot(commitment.model.stepCount);
}

export function inputRootOfTrace({ forest }: TraceSource): Hash {
  return forest.slotRoot(0);
}

/** The output as claims of this job post it: nothing when it goes by its root. */
export function postedOutput({ commitment, slots }: TraceSource, { outputBytes: posted }: JobState): Hex {
  const output = slots.at(-1);
  return posted === 0 || !output ? '0x' : toHex(outputBytes(commitment.model, output));
}
