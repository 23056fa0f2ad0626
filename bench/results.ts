/** What bench/results.json holds. Times are milliseconds, sizes bytes. */
import type { Spread, Timed } from './measure.js';

export const MEASURED = ['float', 'run', 'trace', 'traceAndRoot'] as const;
export type Measured = (typeof MEASURED)[number];

export interface ModelResult {
  readonly model: string;
  readonly steps: number;
  /** Elements of all constants, tables included. */
  readonly parameters: number;
  readonly traceBytes: number;
  readonly artefactBytes: number;
  readonly compileMs: number;
  readonly peakBytes: number;
  readonly rounds: number;
  readonly pricedMatchGas: number;
  /** By number of threads. */
  readonly threads: Record<string, Record<Measured, Timed>>;
}

export interface Results {
  readonly command: string;
  readonly cpu: string;
  readonly node: string;
  /** Load average of the machine when the measurement began: above 0.5, others were working on it. */
  readonly loadBefore: number;
  readonly hashing: { readonly nodesMBs: number; readonly leavesMBs: number; readonly int16TreeMBs: number };
  readonly startUp: { readonly version: Spread; readonly runDigits: Spread; readonly runDigitsTraced: Spread };
  readonly detector640PeakBytes: number | null;
  readonly models: readonly ModelResult[];
}

/** A time as a multiple of the float model's, least against least: what else a machine does only ever adds. */
export function ratio(model: ModelResult, threads: number, what: Measured): number {
  const times = model.threads[threads] as Record<Measured, Timed>;
  return times[what].leastMs / times.float.leastMs;
}
