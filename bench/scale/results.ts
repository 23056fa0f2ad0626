/** What bench/scale.json holds. Times are milliseconds, sizes bytes; peaks are of a process that does nothing else. */
import type { Family } from './nets.js';

/** A match that `og demo` played, from the request to the end. */
export interface PlayedMatch {
  /** Of all transactions of the disputed job, both sides together. */
  readonly gas: number;
  readonly rounds: number;
  readonly ms: number;
  readonly peakBytes: number;
}

export interface ScaleResult {
  readonly family: Family;
  readonly size: number;
  readonly parameters: number;
  readonly steps: number;
  readonly onnxBytes: number;
  readonly artefactBytes: number;
  /** Of `og compile`, with everything that the command does. */
  readonly compileMs: number;
  readonly compilePeakBytes: number;
  /** Cosine similarity with the float model. */
  readonly cosine: number;
  readonly loadMs: number;
  readonly firstRunMs: number;
  readonly runMs: number;
  readonly traceMs: number;
  readonly rootMs: number;
  readonly tracePeakBytes: number;
  /** Of the tensors that are committed to. */
  readonly traceBytes: number;
  readonly pricedRounds: number;
  readonly pricedMatchGas: number;
  readonly match: PlayedMatch | null;
}

export interface ScaleResults {
  readonly command: string;
  readonly cpu: string;
  readonly node: string;
  /** Load average of the machine when the last of them were measured: above 0.5, others were working on it. */
  readonly loadBefore: number;
  readonly results: readonly ScaleResult[];
}
