import { dump } from 'npyjs';
import type { RealOutput } from '../../program/layout.js';

const MAKERS: Readonly<Record<RealOutput['type'], (data: Float64Array) => Parameters<typeof dump>[0]>> = {
  float32: (data) => Float32Array.from(data),
  // NumPy reads halves from floats; npyjs does not write them.
  float16: (data) => Float32Array.from(data),
  float64: (data) => data,
  int64: (data) => BigInt64Array.from(data as unknown as number[], BigInt),
  int32: (data) => Int32Array.from(data),
  int16: (data) => Int16Array.from(data),
  int8: (data) => Int8Array.from(data),
  uint8: (data) => Uint8Array.from(data),
  uint16: (data) => Uint16Array.from(data),
  uint32: (data) => Uint32Array.from(data),
  bool: (data) => Uint8Array.from(data),
};

/** The bytes of a `.npy` file of the output's own element type. */
export function writeNpy({ type, shape, data }: RealOutput): Uint8Array {
  return new Uint8Array(dump(MAKERS[type](data), [...shape]));
}
