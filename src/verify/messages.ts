/** What parent and child process say to one another. */
import type { Hash } from '../commit/hash.js';
import type { Answer } from '../dispute/trace.js';
import { NetworkError, OgError, UserError } from '../errors.js';
import type { RunnerOptions } from './model-runner.js';

export interface ChildSettings extends RunnerOptions {
  /** Folder of the store. */
  readonly folder: string;
}

export interface RunRequest {
  readonly modelId: Hash;
  readonly places: readonly string[];
  readonly input: Int32Array;
  /** Send all slots, and not only the answer. */
  readonly whole: boolean;
}

export interface RunResult {
  readonly answer: Answer;
  /** Null unless the whole trace was asked for. */
  readonly slots: readonly Int32Array[] | null;
}

/** An error on its way between processes. */
export interface PlainError {
  readonly kind: 'user' | 'network' | 'other';
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

export type FromChild =
  /** The model is not in the store: its deadline is that of a download. */
  | { readonly kind: 'downloading' }
  /** The model is loaded: the deadline of the run begins. */
  | { readonly kind: 'loaded' }
  | { readonly kind: 'done'; readonly result: RunResult }
  | { readonly kind: 'refused'; readonly error: PlainError };

export function plainError(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof OgError)) return { kind: 'other', code: 'OG_RUN', message };
  const kind = error instanceof NetworkError ? 'network' : 'user';
  return { kind, code: error.code, message, hint: error.hint };
}

export function errorFrom({ kind, code, message, hint }: PlainError): Error {
  if (kind === 'other') return new Error(message);
  return kind === 'network' ? new NetworkError(code, message, hint) : new UserError(code, message, hint);
}
