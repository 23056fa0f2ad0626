/** What bench/constants.json holds. Gas is of whole transactions, calldata included. */
import type { Transaction } from '../../test/helpers/played-lie.js';
import type { Spread } from '../measure.js';
import type { Variant } from './choice.js';

export interface FormCost {
  readonly gas: number;
  readonly calldataBytes: number;
}

export interface MeasuredMatch {
  readonly model: string;
  /** `fitted`: each slot and constant as narrow as its values allow. `four`: 4 bytes an element throughout. */
  readonly widths: 'fitted' | 'four';
  readonly steps: number;
  readonly depth: number;
  readonly traceBytes: number;
  /** Of the check of a step's middle element by itself: the mean over all steps, and the dearest, which the match is about. */
  readonly meanCheckGas: number;
  readonly check: { readonly step: string; readonly gas: number; readonly calldataBytes: number };
  readonly match: readonly Transaction[];
  readonly matchGas: number;
  /** Opening the leaves of that element and doing nothing else, by the form of the proofs. */
  readonly forms: { readonly together: FormCost; readonly apart: FormCost };
}

export interface MeasuredVariant extends Variant {
  readonly matches: readonly MeasuredMatch[];
}

export interface ConstantsResults {
  readonly command: string;
  readonly cpu: string;
  readonly node: string;
  /** Load average of the machine when hashing was measured. */
  readonly loadBefore: number;
  readonly variants: readonly MeasuredVariant[];
  /** Hashing all leaves and nodes of a trace, by the size of its leaves. */
  readonly hashing: { readonly traceBytes: number; readonly byLeafBytes: Readonly<Record<string, Spread>> };
}
