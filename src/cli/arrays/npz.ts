import { unzipSync } from 'fflate';
import { UserError } from '../../errors.js';
import { readNpy } from './npy.js';
import type { FileTensor } from './tensor.js';

/** Reads a NumPy `.npz` file: arrays by name. @param where names the file in an error. */
export function readNpz(bytes: Uint8Array, where: string): Map<string, FileTensor> {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('OG_BAD_ARRAY', `${where} is not an .npz file: ${reason}.`);
  }
  const arrays = new Map<string, FileTensor>();
  for (const [entry, content] of Object.entries(entries)) {
    const name = entry.replace(/\.npy$/, '');
    arrays.set(name, readNpy(content, `The array "${name}" of ${where}`));
  }
  if (arrays.size === 0) throw new UserError('OG_BAD_ARRAY', `${where} holds no arrays.`);
  return arrays;
}
