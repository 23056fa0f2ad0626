/** One execution of a job's model on a job's input, by whoever re-ran it: what every decision and every move is read from. */
import type { Forest } from '../commit/forest.js';
import { type Hash, type Hex, toHex } from '../commit/hash.js';
import { type ModelCommitment, type ModelHeader, outputBytes, type SlotTrees, traceForest } from '../commit/model.js';
import type { JobState } from './game.js';

/** What an execution comes to: enough to judge claims, to post one, and to end a job. */
export interface Answer {
  readonly modelId: Hash;
  readonly model: ModelHeader;
  readonly inputRoot: Hash;
  readonly traceRoot: Hash;
  readonly outputRoot: Hash;
  /** The last slot. */
  readonly output: Int32Array;
}

export interface Answered {
  readonly answer: Answer;
  /** Whose word it is; nobody's when it was computed here. */
  readonly heardFrom?: readonly string[];
}

/** An execution with everything on the way, from which the moves of a match are read. */
export interface TraceSource extends Answered {
  readonly commitment: ModelCommitment;
  /** Slot 0 is the packed input, slot k the output of step k. */
  readonly slots: readonly Int32Array[];
  readonly forest: Forest;
}

/** @param trees of the slots, where they were made on the way. */
export function traceSource(
  commitment: ModelCommitment,
  slots: readonly Int32Array[],
  trees?: SlotTrees['trees'],
): TraceSource {
  return committedTrace(commitment, slots, traceForest(commitment, slots, trees));
}

/** Runs a program that was committed to. */
export interface TreeTracer {
  traceTrees(input: Int32Array, tensorDepth: number): Promise<SlotTrees>;
}

/** Runs a model and commits to everything on the way. */
export async function runTrace(
  commitment: ModelCommitment,
  executor: TreeTracer,
  input: Int32Array,
): Promise<TraceSource> {
  const { slots, trees } = await executor.traceTrees(input, commitment.model.tensorDepth);
  return traceSource(commitment, slots, trees);
}

/** The same with a forest that was made already. */
export function committedTrace(commitment: ModelCommitment, slots: readonly Int32Array[], forest: Forest): TraceSource {
  const { modelId, model } = commitment;
  const answer: Answer = {
    modelId,
    model,
    inputRoot: forest.slotRoot(0),
    traceRoot: forest.root,
    outputRoot: forest.slotRoot(model.stepCount),
    output: slots.at(-1) ?? new Int32Array(),
  };
  return { answer, commitment, slots, forest };
}

export function isWholeTrace(known: Answered): known is TraceSource {
  return 'forest' in known;
}

/** The output as claims of this job post it: nothing when it goes by its root. */
export function postedOutput({ answer }: Answered, { outputBytes: posted }: JobState): Hex {
  return posted === 0 ? '0x' : toHex(outputBytes(answer.model, answer.output));
}
