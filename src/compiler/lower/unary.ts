/**
 * `Unary`: a function of one tensor. A line without an offset is another scale of the same integers; a function that ends in a line is
 * two steps where activations are fine; anything else is one step.
 */

import { magnitude, symmetric } from '../../program/range.js';
import { INT32_MAX, scalar, widthFor } from '../../program/step.js';
import { at } from '../build/nest.js';
import { linearTail, type Tail } from '../build/tail.js';
import { floatStorage, storedTarget, tableTarget } from '../build/target.js';
import type { Tensor } from '../build/tensor.js';
import { isFloat } from '../onnx/tensor.js';
import { factsOf, type Plan, type PlanNode } from '../plan.js';
import type { UnaryFunction } from '../unary-function.js';
import { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

/** The line of a function of finely stored numbers, when it is better computed beside the table than by it. */
export function tailOf(plan: Plan, node: PlanNode): Tail | null {
  const [before, output] = [node.inputs[0]!, node.outputs[0]!];
  const range = plan.ranges[before];
  const isReal = [before, output].every((name) => isFloat(factsOf(plan, name).type));
  return node.unary && range && isReal && !node.quantum ? linearTail(node.unary, range) : null;
}

const isRoot = ({ label }: UnaryFunction): boolean => label === 'Sqrt';

const SQUARES = [-3, -0.5, 0, 1, 4];
const isSquare = ({ affine, evaluate }: UnaryFunction): boolean =>
  !affine && SQUARES.every((x) => evaluate(x) === x * x);

/** Squares and roots are computed, and not looked up: a table's even spacing is too coarse where a root is steep. */
export function isComputed(plan: Plan, node: PlanNode): boolean {
  const isReal = [node.inputs[0]!, node.outputs[0]!].every((name) => isFloat(factsOf(plan, name).type));
  return isReal && !node.quantum && node.unary !== undefined && (isRoot(node.unary) || isSquare(node.unary));
}

/** Numbers below this have an exact square, or root. */
const LARGEST_SQUARE = 2 ** 51;

function lowerSquare(context: LoweringContext, node: PlanNode, x: Tensor): void {
  const { nest, order, loopOf } = LoweringContext.elementwise(x);
  const a = nest.read(
    x,
    x.shape.map((_, axis) => at(loopOf(axis))),
  );
  const accumulation = {
    nest,
    combine: 'product' as const,
    a,
    b: a,
    // What is proven of a step does not see that its factors are the same.
    range: symmetric(magnitude(x.range) ** 2),
    scale: x.scale ** 2,
  };
  const stored = context.linear(node, '', accumulation, context.target(node));
  context.define(node.outputs[0]!, context.stored(stored, x.shape, order));
}

/** √x in units of √(scale / 2^exponent): as fine as the whole root of a number below 2^53 can be, and is useful. */
function lowerRoot(context: LoweringContext, node: PlanNode, x: Tensor): void {
  const { nest, order, loopOf } = LoweringContext.elementwise(x);
  const a = nest.read(
    x,
    x.shape.map((_, axis) => at(loopOf(axis))),
  );
  const largest = Math.max(x.range.hi, 1);
  const measured = Math.max(context.range(node.inputs[0]!)[1] / x.scale, 1);
  const finest = 2 ** Math.ceil(Math.log2(context.activationLimit ** 2 / measured));
  const factor = Math.max(1, Math.min(finest, 2 ** Math.floor(Math.log2(LARGEST_SQUARE / largest))));
  const hi = Math.min(Math.ceil(Math.sqrt(largest * factor)), INT32_MAX);
  const slot = context.builder.step(context.stepName(node), context.origin(node), {
    nest,
    a,
    mult: scalar(factor),
    post: 'sqrt',
    lo: 0,
    hi,
    width: widthFor(0, hi),
  });
  const stored = { slot, range: { lo: 0, hi }, scale: Math.sqrt(x.scale / factor), integer: false };
  context.define(node.outputs[0]!, context.stored(stored, x.shape, order));
}

/** The rest by a table, then the line with the rest added to it. */
function lowerTail(context: LoweringContext, node: PlanNode, x: Tensor, { slope, rest, largest }: Tail): void {
  const output = node.outputs[0]!;
  const precision = context.precision(output);
  const restTarget = tableTarget({
    fn: rest,
    given: null,
    argument: context.range(node.inputs[0]!),
    result: [-largest, largest],
    precision: { ...precision, wide: false },
    integerArgument: false,
    integer: false,
  });
  const loops = LoweringContext.elementwise(x);
  const indices = x.shape.map((_, axis) => at(loops.loopOf(axis)));
  const table = context.linear(
    node,
    'rest',
    { nest: loops.nest, a: loops.nest.read(x, indices), range: x.range, scale: x.scale },
    restTarget,
  );
  const tensor = context.stored(table, x.shape, loops.order);
  const { scale, clamp } = floatStorage(context.range(output), precision);
  const stored = context.linear(
    node,
    '',
    {
      nest: loops.nest,
      combine: 'max',
      a: loops.nest.read(x, indices),
      b: scalar(0),
      range: { lo: 0, hi: Math.max(x.range.hi, 0) },
      scale: x.scale * slope,
      bias: { tensor, at: indices },
    },
    storedTarget(scale, clamp, { isFree: true, integer: false }),
  );
  context.define(output, context.stored(stored, x.shape, loops.order));
}

export const unary: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const output = node.outputs[0]!;
    const fn = node.unary!;
    const integer = context.isInteger(output);
    const isRescaling =
      fn.affine !== null &&
      fn.affine.alpha > 0 &&
      fn.affine.beta === 0 &&
      fn.affine.lo === Number.NEGATIVE_INFINITY &&
      fn.affine.hi === Number.POSITIVE_INFINITY;
    if (isRescaling && !node.quantum && !(integer && fn.affine!.alpha * x.scale !== 1)) {
      context.define(output, { ...x, scale: x.scale * fn.affine!.alpha, integer });
      return;
    }
    if (isComputed(context.plan, node) && isSquare(fn) && magnitude(x.range) ** 2 < LARGEST_SQUARE)
      return lowerSquare(context, node, x);
    if (isComputed(context.plan, node) && isRoot(fn)) return lowerRoot(context, node, x);
    const tail = context.isFine ? tailOf(context.plan, node) : null;
    if (tail) return lowerTail(context, node, x, tail);
    const { nest, order, loopOf } = LoweringContext.elementwise(x);
    const a = nest.read(
      x,
      x.shape.map((_, axis) => at(loopOf(axis))),
    );
    const target = context.target({ ...node, applied: { fn, before: node.inputs[0]! } }, { keep: x });
    const stored = context.linear(node, '', { nest, a, range: x.range, scale: x.scale }, target);
    context.define(output, context.stored(stored, x.shape, order));
  },
};
