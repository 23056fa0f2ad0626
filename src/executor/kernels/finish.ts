/** Writes the finish of a step (docs/protocol.md, section 2) as WebAssembly: one number, or two in the halves of a vector. */
import type { Lookup, Step } from '../../program/step.js';
import { EXACT_LIMIT } from '../../program/step.js';
import type { PlainOp, WasmFunction } from '../../wasm/assembler.js';

/** Instructions by how many numbers they work on. */
export const OPS = {
  scalar: {
    add: 'f64.add',
    multiply: 'f64.mul',
    divide: 'f64.div',
    floor: 'f64.floor',
    root: 'f64.sqrt',
    min: 'f64.min',
    max: 'f64.max',
  },
  pair: {
    add: 'f64x2.add',
    multiply: 'f64x2.mul',
    divide: 'f64x2.div',
    floor: 'f64x2.floor',
    root: 'f64x2.sqrt',
    // One instruction each; they differ from min and max in NaN and the sign of zero only, and og has neither.
    min: 'f64x2.pmin',
    max: 'f64x2.pmax',
  },
} as const satisfies Record<string, Record<string, PlainOp>>;
export type Kind = keyof typeof OPS;

/** A number in every half. */
export function pushNumber(f: WasmFunction, kind: Kind, value: number): void {
  f.f64(value);
  if (kind === 'pair') f.op('f64x2.splat');
}

/** Applies an operation with a number on the right to what is on the stack. */
function withNumber(f: WasmFunction, kind: Kind, op: keyof (typeof OPS)[Kind], value: number): void {
  pushNumber(f, kind, value);
  f.op(OPS[kind][op]);
}

/** An operand of the finish: a number, or code that pushes it. */
export type Term = number | (() => void);

export interface FinishTerms {
  readonly mult: Term;
  readonly add: Term;
  /** Only for `divide`. */
  readonly divisor: Term;
}

const push = (f: WasmFunction, kind: Kind, term: Term): void => {
  if (typeof term === 'number') pushNumber(f, kind, term);
  else term();
};

/**
 * From the accumulator on the stack to t, before the clamp. Scaling by a power of two changes no digits, so the shift is taken first
 * wherever the multiplier or the addend is a number: the sums are those of the definition, divided by 2^shift.
 */
export function emitRescale(f: WasmFunction, kind: Kind, step: Step, { mult, add, divisor }: FinishTerms): void {
  const ops = OPS[kind];
  const unit = 2 ** -step.shift;
  const half = step.shift > 0 ? 2 ** (step.shift - 1) : 0;
  const early = typeof mult === 'number' && typeof add === 'number';
  if (early) {
    if (mult * unit !== 1) withNumber(f, kind, 'multiply', mult * unit);
    // The addend and the rounding are one number where their sum is exact.
    const together = Math.abs(add) + half < EXACT_LIMIT;
    for (const term of together ? [add + half] : [add, half]) if (term !== 0) withNumber(f, kind, 'add', term * unit);
  } else {
    if (mult !== 1) {
      push(f, kind, mult);
      f.op(ops.multiply);
    }
    if (add !== 0) {
      push(f, kind, add);
      f.op(ops.add);
    }
    if (half !== 0) withNumber(f, kind, 'add', half);
    if (unit !== 1) withNumber(f, kind, 'multiply', unit);
  }
  if (step.shift > 0) f.op(ops.floor);
  if (step.post === 'divide') {
    push(f, kind, divisor);
    withNumber(f, kind, 'max', 1);
    f.op(ops.divide, ops.floor);
  } else if (step.post === 'sqrt') {
    withNumber(f, kind, 'max', 0);
    f.op(ops.root, ops.floor);
  }
}

/** Where a table lies in memory. */
export interface Table {
  readonly lookup: Lookup;
  readonly at: number;
}

/** From t on the stack to the stored elements: clamps, looks up, and writes at the address in a local, plus an offset. */
export function emitStore(
  f: WasmFunction,
  kind: Kind,
  step: Step,
  table: Table | null,
  address: number,
  offset: number,
  scratch: { readonly integer: number; readonly vector: number; readonly number: number },
): void {
  const { lo, hi } = table ? reachOf(step, table.lookup) : step;
  if (table && table.lookup.base !== 0) withNumber(f, kind, 'add', -table.lookup.base);
  withNumber(f, kind, 'max', lo);
  withNumber(f, kind, 'min', hi);
  if (kind === 'scalar') {
    f.op('i32.trunc_f64_s').set(scratch.integer).get(address);
    if (table) f.get(scratch.integer).i32(4).op('i32.mul').memory('i32.load', table.at);
    else f.get(scratch.integer);
    f.memory('i32.store', offset);
    return;
  }
  f.op('i32x4.trunc_sat_f64x2_s_zero');
  if (!table) {
    f.set(scratch.vector).get(address, scratch.vector).laneMemory('v128.store64_lane', 0, offset);
    return;
  }
  f.i32(2).op('i32x4.shl').set(scratch.vector);
  for (const lane of [0, 1])
    f.get(address, scratch.vector)
      .extractI32(lane)
      .memory('i32.load', table.at)
      .memory('i32.store', offset + 4 * lane);
}

/** Clamping to [lo, hi] and then to the table is clamping once, to the part of the table that is in reach. */
function reachOf({ lo, hi }: Step, { base, length }: Lookup): { lo: number; hi: number } {
  const reach = (y: number): number => Math.min(Math.max(y - base, 0), length - 1);
  return { lo: reach(lo), hi: reach(hi) };
}
