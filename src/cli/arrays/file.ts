import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '../../errors.js';
import { readJsonArray } from './json.js';
import { readNpy } from './npy.js';
import { readNpz } from './npz.js';
import type { FileTensor } from './tensor.js';
import { readTensorProto } from './tensor-proto.js';

export const ARRAY_FILES = '.npy, .npz, .pb (ONNX TensorProto) or .json';

/** Arrays of one file: by name for `.npz`, otherwise one without a name. */
export type ArrayFile =
  | { readonly kind: 'one'; readonly tensor: FileTensor; readonly storedName: string | null }
  | { readonly kind: 'named'; readonly tensors: ReadonlyMap<string, FileTensor> };

export function readArrayFile(path: string): ArrayFile {
  const bytes = fileBytes(path);
  const where = basename(path);
  if (/\.npz$/i.test(path)) return { kind: 'named', tensors: readNpz(bytes, where) };
  if (/\.npy$/i.test(path)) return { kind: 'one', tensor: readNpy(bytes, where), storedName: null };
  if (/\.pb$/i.test(path)) return { kind: 'one', ...readTensorProto(bytes, where) };
  if (/\.json$/i.test(path)) {
    return { kind: 'one', tensor: readJsonArray(Buffer.from(bytes).toString('utf8'), where), storedName: null };
  }
  throw new UserError('OG_BAD_ARRAY', `${path} is not an array file that og can read.`, `It reads ${ARRAY_FILES}.`);
}

export const isArrayFile = (path: string): boolean => /\.(npy|npz|pb|json)$/i.test(path);

/** @throws UserError when the file cannot be read. */
export function fileBytes(path: string): Uint8Array {
  try {
    // Not a Buffer: its `slice` shares memory where that of a Uint8Array copies.
    const { buffer, byteOffset, length } = readFileSync(path);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}

export function unreadable(path: string, error: NodeJS.ErrnoException): UserError {
  if (error.code === 'ENOENT') return new UserError('OG_NO_FILE', `There is no file ${path}.`);
  if (error.code === 'EISDIR') return new UserError('OG_NO_FILE', `${path} is a folder, not a file.`);
  return new UserError('OG_NO_FILE', `${path} cannot be read: ${error.message}.`);
}
