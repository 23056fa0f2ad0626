/** BitShift and the bitwise operators: tables of two bytes, wider numbers byte by byte. */
import { rangeOf } from '../../program/range.js';
import { scalar } from '../../program/step.js';
import type { Tensor } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import { narrowRange, wholeType } from '../whole-types.js';
import { broadcastNest } from './broadcast.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';
import { floorQuotient, loopsOver, readAgain, wholeInput, wholeStep, wrapped } from './whole.js';

const BYTE = 256;
const LARGEST_SHIFT = 30;
/** A number of 32 bits shifted left by more would leave the exact numbers. */
const LARGEST_WIDE_SHIFT = 21;

/** 2 to the power of the shifts, by a table. */
function powerOfTwo(context: LoweringContext, node: PlanNode, shifts: Tensor, most: number): Tensor {
  const loops = loopsOver([shifts], shifts.shape);
  const table = context.builder.constant(
    context.stepName(node, 'powers'),
    Int32Array.from({ length: most + 1 }, (_, i) => 2 ** i),
  ) as { index: number };
  return wholeStep(context, node, 'power', loops, shifts.shape, {
    a: loops.read(0),
    lookup: { constant: table.index, base: 0, length: most + 1 },
    range: { lo: 0, hi: most },
    result: { lo: 1, hi: 2 ** most },
  });
}

export const bitShift: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const [x, shifts] = [wholeInput(context, node, 0), wholeInput(context, node, 1)];
    const isLeft = node.attributes.text('direction', 'LEFT') === 'LEFT';
    const type = context.type(output);
    const isNarrow = narrowRange(type) !== null;
    const power = powerOfTwo(context, node, shifts, isLeft && !isNarrow ? LARGEST_WIDE_SHIFT : LARGEST_SHIFT);
    if (!isLeft) return context.define(output, floorQuotient(context, node, '', x, power, shape));
    const loops = loopsOver([x, power], shape);
    const range = { lo: Math.min(x.range.lo * power.range.hi, 0), hi: Math.max(x.range.hi * power.range.hi, 0) };
    const product = { combine: 'product' as const, a: loops.read(0), b: loops.read(1), range };
    context.define(output, wrapped(context, node, '', loops, shape, product, type));
  },
  refuses: (context, node) => {
    const isLeft = node.attributes.text('direction', 'LEFT') === 'LEFT';
    if (!isLeft || narrowRange(context.type(node.outputs[0]!))) return null;
    return context.range(node.inputs[1]!)[1] > LARGEST_WIDE_SHIFT
      ? `it shifts 32 bits or more by more than ${LARGEST_WIDE_SHIFT} to the left`
      : null;
  },
};

/** Bytes of a number from the lowest on, each 0 to 255; the highest as it is where the type has a sign. */
function bytesOf(
  context: LoweringContext,
  node: PlanNode,
  side: string,
  x: Tensor,
  count: number,
  signed: boolean,
): Tensor[] {
  const loops = loopsOver([x], x.shape);
  const quotients = Array.from({ length: count - 1 }, (_, i) => {
    const power = 8 * (i + 1);
    return wholeStep(context, node, `${side} above ${power}`, loops, x.shape, {
      a: loops.read(0),
      add: scalar(-(2 ** (power - 1))),
      shift: power,
      range: { lo: Math.floor(x.range.lo / 2 ** power), hi: Math.floor(x.range.hi / 2 ** power) },
    });
  });
  const parts = [x, ...quotients];
  return parts.map((part, i) => {
    const above = quotients[i];
    if (!above) {
      const highest = signed ? { lo: -BYTE / 2, hi: BYTE / 2 - 1 } : { lo: 0, hi: BYTE - 1 };
      return { ...part, range: highest };
    }
    const all = loopsOver([part, above], x.shape);
    return wholeStep(context, node, `${side} byte ${i}`, all, x.shape, {
      combine: 'sum',
      a: all.read(0),
      b: all.read(1, -BYTE),
      range: { lo: 0, hi: BYTE - 1 },
    });
  });
}

/** Bytes are 0 to 255, or -128 to 127 where they carry the sign. */
const leastByte = ({ range }: Tensor): number => (range.lo < 0 ? -BYTE / 2 : 0);

type Operation = (x: number, y: number) => number;

/** The operation on two bytes: a table at `x · 256 + y`. */
function onBytes(
  context: LoweringContext,
  node: PlanNode,
  part: string,
  x: Tensor,
  y: Tensor,
  shape: readonly number[],
  operation: Operation,
): Tensor {
  const [low, rowLow] = [leastByte(y), leastByte(x)];
  const base = rowLow * BYTE + low;
  const table = Int32Array.from({ length: BYTE * BYTE }, (_, i) =>
    operation(rowLow + Math.floor(i / BYTE), low + (i % BYTE)),
  );
  const constant = context.builder.constant(context.stepName(node, 'table'), table) as { index: number };
  const loops = loopsOver([x, y], shape);
  return wholeStep(context, node, part, loops, shape, {
    combine: 'sum',
    a: loops.read(0, BYTE),
    b: loops.read(1),
    lookup: { constant: constant.index, base, length: table.length },
    range: { lo: base, hi: base + table.length - 1 },
    result: rangeOf(table),
  });
}

/** The number with these bytes. */
function fromBytes(
  context: LoweringContext,
  node: PlanNode,
  bytes: readonly Tensor[],
  shape: readonly number[],
): Tensor {
  return bytes.slice(1).reduce((sum, byte, i): Tensor => {
    const weight = BYTE ** (i + 1);
    const loops = loopsOver([sum, byte], shape);
    const isLast = i === bytes.length - 2;
    return wholeStep(context, node, isLast ? '' : `sum ${i}`, loops, shape, {
      combine: 'sum',
      a: loops.read(0),
      b: loops.read(1, weight),
      range: { lo: sum.range.lo + byte.range.lo * weight, hi: sum.range.hi + byte.range.hi * weight },
    });
  }, bytes[0]!);
}

const bitwise = (operation: Operation): Lowering => ({
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const shape = context.shape(output);
    const { bits, signed } = wholeType(context.type(output))!;
    const count = Math.min(bits, 32) / 8;
    const [x, y] = [0, 1].map((i) => {
      const tensor = wholeInput(context, node, i);
      return bytesOf(context, node, i === 0 ? 'x' : 'y', tensor, count, signed);
    }) as [Tensor[], Tensor[]];
    const bytes = x.map((byte, i) =>
      onBytes(context, node, count === 1 ? '' : `byte ${i}`, byte, y[i]!, shape, operation),
    );
    context.define(output, fromBytes(context, node, bytes, shape));
  },
});

export const bitwiseAnd = bitwise((x, y) => x & y);
export const bitwiseOr = bitwise((x, y) => x | y);
export const bitwiseXor = bitwise((x, y) => x ^ y);

/** -1 - x, or what is left to the type's largest number where it has no sign. */
export const bitwiseNot: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = wholeInput(context, node, 0);
    const { bits, signed } = wholeType(context.type(output))!;
    const largest = signed ? -1 : 2 ** bits - 1;
    const loops = broadcastNest([x], x.shape);
    const a = readAgain(loops, x, -1);
    const range = { lo: largest - x.range.hi, hi: largest - x.range.lo };
    context.define(output, wholeStep(context, node, '', loops, x.shape, { a, add: scalar(largest), range }));
  },
  refuses: (context, node) =>
    ['uint32', 'uint64'].includes(context.type(node.outputs[0]!)) ? 'its results do not fit 31 bits and a sign' : null,
};
