/** Re-running what was claimed, wherever that is done: in processes of this machine, or by whatever implements this elsewhere. */
import type { Hash } from '../commit/hash.js';
import type { Answer, Answered } from '../dispute/trace.js';

/** What somebody says that an inference comes to. */
export interface Opinion extends Answered {
  /** Who says so; nobody when it was computed here. */
  readonly heardFrom: readonly string[];
  /** False once there is a reason to doubt it. */
  stands(): boolean;
}

/** One inference. */
export interface Inference {
  readonly modelId: Hash;
  readonly inputRoot: Hash;
  /** The packed input, whose root is `inputRoot`: also for a result that was kept, because moves are made with it. */
  readonly input: Int32Array;
  /** Where the artefact may be fetched; asked only by who does not have it. */
  artefactPlaces(): Promise<readonly string[]>;
}

export interface Verifier {
  /** Requests that it can make use of at the same time; more need not be prepared. */
  readonly sideBySide: number;
  /** Aborts when what others have said counts no longer; absent when nobody else is asked. */
  readonly doubt?: AbortSignal;
  /**
   * What the inference comes to, computed on this machine.
   *
   * @param urgency smaller numbers are run first; a deadline, say.
   * @throws when it cannot be run: the input or the model cannot be had, or every attempt hung, died or took too much memory.
   */
  answer(inference: Inference, urgency: number): Promise<Answer>;
  /**
   * The same, but what others say is enough if `suffices` holds for it.
   *
   * @throws as `answer` does.
   */
  opinion(inference: Inference, urgency: number, suffices: (answer: Answer) => boolean): Promise<Opinion>;
  /** Every slot of its trace; slot 0 is the input. Whoever uses them checks the root that they make. */
  slots(inference: Inference, urgency: number): Promise<readonly Int32Array[]>;
  /** What was given for it is not true: whatever was kept of it is dropped. */
  forget(inference: Pick<Inference, 'modelId' | 'inputRoot'>): Promise<void>;
  /** Ends what is being run; nothing may be asked afterwards. */
  close(): Promise<void>;
}

export function ownOpinion(answer: Answer): Opinion {
  return { answer, heardFrom: [], stands: () => true };
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
