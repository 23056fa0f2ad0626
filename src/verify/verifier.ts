/** Re-running what was claimed, wherever that is done: in processes of this machine, or by whatever implements this elsewhere. */
import type { Hash } from '../commit/hash.js';
import type { Answer } from '../dispute/trace.js';

/** One inference. */
export interface Inference {
  readonly modelId: Hash;
  readonly inputRoot: Hash;
  /** The packed input, whose root is `inputRoot`: also for a result that was kept, because moves are made with it. */
  readonly input: Int32Array;
  /** Where the artefact may be fetched; asked only when it must be. */
  artefactPlaces(): Promise<readonly string[]>;
}

export interface Verifier {
  /**
   * What the inference comes to.
   *
   * @param urgency smaller numbers are run first; a deadline, say.
   * @throws when it cannot be run: the input or the model cannot be had, or every attempt hung, died or took too much memory.
   */
  answer(inference: Inference, urgency: number): Promise<Answer>;
  /** Every slot of its trace; slot 0 is the input. Whoever uses them checks the root that they make. */
  slots(inference: Inference, urgency: number): Promise<readonly Int32Array[]>;
  /** What was given for it is not true: whatever was kept of it is dropped. */
  forget(inference: Pick<Inference, 'modelId' | 'inputRoot'>): Promise<void>;
  /** Ends what is being run; nothing may be asked afterwards. */
  close(): Promise<void>;
}

export type RunOutcome = 'done' | 'hung' | 'memory' | 'died' | 'refused';

/** How one run went. `refused`: it ended by itself with an error, such as an artefact that cannot be had. */
export interface RunReport {
  readonly modelId: Hash;
  readonly inputRoot: Hash;
  readonly outcome: RunOutcome;
  readonly milliseconds: number;
  /** Most memory of the process while it ran, as far as it was looked at. */
  readonly rssBytes: number;
  /** Null when it was done. */
  readonly reason: string | null;
}
