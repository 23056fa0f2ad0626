/** A steep function of a finely stored tensor: the range of its argument falls into pieces, each with a table of its own. */
import { MAX_TABLE_LENGTH } from '../../program/step.js';
import { INT32, storedTarget, tableTarget } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import { keptTensor, reductionNest } from './reduce.js';
import { weightedSum } from './weighted-sum.js';

/**
 * f(y) for y from the first of `ends` to the last: f at the first, and over all pieces what f gains on the piece up to y.
 *
 * @param label operator for step names.
 * @param ends of the pieces, ascending.
 * @param scale that the gains are added up at.
 */
export function piecewise(
  context: LoweringContext,
  node: PlanNode,
  label: string,
  y: Tensor,
  evaluate: (value: number) => number,
  ends: readonly number[],
  scale: number,
): Tensor {
  const { nest, kept, indices } = reductionNest(y, []);
  let result: Tensor | null = null;
  for (let piece = 0; piece + 1 < ends.length; piece++) {
    const [from, to] = [ends[piece]!, ends[piece + 1]!];
    // The first piece carries what f is at its start.
    const base = piece === 0 ? 0 : evaluate(from);
    const fn = {
      label,
      evaluate: (value: number) => evaluate(Math.min(Math.max(value, from), to)) - base,
      affine: null,
    };
    const table = tableTarget({
      fn,
      given: null,
      argument: [from, to],
      result: [Math.min(fn.evaluate(from), 0), Math.max(fn.evaluate(to), 0)],
      precision: { limit: MAX_TABLE_LENGTH / 2 - 1, wide: true },
      integerArgument: false,
      integer: false,
    });
    const accumulation = { nest, a: nest.read(y, indices), range: y.range, scale: y.scale };
    const stored = context.linear(node, `${label}${piece}`, accumulation, table);
    const part = keptTensor(stored, y, [], kept);
    const target = storedTarget(scale, INT32, { isFree: false, integer: false });
    result = result ? weightedSum(context, node, `${label}${piece}sum`, [result, part], [1, 1], y.shape, target) : part;
  }
  return result!;
}
