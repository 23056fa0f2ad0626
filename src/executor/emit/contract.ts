/** Emits sums of products as matrix products. */
import { elementCount } from '../../program/step.js';
import { type Access, isActive } from './access.js';
import type { Accumulated } from './accumulate.js';
import type { Graph, Value } from './graph.js';
import { comesOrdered } from './layout.js';
import { loopsOf, type Nest, outLoops, redLoops } from './nest.js';
import { gemm, matMul, multiply, reduce, reshape, transpose } from './ops.js';
import { accessIn, emitReading, type Reading } from './reading.js';

/** Loops by which of the operands a and b depend on them. */
export interface Roles {
  /** Output loops of both, of a alone, of b alone. */
  readonly batch: readonly number[];
  readonly ofA: readonly number[];
  readonly ofB: readonly number[];
  /** Reduction loops of both, of a alone, of b alone, of none. */
  readonly inner: readonly number[];
  readonly summedA: readonly number[];
  readonly summedB: readonly number[];
  readonly repeated: readonly number[];
}

export function rolesOf(nest: Nest): Roles {
  const loops = loopsOf(nest);
  const [a, b] = [accessIn(nest.a, loops), accessIn(nest.b, loops)];
  const pick = (among: number[], inA: boolean, inB: boolean): number[] =>
    among.filter((loop) => isActive(a, loop) === inA && isActive(b, loop) === inB);
  const [out, red] = [outLoops(nest), redLoops(nest)];
  return {
    batch: pick(out, true, true),
    ofA: pick(out, true, false),
    ofB: pick(out, false, true),
    inner: pick(red, true, true),
    summedA: pick(red, true, false),
    summedB: pick(red, false, true),
    repeated: pick(red, false, false),
  };
}

/** One operand as it goes into the product: its axes are batch, outer and inner, or batch, inner and outer. */
interface Side {
  readonly reading: Reading;
  readonly access: Access;
  readonly outer: readonly number[];
  readonly summed: readonly number[];
}

/** Emits what is to be added to the result, for loops in this order; null where it cannot be added as a constant. */
export type Addend = (order: readonly number[]) => Value | null;

/** Sum of products of a nest, without the weights. Every partial sum is exact, so their order does not matter. */
export function emitContraction(g: Graph, nest: Nest, addend: Addend | null): Accumulated {
  const loops = loopsOf(nest);
  const roles = rolesOf(nest);
  const out = outLoops(nest);
  const extent = (some: readonly number[]): number => elementCount(some.map((loop) => loops[loop] as number));
  const a: Side = { reading: nest.a, access: accessIn(nest.a, loops), outer: roles.ofA, summed: roles.summedA };
  const b: Side = { reading: nest.b, access: accessIn(nest.b, loops), outer: roles.ofB, summed: roles.summedB };
  const factor = nest.a.weight * nest.b.weight * extent(roles.repeated);
  const inner = innerOrder(roles.inner, [a, b]);
  const single = extent(roles.ofA) === 1 && extent(roles.ofB) === 1;
  if (inner.length === 0 || single) {
    const order = [...out, ...inner];
    const product = multiply(g, emitSide(g, a, loops, order), emitSide(g, b, loops, order));
    const axes = inner.map((_, i) => out.length + i);
    return { value: reduce(g, 'ReduceSum', product, axes), factor, folded: false, added: false };
  }
  // The operand whose output loops come first goes to the left, so that the result needs no transposition.
  const aLeft = (roles.ofA[0] ?? Number.POSITIVE_INFINITY) <= (roles.ofB[0] ?? Number.POSITIVE_INFINITY);
  const [left, right] = aLeft ? [a, b] : [b, a];
  const isMatrix = extent(roles.batch) === 1;
  const bias = isMatrix && addend && factor === 1 ? biasOf(g, addend, left, right, extent) : null;
  const product = isMatrix
    ? emitMatrix(g, left, right, inner, loops, bias)
    : emitMatrices(g, left, right, roles.batch, inner, loops);
  const axes = [...roles.batch, ...left.outer, ...right.outer];
  const unfolded = reshape(
    g,
    product,
    axes.map((loop) => loops[loop] as number),
  );
  const moving = out.filter((loop) => axes.includes(loop));
  const arranged = transpose(
    g,
    unfolded,
    moving.map((loop) => axes.indexOf(loop)),
  );
  const value = reshape(
    g,
    arranged,
    out.map((loop) => (axes.includes(loop) ? (loops[loop] as number) : 1)),
  );
  return { value, factor, folded: false, added: bias !== null };
}

