/** Whole-number types: what they hold, and how arithmetic on them wraps around as it does in ONNX Runtime. */
import type { Range } from '../program/range.js';

interface WholeType {
  readonly bits: number;
  readonly signed: boolean;
}

const TYPES: Readonly<Record<string, WholeType>> = {
  int8: { bits: 8, signed: true },
  uint8: { bits: 8, signed: false },
  int16: { bits: 16, signed: true },
  uint16: { bits: 16, signed: false },
  int32: { bits: 32, signed: true },
  uint32: { bits: 32, signed: false },
  int64: { bits: 64, signed: true },
  uint64: { bits: 64, signed: false },
};

export const wholeType = (type: string): WholeType | null => TYPES[type] ?? null;

/** What a type of at most 16 bits holds; null for wider ones, whose results are kept to 32 bits and not wrapped. */
export function narrowRange(type: string): Range | null {
  if (type === 'bool') return { lo: 0, hi: 1 };
  const whole = TYPES[type];
  if (!whole || whole.bits > 16) return null;
  const half = 2 ** (whole.bits - 1);
  return whole.signed ? { lo: -half, hi: half - 1 } : { lo: 0, hi: 2 * half - 1 };
}

/** A whole number as a narrow type keeps it. */
export function wrap(value: number, type: string): number {
  const range = narrowRange(type);
  if (!range || type === 'bool' || !Number.isFinite(value)) return value;
  const size = range.hi - range.lo + 1;
  return value - size * Math.floor((value - range.lo) / size);
}
