/** The constants of the protocol that `npm run bench:constants` varies. */
import { LEAF_BYTES } from '../../src/commit/tensor.js';
import { LEVELS_PER_ROUND } from '../../src/program/price.js';

export interface Variant {
  readonly leafBytes: number;
  /** A round of the descent opens 2^levels nodes. */
  readonly levels: number;
}

/** What they are. */
export const CHOSEN: Variant = { leafBytes: LEAF_BYTES, levels: LEVELS_PER_ROUND };
