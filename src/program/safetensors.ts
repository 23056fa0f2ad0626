/**
 * The safetensors container (an 8-byte little-endian header length, a JSON header, then raw little-endian tensors), which
 * other people's tools open. Only what og needs: I8, I16 and I32 tensors, and string metadata.
 */
import { UserError } from '../errors.js';
import type { ElementWidth } from './step.js';

export interface NamedTensor {
  readonly name: string;
  readonly width: ElementWidth;
  readonly data: Int32Array;
}

export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly NamedTensor[];
}

const TYPE_OF_WIDTH = { 1: 'I8', 2: 'I16', 4: 'I32' } as const;
const WIDTH_OF_TYPE: Readonly<Record<string, ElementWidth>> = { I8: 1, I16: 2, I32: 4 };
const ARRAY_OF_WIDTH = { 1: Int8Array, 2: Int16Array, 4: Int32Array } as const;
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

const align = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

/** Encodes in the given order; the same content gives the same bytes. */
export function encodeSafetensors({ metadata, tensors }: Safetensors): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, width, data } of tensors) {
    header[name] = {
      dtype: TYPE_OF_WIDTH[width],
      shape: [data.length],
      data_offsets: [end, end + data.length * width],
    };
    end += data.length * width;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = align(json.length);
  const bytes = new Uint8Array(LENGTH_BYTES + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, LENGTH_BYTES + json.length, LENGTH_BYTES + headerLength);
  bytes.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerLength;
  for (const { width, data } of tensors) {
    const narrow = width === 4 ? data : ARRAY_OF_WIDTH[width].from(data);
    bytes.set(new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength), at);
    at += narrow.byteLength;
  }
  return bytes;
}

/** Decodes and checks every offset. @param name what to call the file in an error. */
export function decodeSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const bad = (reason: string): never => {
    throw new UserError(
      'OG_BAD_ARTEFACT',
      `${name} is not an og artefact: ${reason}.`,
      'Make one with: og compile model.onnx',
    );
  };
  if (bytes.length < LENGTH_BYTES) bad(`it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > bytes.length - LENGTH_BYTES) bad('its header is cut off, or it is a file of another kind');
  const start = LENGTH_BYTES + headerLength;
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, start)));
  } catch {
    bad('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) bad('its header is not a JSON object');
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  if (typeof metadata !== 'object' || metadata === null || Object.values(metadata).some((v) => typeof v !== 'string'))
    bad('its metadata is not a map of strings');
  const tensors = Object.entries(entries).map(([tensorName, entry]): NamedTensor => {
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
    const width = WIDTH_OF_TYPE[String(dtype)];
    if (!width) return bad(`tensor "${tensorName}" has the type ${String(dtype)}; I8, I16 and I32 are known`);
    if (!Array.isArray(shape) || !Array.isArray(offsets) || offsets.length !== 2)
      return bad(`tensor "${tensorName}" has no shape or offsets`);
    const [from, to] = offsets as [number, number];
    const elements = shape.reduce((n: number, dim: number) => n * dim, 1);
    if (![from, to, elements].every(Number.isSafeInteger) || from < 0 || to - from !== elements * width)
      return bad(`tensor "${tensorName}" has ${to - from} bytes for ${elements} elements of ${width}`);
    if (start + to > bytes.length) return bad(`tensor "${tensorName}" ends after the file does; the file is cut off`);
    const raw = new Uint8Array(bytes.subarray(start + from, start + to)); // a copy that is aligned, also of a Buffer
    return { name: tensorName, width, data: Int32Array.from(new ARRAY_OF_WIDTH[width](raw.buffer)) };
  });
  return { metadata: metadata as Record<string, string>, tensors };
}
