import type { FloatTensor, FloatTensorData, FloatTensorType } from '../../compiler/float-runtime.js';
import { float16Bits, float16Value } from '../../compiler/float16.js';
import { UserError } from '../../errors.js';

/** Element types that og can read from a file. */
export type ElementType = FloatTensorType;

/** An array of a file. `type` is null when the file does not say (JSON). */
export interface FileTensor {
  readonly dims: readonly number[];
  readonly type: ElementType | null;
  /** Row-major. float16 as its bits, bool as 0 and 1. */
  readonly data: FloatTensorData;
}

const MAKERS: Readonly<Record<ElementType, (values: ArrayLike<number | bigint>) => FloatTensorData>> = {
  float32: (values) => Float32Array.from(values, Number),
  float64: (values) => Float64Array.from(values, Number),
  float16: (values) => Uint16Array.from(values, (value) => float16Bits(Number(value))),
  int64: (values) => BigInt64Array.from(values as ArrayLike<bigint>, (value) => BigInt(value)),
  uint64: (values) => BigUint64Array.from(values as ArrayLike<bigint>, (value) => BigInt(value)),
  int32: (values) => Int32Array.from(values, Number),
  int16: (values) => Int16Array.from(values, Number),
  int8: (values) => Int8Array.from(values, Number),
  uint32: (values) => Uint32Array.from(values, Number),
  uint16: (values) => Uint16Array.from(values, Number),
  uint8: (values) => Uint8Array.from(values, Number),
  bool: (values) => Uint8Array.from(values, (value) => (value ? 1 : 0)),
};

/** Smallest and largest value of an integer type; null for a floating one. */
const INTEGER_RANGES: Readonly<Record<ElementType, readonly [bigint, bigint] | null>> = {
  float32: null,
  float64: null,
  float16: null,
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int16: [-32_768n, 32_767n],
  int8: [-128n, 127n],
  uint32: [0n, 2n ** 32n - 1n],
  uint16: [0n, 65_535n],
  uint8: [0n, 255n],
  bool: [0n, 1n],
};

/** The values of an array as numbers (bigint for 64-bit integers). */
export function values({ type, data }: FileTensor): ArrayLike<number | bigint> {
  return type === 'float16' ? Float32Array.from(data as Uint16Array, float16Value) : data;
}

/**
 * The same array as another element type: any number becomes a float, whole numbers in range become integers.
 *
 * @param where names the array in an error: `input "x" (file.npy)`.
 */
export function asType(tensor: FileTensor, type: ElementType, where: string): FloatTensor {
  const dims = [...tensor.dims];
  if (tensor.type === type) return { type, dims, data: tensor.data };
  const given = values(tensor);
  const range = INTEGER_RANGES[type];
  if (range) requireIntegers(given, range, type, where);
  return { type, dims, data: MAKERS[type](given) };
}

function requireIntegers(
  given: ArrayLike<number | bigint>,
  [lo, hi]: readonly [bigint, bigint],
  type: string,
  where: string,
): void {
  for (let i = 0; i < given.length; i++) {
    const value = given[i]!;
    const whole = typeof value === 'bigint' || Number.isInteger(value);
    if (whole && BigInt(value) >= lo && BigInt(value) <= hi) continue;
    throw new UserError(
      'OG_WRONG_TYPE',
      `Element ${i} of ${where} is ${value}; the model takes ${type}, whole numbers from ${lo} to ${hi}.`,
    );
  }
}

export const shapeText = (dims: readonly number[]): string => (dims.length === 0 ? 'a scalar' : dims.join('x'));
