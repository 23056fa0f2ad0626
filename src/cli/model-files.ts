/** Model files on disk: ONNX files and artefacts. */
import { rename, rm, writeFile as writeWhole } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { UserError } from '../errors.js';
import { fileBytes } from './arrays/file.js';

export { fileBytes } from './arrays/file.js';

/** An artefact is a safetensors file; the name says what it is for. */
export const ARTEFACT_EXTENSION = '.og';

/** Where `og compile` writes when it is not told: beside nothing, in the working folder. */
export function artefactPathFor(model: string): string {
  return `${basename(model).replace(/\.onnx$/i, '')}${ARTEFACT_EXTENSION}`;
}

/** Whether the bytes are a safetensors file: a little-endian header length, then JSON. */
export function looksLikeArtefact(bytes: Uint8Array): boolean {
  return bytes.length > 9 && bytes[8] === 0x7b && bytes[7] === 0;
}

/** Writes a file whole or not at all. */
export async function writeFile(path: string, content: Uint8Array | string): Promise<void> {
  const draft = `${path}.${process.pid}.part`;
  try {
    await writeWhole(draft, content);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? `there is no folder ${dirname(path)}` : message;
    throw new UserError('OG_CANNOT_WRITE', `${path} cannot be written: ${reason}.`);
  }
}

/** Reads a model file and says whether it is an artefact already. */
export function readModelFile(path: string): { bytes: Uint8Array; isArtefact: boolean } {
  const bytes = fileBytes(path);
  return { bytes, isArtefact: looksLikeArtefact(bytes) };
}
