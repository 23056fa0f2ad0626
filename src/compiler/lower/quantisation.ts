/** Scales and zero points of quantised tensors: one for all, one for each index of an axis, or one for each block of it. */
import type { RealArray } from '../build/linear.js';
import type { Index } from '../build/nest.js';
import { contiguousStrides, type Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import { loopsOver, wholeStep } from './whole.js';

/** Constant numbers for the elements of a tensor. */
export interface Parameter {
  readonly values: Float64Array;
  /** Of the values: [] for one number, [n] for an axis, or that of the whole tensor. */
  readonly shape: readonly number[];
  /** The axis that a shape of one dimension belongs to. */
  readonly axis: number;
}

/** Values for blocks along an axis, for every element. */
function unblocked(
  values: Float64Array,
  from: readonly number[],
  shape: readonly number[],
  axis: number,
  block: number,
): Float64Array {
  const [strides, fromStrides] = [contiguousStrides(shape), contiguousStrides(from)];
  const length = shape.reduce((n, dim) => n * dim, 1);
  return Float64Array.from({ length }, (_, i) => {
    let position = 0;
    shape.forEach((dim, d) => {
      const index = Math.floor(i / strides[d]!) % dim;
      position += fromStrides[d]! * (d === axis ? Math.floor(index / block) : index);
    });
    return values[position]!;
  });
}

/** @param fallback what counts when the operand is left out. @returns null when it is not constant. */
export function parameter(
  context: LoweringContext,
  node: PlanNode,
  input: number,
  shape: readonly number[],
  fallback: number,
): Parameter | null {
  if (!context.has(node, input)) return { values: Float64Array.of(fallback), shape: [], axis: 0 };
  const values = context.numbers(node, input);
  if (!values) return null;
  const given = node.attributes.int('axis', 1);
  const axis = given < 0 ? given + shape.length : given;
  const dims = context.shape(node.inputs[input]!);
  if (values.every((value) => value === values[0])) return { values: values.slice(0, 1), shape: [], axis };
  if (dims.length <= 1) return { values, shape: [values.length], axis };
  const block = node.attributes.int('block_size', 0) || Math.ceil(shape[axis]! / dims[axis]!);
  return { values: unblocked(values, dims, shape, axis, block), shape, axis };
}

export const isScalar = ({ values }: Parameter): boolean => values.length === 1;

/** `f` of the parameters of the same element. */
export function combine(x: Parameter, y: Parameter, f: (x: number, y: number) => number): Parameter {
  const [larger, smaller] = x.values.length >= y.values.length ? [x, y] : [y, x];
  if (!isScalar(smaller) && smaller.values.length !== larger.values.length)
    throw new Error('A scale and its zero point are of different shapes.');
  const own = (p: Parameter, i: number): number => p.values[isScalar(p) ? 0 : i]!;
  return { ...larger, values: larger.values.map((_, i) => f(own(x, i), own(y, i))) };
}

/** A parameter where the loops of a step read it. */
export function realArray({ values, shape, axis }: Parameter, indices: readonly Index[]): number | RealArray {
  if (values.length === 1) return values[0]!;
  return { values, shape, at: shape.length === 1 ? [indices[axis]!] : indices };
}

/** Whole numbers minus their zero point, which is an operand of the node. */
export function centred(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  zeroPoint: {
    readonly values?: Float64Array | undefined;
    readonly tensor?: Tensor;
    readonly shape: readonly number[];
  } | null,
): Tensor {
  if (!zeroPoint || zeroPoint.values?.every((value) => value === 0)) return x;
  const zero =
    zeroPoint.tensor ??
    context.quantiseConstant(`${context.stepName(node, part)}/zero`, zeroPoint.values!, zeroPoint.shape, true);
  const loops = loopsOver([x, zero], x.shape);
  return wholeStep(context, node, part, loops, x.shape, {
    combine: 'sum',
    a: loops.read(0),
    b: loops.read(1, -1),
    range: { lo: x.range.lo - zero.range.hi, hi: x.range.hi - zero.range.lo },
  });
}
