/**
 * The finish of a product with constant weights, where multiplier and addend are one number a column: a table of records that kernels read, and
 * the code from int32 sums of limbs to four stored elements.
 */

import { viewPosition } from '../../program/evaluate.js';
import type { Program } from '../../program/program.js';
import { EXACT_LIMIT, type Operand, type Step } from '../../program/step.js';
import type { WasmFunction } from '../../wasm/assembler.js';
import type { Table } from './finish.js';
import { type Cut, LANES, limbsOf } from './limbs.js';

/** Multipliers and addends of four columns as float64, and the distance of each column's element in the output from the row's first. */
export const RECORD_BYTES = 2 * 8 * LANES + 4 * LANES;
const ADDENDS_AT = 8 * LANES;
const OFFSETS_AT = 2 * 8 * LANES;
const ELEMENT_BYTES = 4;

export interface ColumnFinish {
  /** One record for four columns; beyond the last column it is repeated. */
  readonly records: Uint8Array;
  /** Records from the first on whose four elements lie side by side. */
  readonly together: number;
  /** Whether what is rounded down fits int32 before it is clamped. */
  readonly small: boolean;
}

/** Added to an integer of magnitude below 2^31 it makes a float64 whose low 32 bits are the integer's two's complement. */
const AS_BITS = 2 ** 52 + 2 ** 51;

/** Whether the number does not depend on what is computed, and at most on these loops. */
function isFixed({ source, view }: Operand, loops: ReadonlySet<number>): boolean {
  if (source.kind === 'none') return true;
  if (source.kind === 'slot') return false;
  return [view.coefs, ...view.axes.map((axis) => axis.coefs)].every((coefs) =>
    coefs.every((coef, loop) => coef === 0 || loops.has(loop)),
  );
}

function valueAt(program: Program, { source, weight, view }: Operand, loops: ArrayLike<number>): number {
  if (source.kind !== 'constant') return weight;
  const position = viewPosition(view, loops);
  return weight * (position === null ? view.fill : (program.constants[source.index]!.data[position] as number));
}

/**
 * @param columns loop indices of every column, others 0, in the order of the groups; those whose elements do not lie side by side come last.
 * @param offsets elements from a row's first to the column's.
 * @param most magnitudes that the columns' sums cannot exceed.
 * @param moving the loops that tell columns apart.
 * @returns null where the finish is another one.
 */
export function columnFinish(
  program: Program,
  step: Step,
  columns: readonly ArrayLike<number>[],
  offsets: readonly number[],
  most: Float64Array,
  moving: ReadonlySet<number>,
): ColumnFinish | null {
  if (step.post !== 'none' || !isFixed(step.mult, moving) || !isFixed(step.add, moving)) return null;
  const unit = 2 ** -step.shift;
  const half = step.shift > 0 ? 2 ** (step.shift - 1) : 0;
  const mults = columns.map((column) => valueAt(program, step.mult, column) * step.a.weight * step.b.weight);
  const adds = columns.map((column) => valueAt(program, step.add, column) + half);
  // What is proven is proven of products and sums with sums that can be; a sum that is always 0 proves nothing of its factor.
  if ([...mults, ...adds].some((each) => Math.abs(each) >= EXACT_LIMIT)) return null;
  const small = mults.every((mult, column) => {
    const reach = (most[column] as number) * Math.abs(mult) + Math.abs(adds[column]!);
    return reach * unit + 1 < 2 ** 31;
  });
  const groups = Math.ceil(columns.length / LANES);
  const records = new Uint8Array(groups * RECORD_BYTES);
  const view = new DataView(records.buffer);
  let together = 0;
  for (let group = 0; group < groups; group++) {
    const at = group * RECORD_BYTES;
    const first = offsets[group * LANES]!;
    let beside = (group + 1) * LANES <= columns.length;
    for (let lane = 0; lane < LANES; lane++) {
      const column = Math.min(group * LANES + lane, columns.length - 1);
      view.setFloat64(at + 8 * lane, mults[column]! * unit, true);
      view.setFloat64(at + ADDENDS_AT + 8 * lane, adds[column]! * unit, true);
      view.setInt32(at + OFFSETS_AT + 4 * lane, offsets[column]! * ELEMENT_BYTES, true);
      if (offsets[column] !== first + lane) beside = false;
    }
    if (beside && together === group) together++;
  }
  return { records, together, small };
}

const UPPER_HALF = Array.from({ length: 16 }, (_, i) => 8 + (i % 8));
const LOW_HALVES_OF_BOTH = Array.from({ length: 16 }, (_, i) => (i < 8 ? i : i + 8));
const LOW_WORDS_OF_BOTH = Array.from({ length: 16 }, (_, i) => 8 * (i >> 2) + (i & 3));

/** Sums of one output vector: `[source limb][weight limb]`, the highest first. */
export type Sums = readonly number[];

export const sumsPerVector = ({ sourceBits, weightBits }: Cut): number => limbsOf(sourceBits) * limbsOf(weightBits);

