/** A tensor's bytes: big-endian two's complement by width, cut into leaves (docs/protocol.md, section 1). */
import type { ElementWidth } from '../program/step.js';

export const LEAF_BYTES = 256;

/** A tensor to commit to: int32 elements that fit `width` bytes. */
export interface Tensor {
  readonly data: Int32Array;
  readonly width: ElementWidth;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Elements in one leaf. */
export function leafElements(width: ElementWidth): number {
  return LEAF_BYTES / width;
}

/** Leaves that a tensor fills; the last one may be partly padding. */
export function leafCount(elements: number, width: ElementWidth): number {
  return Math.ceil((elements * width) / LEAF_BYTES);
}

/** Elements as bytes, without padding: the form in which inputs and outputs are posted. */
export function elementBytes(data: Int32Array, width: ElementWidth): Uint8Array {
  const bytes = new Uint8Array(data.length * width);
  writeElements(data, width, bytes);
  return bytes;
}

/** Elements as bytes, padded with zero bytes to whole leaves. */
export function tensorBytes(data: Int32Array, width: ElementWidth): Uint8Array {
  const bytes = new Uint8Array(leafCount(data.length, width) * LEAF_BYTES);
  writeElements(data, width, bytes);
  return bytes;
}

/**
 * Reads the first `elements` elements back; bytes after them are padding and are not looked at.
 *
 * @throws RangeError when there are fewer bytes than that.
 */
export function tensorFromBytes(bytes: Uint8Array, width: ElementWidth, elements: number): Int32Array {
  if (bytes.length < elements * width)
    throw new RangeError(`${bytes.length} bytes do not hold ${elements} elements of ${width} bytes.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Int32Array(elements);
  for (let i = 0; i < elements; i++) {
    if (width === 1) data[i] = view.getInt8(i);
    else data[i] = width === 2 ? view.getInt16(2 * i) : view.getInt32(4 * i);
  }
  return data;
}

/** Writes elements to the start of `bytes`, which lies at the start of a buffer of its own. */
function writeElements(data: Int32Array, width: ElementWidth, bytes: Uint8Array): void {
  if (width === 1) writeOneByte(data, new Int8Array(bytes.buffer));
  else if (width === 2) writeTwoBytes(data, bytes);
  else {
    new Int32Array(bytes.buffer, 0, data.length).set(data);
    if (LITTLE_ENDIAN) Buffer.from(bytes.buffer).swap32();
  }
}

// Plain loops: `Int8Array.set(Int32Array)` and the like are several times slower. What a value lost by being cut to its width is
// collected on the way.

function writeOneByte(data: Int32Array, out: Int8Array): void {
  let lost = 0;
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    out[i] = x;
    lost |= ((x << 24) >> 24) ^ x;
  }
  if (lost !== 0) requireFit(data, 1);
}

function writeTwoBytes(data: Int32Array, out: Uint8Array): void {
  let lost = 0;
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    out[2 * i] = x >> 8;
    out[2 * i + 1] = x;
    lost |= ((x << 16) >> 16) ^ x;
  }
  if (lost !== 0) requireFit(data, 2);
}

/**
 * A value that were cut to its width would be committed as another value: that is never done silently.
 *
 * @throws RangeError naming the first element that does not fit.
 */
export function requireFit(data: Int32Array, width: ElementWidth): void {
  const cut = 32 - 8 * width;
  const at = data.findIndex((x) => (x << cut) >> cut !== x);
  if (at >= 0)
    throw new RangeError(`Element ${at} is ${data[at]}, which does not fit ${width} byte${width === 1 ? '' : 's'}.`);
}
