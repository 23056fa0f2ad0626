import type { FileKind, Verdict } from './try-file.js';

/** What became of a mutation. A child that died, hung or took too much memory is a crash as well. */
export interface Outcome {
  readonly index: number;
  readonly kind: FileKind | null;
  readonly verdict: Verdict;
  readonly milliseconds: number;
}

export interface Task {
  readonly seed: number;
  readonly index: number;
}