/** What the finish of a kernel needs: constants are kept in locals, for the engine makes them anew where they are written out. */
export interface Finishing {
  readonly step: Step;
  readonly table: Table | null;
  readonly cut: Cut;
  readonly small: boolean;
  /** Address of the record, a local. */
  readonly record: number;
  /** Four stored elements, or their addresses in the table. */
  readonly vector: number;
  readonly constants: {
    /** 2 to the bits of the low limb. */
    readonly source: number;
    readonly weight: number;
    readonly asBits: number;
    readonly lo: number;
    readonly hi: number;
    /** What is taken off a position in the table. */
    readonly base: number;
  };
}

/** Begins a kernel. @param record the local that will hold the address of the record. */
export function startFinishing(
  f: WasmFunction,
  step: Step,
  table: Table | null,
  cut: Cut,
  small: boolean,
  record: number,
): Finishing {
  const kept = (push: () => void): number => {
    const local = f.local('v128');
    push();
    f.set(local);
    return local;
  };
  const float = (value: number): number => kept(() => f.f64(value).op('f64x2.splat'));
  const integer = (value: number): number => kept(() => f.i32(value).op('i32x4.splat'));
  const { base, length } = table?.lookup ?? { base: 0, length: 0 };
  const reach = (y: number): number => (table ? Math.min(Math.max(y, base), base + length - 1) : y);
  return {
    step,
    table,
    cut,
    small,
    record,
    vector: f.local('v128'),
    constants: {
      source: float(2 ** cut.sourceBits),
      weight: float(2 ** cut.weightBits),
      asBits: float(AS_BITS),
      lo: integer(reach(step.lo)),
      hi: integer(reach(step.hi)),
      base: integer(base),
    },
  };
}

/** Pushes the sums of two lanes as float64. */
export function pushWhole(f: WasmFunction, { cut, constants }: Finishing, sums: Sums, half: number): void {
  const one = (sum: number): void => {
    f.get(sum);
    if (half === 1) f.get(sum).shuffle(UPPER_HALF);
    f.op('f64x2.convert_low_i32x4_s');
  };
  const joined = (bits: number, scale: number, high: () => void, low: () => void): void => {
    high();
    if (bits === 0) return;
    f.get(scale).op('f64x2.mul');
    low();
    f.op('f64x2.add');
  };
  const weights = limbsOf(cut.weightBits);
  const ofSource = (limb: number): void =>
    joined(
      cut.weightBits,
      constants.weight,
      () => one(sums[limb * weights]!),
      () => one(sums[limb * weights + 1]!),
    );
  joined(
    cut.sourceBits,
    constants.source,
    () => ofSource(0),
    () => ofSource(1),
  );
}

/** From the float64 sums of both halves to four int32 in the vector: addresses in the table, or elements. */
export function emitColumnFinish(f: WasmFunction, finishing: Finishing, push: (half: number) => void): void {
  const { step, table, small, record, vector, constants } = finishing;
  for (const half of [0, 1]) {
    push(half);
    f.get(record)
      .memory('v128.load', 16 * half)
      .op('f64x2.mul');
    f.get(record)
      .memory('v128.load', ADDENDS_AT + 16 * half)
      .op('f64x2.add');
    if (step.shift > 0) f.op('f64x2.floor');
    // What leaves int32 saturates, on the side on which it is clamped.
    if (small) f.get(constants.asBits).op('f64x2.add');
    else f.op('i32x4.trunc_sat_f64x2_s_zero');
  }
  f.shuffle(small ? LOW_WORDS_OF_BOTH : LOW_HALVES_OF_BOTH);
  f.get(constants.lo).op('i32x4.max_s').get(constants.hi).op('i32x4.min_s');
  if (table) {
    if (table.lookup.base !== 0) f.get(constants.base).op('i32x4.sub');
    f.i32(2).op('i32x4.shl');
  }
  f.set(vector);
}

/** Stores the vector's lanes where `address` and an offset say. @param lanes how many of them. */
export function storeBeside(
  f: WasmFunction,
  { table, vector }: Finishing,
  address: number,
  offset: number,
  lanes: number,
): void {
  if (!table && lanes === LANES) {
    f.get(address, vector).memory('v128.store', offset);
    return;
  }
  for (let lane = 0; lane < lanes; lane++) {
    f.get(address, vector).extractI32(lane);
    if (table) f.memory('i32.load', table.at);
    f.memory('i32.store', offset + ELEMENT_BYTES * lane);
  }
}

/** Stores the vector's lanes as far from `address` as the record says. */
export function storeApart(
  f: WasmFunction,
  { table, record, vector }: Finishing,
  address: number,
  offset: number,
): void {
  for (let lane = 0; lane < LANES; lane++) {
    f.get(record)
      .memory('i32.load', OFFSETS_AT + 4 * lane)
      .get(address)
      .op('i32.add');
    f.get(vector).extractI32(lane);
    if (table) f.memory('i32.load', table.at);
    f.memory('i32.store', offset);
  }
}
