/** Mod: of whole numbers with the sign of the divisor or of the dividend (`fmod`), and of real numbers. */
import { magnitude } from '../../program/range.js';
import { storedTarget } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { loopsOver, remainder, saturated, wholeInput } from './whole.js';

/** Larger divisors times the quotient would leave the exact numbers. */
export const LARGEST_DIVISOR = 2 ** 21;

const isTruncated = (node: PlanNode): boolean => node.attributes.int('fmod', 0) !== 0;

/** Real operands get a common scale with so many integers up to the largest of both. */
const COMMON_INTEGERS = 2 ** 21;

/** A real tensor at a scale, as whole numbers. */
function atScale(context: LoweringContext, node: PlanNode, part: string, x: Tensor, scale: number): Tensor {
  const loops = loopsOver([x], x.shape);
  const limit = { lo: -COMMON_INTEGERS, hi: COMMON_INTEGERS };
  const target = storedTarget(scale, limit, { isFree: false, integer: false });
  const accumulation = { nest: loops.nest, a: loops.read(0), range: x.range, scale: x.scale };
  return context.stored(context.linear(node, part, accumulation, target), x.shape, loops.order);
}

function ofReals(context: LoweringContext, node: PlanNode): void {
  const output = node.outputs[0]!;
  const largest = Math.max(...[0, 1].flatMap((i) => context.range(node.inputs[i]!).map(Math.abs)), 1e-30);
  // A power of two, so that numbers with few binary digits are exact.
  const scale = 2 ** Math.ceil(Math.log2(largest / COMMON_INTEGERS));
  const x = atScale(context, node, 'dividend grid', context.input(node, 0), scale);
  const y = atScale(context, node, 'divisor grid', context.input(node, 1), scale);
  const result = remainder(context, node, '', x, y, context.shape(output), isTruncated(node));
  context.define(output, { ...result, scale, integer: false });
}

export const modulus: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    if (!context.isInteger(output)) return ofReals(context, node);
    const x = wholeInput(context, node, 0);
    const given = wholeInput(context, node, 1);
    const y =
      magnitude(given.range) > LARGEST_DIVISOR
        ? saturated(context, node, 'divisors', given, { lo: -LARGEST_DIVISOR, hi: LARGEST_DIVISOR })
        : given;
    context.define(output, remainder(context, node, '', x, y, context.shape(output), isTruncated(node)));
  },
  refuses: (context, node) =>
    context.isInteger(node.outputs[0]!) && context.range(node.inputs[1]!).some((end) => Math.abs(end) > LARGEST_DIVISOR)
      ? `its divisors are larger than ${LARGEST_DIVISOR}`
      : null,
  wantsWide: true,
};
