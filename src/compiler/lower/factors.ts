/** Factors whose products, summed up, stay exact. */
import { magnitude } from '../../program/range.js';
import type { Tensor } from '../build/tensor.js';
import type { RealRange } from '../measure.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';

/** Sums of products stay below this, so that the finish has room. */
const LARGEST_SUM_BITS = 51;
const MOST_BITS = 31;

/**
 * The tensors, saturated at powers of two where the sum of `terms` of their products could leave 2^53: as far as possible above
 * what was measured of each.
 *
 * @param measured of each tensor; null where nothing was.
 */
export function exactFactors(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  tensors: readonly [Tensor, Tensor],
  measured: readonly (RealRange | null)[],
  terms: number,
): [Tensor, Tensor] {
  const budget = LARGEST_SUM_BITS - Math.ceil(Math.log2(terms));
  const bitsOf = (x: number): number => Math.ceil(Math.log2(x + 1));
  const held = tensors.map(({ range }) => bitsOf(magnitude(range)));
  if (held[0]! + held[1]! <= budget) return [...tensors];
  const needed = tensors.map(({ scale }, i) => {
    const range = measured[i];
    return Math.min(range ? bitsOf(Math.max(-range[0], range[1]) / scale) : budget / 2, held[i]!);
  });
  const spare = (budget - needed[0]! - needed[1]!) / 2;
  return tensors.map((tensor, i) => {
    const limit = 2 ** Math.min(Math.floor(needed[i]! + spare), MOST_BITS);
    if (magnitude(tensor.range) <= limit) return tensor;
    const bounds = { lo: Math.max(tensor.range.lo, -limit), hi: Math.min(tensor.range.hi, limit) };
    return context.copy(node, tensor, `${part}factor${i}`, bounds);
  }) as [Tensor, Tensor];
}