/** The addend as the third operand of Gemm: one number a row or a column, or one for all. */
function biasOf(
  g: Graph,
  addend: Addend,
  left: Side,
  right: Side,
  extent: (some: readonly number[]) => number,
): Value | null {
  const order = [...left.outer, ...right.outer];
  const value = addend(order);
  if (!value) return null;
  const [rows, columns] = [value.dims.slice(0, left.outer.length), value.dims.slice(left.outer.length)];
  const [m, n] = [elementCount(rows), elementCount(columns)];
  if ((m !== 1 && m !== extent(left.outer)) || (n !== 1 && n !== extent(right.outer)) || (m > 1 && n > 1)) return null;
  return reshape(g, value, [m, n]);
}

/** The operand over these loops, with the reduction loops that are its own summed up. */
function emitSide(g: Graph, side: Side, loops: readonly number[], order: readonly number[]): Value {
  const value = emitReading(g, side.reading, loops, [...order, ...side.summed]);
  const axes = side.summed.map((_, i) => order.length + i);
  return reduce(g, 'ReduceSum', value, axes);
}

const strideOf = (side: Side, loop: number): number => Math.abs(side.access.strides[loop] as number);

/** Both operands need the reduction loops in the same order: that of the memory of the one that is not constant. */
function innerOrder(inner: readonly number[], sides: readonly Side[]): number[] {
  const side = sides.find(({ reading }) => reading.value) ?? (sides[0] as Side);
  return [...inner].sort((x, y) => strideOf(side, y) - strideOf(side, x) || x - y);
}

/** Whether the operand comes out in the second order without a transposition, but not in the first. */
function isBetterTurned(
  { reading, access, summed }: Side,
  straight: readonly number[],
  turned: readonly number[],
): boolean {
  if (!reading.value) return false;
  const elements = elementCount(reading.value.dims);
  const comes = (order: readonly number[]): boolean => comesOrdered(access, elements, [...order, ...summed]);
  return !comes(straight) && comes(turned);
}

function emitMatrix(
  g: Graph,
  left: Side,
  right: Side,
  inner: readonly number[],
  loops: readonly number[],
  bias: Value | null,
): Value {
  const extent = (some: readonly number[]): number => elementCount(some.map((loop) => loops[loop] as number));
  const [m, k, n] = [extent(left.outer), extent(inner), extent(right.outer)];
  const turnLeft = isBetterTurned(left, [...left.outer, ...inner], [...inner, ...left.outer]);
  const turnRight = isBetterTurned(right, [...inner, ...right.outer], [...right.outer, ...inner]);
  const x = emitSide(g, left, loops, turnLeft ? [...inner, ...left.outer] : [...left.outer, ...inner]);
  const y = emitSide(g, right, loops, turnRight ? [...right.outer, ...inner] : [...inner, ...right.outer]);
  const lhs = reshape(g, x, turnLeft ? [k, m] : [m, k]);
  const rhs = reshape(g, y, turnRight ? [n, k] : [k, n]);
  return turnLeft || turnRight || bias ? gemm(g, lhs, rhs, turnLeft, turnRight, bias) : matMul(g, lhs, rhs);
}

function emitMatrices(
  g: Graph,
  left: Side,
  right: Side,
  batch: readonly number[],
  inner: readonly number[],
  loops: readonly number[],
): Value {
  const extent = (some: readonly number[]): number => elementCount(some.map((loop) => loops[loop] as number));
  const x = emitSide(g, left, loops, [...batch, ...left.outer, ...inner]);
  const y = emitSide(g, right, loops, [...batch, ...inner, ...right.outer]);
  const lhs = reshape(g, x, [extent(batch), extent(left.outer), extent(inner)]);
  const rhs = reshape(g, y, [extent(batch), extent(inner), extent(right.outer)]);
  return matMul(g, lhs, rhs);
}
