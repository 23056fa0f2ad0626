/** Others who run models for this machine, behind one door: what comes out of it is the word of whoever holds the key to it. */
import type { Answer } from '../dispute/trace.js';
import type { Inference } from './verifier.js';

export interface Reply {
  readonly answer: Answer;
  /** What the runner calls itself. */
  readonly runner: string;
}

export interface Runners {
  /** Where they are, without secrets. */
  readonly name: string;
  /**
   * What one of them says that an inference comes to.
   *
   * @param signal aborts when nobody wants to know any more.
   * @throws when it cannot be had from them.
   */
  ask(inference: Inference, signal: AbortSignal): Promise<Reply>;
  close(): Promise<void>;
}
