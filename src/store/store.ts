/**
 * Files by content: artefacts by model id, inputs by input root. Nothing here is the only copy of anything that matters to the
 * game, with one exception: an input that a request showed only by its root. Whatever is read is checked against its name.
 */
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import writeFileAtomic from 'write-file-atomic';
import { asHash, type Hash } from '../commit/hash.js';
import {
  commitModel,
  inputBytes,
  inputFromBytes,
  inputRootOf,
  type ModelCommitment,
  type ModelHeader,
} from '../commit/model.js';
import { UserError } from '../errors.js';
import { type Artefact, decodeArtefact } from '../program/artefact.js';

/** A model that is ready to be run and disputed. */
export interface Model {
  readonly modelId: Hash;
  readonly artefact: Artefact;
  readonly commitment: ModelCommitment;
}

/** Largest artefact that is read, in bytes. */
export const MAX_ARTEFACT_BYTES = 2 * 2 ** 30;
/** Largest input that is read, in bytes. */
export const MAX_INPUT_BYTES = 256 * 2 ** 20;

/** `OG_HOME`, or the place for data on this operating system. */
export function storeFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return environment['OG_HOME'] ?? envPaths('og', { suffix: '' }).data;
}

export class Store {
  constructor(readonly folder: string = storeFolder()) {}

  /** Keeps an artefact. @throws UserError when it is not one, or its program is not legal. */
  async putArtefact(bytes: Uint8Array, name = 'the artefact'): Promise<Model> {
    const model = readModelBytes(bytes, name);
    await this.keep(model, bytes);
    return model;
  }

  /** Keeps the bytes that a model was read from. */
  async keep({ modelId }: Model, bytes: Uint8Array): Promise<void> {
    await this.write('artefacts', artefactFile(modelId), bytes);
  }

  /** The model of this id, or null when it is not here. @throws UserError when the file is damaged. */
  async model(modelId: Hash): Promise<Model | null> {
    const file = this.path('artefacts', artefactFile(modelId));
    const bytes = await readBounded(file, MAX_ARTEFACT_BYTES);
    if (!bytes) return null;
    let found: Model;
    try {
      found = readModelBytes(bytes, file);
    } catch (cause) {
      throw damaged(file, (cause as Error).message, cause);
    }
    if (found.modelId !== modelId) throw damaged(file, `it holds model ${found.modelId}`);
    return found;
  }

  async putInput(model: ModelHeader, input: Int32Array): Promise<Hash> {
    const root = inputRootOf(model, input);
    await this.write('inputs', root, inputBytes(model, input));
    return root;
  }

  /** The packed input with this root, or null when it is not here. @throws UserError when the file is damaged. */
  async input(model: ModelHeader, root: Hash): Promise<Int32Array | null> {
    const file = this.path('inputs', asHash(root));
    const bytes = await readBounded(file, MAX_INPUT_BYTES);
    if (!bytes) return null;
    let input: Int32Array;
    try {
      input = inputFromBytes(model, bytes);
    } catch (cause) {
      throw damaged(file, (cause as Error).message, cause);
    }
    const found = inputRootOf(model, input);
    if (found !== root) throw damaged(file, `its root is ${found}`);
    return input;
  }

  /** Ids of the models that are here, unchecked. */
  async modelIds(): Promise<Hash[]> {
    const names = await readdir(join(this.folder, 'artefacts')).catch(() => []);
    return names.flatMap((name) => (ARTEFACT_FILE.test(name) ? [asHash(name.slice(0, 66))] : []));
  }

  async hasArtefact(modelId: Hash): Promise<boolean> {
    return (await stat(this.artefactPath(modelId)).catch(() => null)) !== null;
  }

  /** Where the artefact of a model is, or would be. */
  artefactPath(modelId: Hash): string {
    return this.path('artefacts', artefactFile(modelId));
  }

  private path(kind: 'artefacts' | 'inputs', name: string): string {
    return join(this.folder, kind, name);
  }

  private async write(kind: 'artefacts' | 'inputs', name: string, bytes: Uint8Array): Promise<void> {
    const file = this.path(kind, name);
    try {
      await mkdir(join(this.folder, kind), { recursive: true });
      await writeFileAtomic(file, bytes);
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new UserError(
        'OG_STORE_WRITE',
        `${file} could not be written: ${reason}`,
        'Choose another folder (OG_HOME).',
        { cause },
      );
    }
  }
}

const ARTEFACT_FILE = /^0x[0-9a-f]{64}\.safetensors$/;
const artefactFile = (modelId: Hash): string => `${asHash(modelId)}.safetensors`;

/** @throws UserError when the bytes are not an artefact, or its program is not legal. */
export function readModelBytes(bytes: Uint8Array, name: string): Model {
  const artefact = decodeArtefact(bytes, name);
  const commitment = commitModel(artefact.program);
  return { modelId: commitment.modelId, artefact, commitment };
}

/** Null when there is no such file. @throws UserError when it is larger than `limit`, or cannot be read. */
export async function readBounded(file: string, limit: number): Promise<Uint8Array | null> {
  try {
    const { size } = await stat(file);
    if (size > limit) throw new UserError('OG_TOO_LARGE', `${file} has ${size} bytes; at most ${limit} are read.`);
    const { buffer, byteOffset, byteLength } = await readFile(file);
    return new Uint8Array(buffer, byteOffset, byteLength); // a Buffer's slice() does not copy, as readers of bytes expect
  } catch (error) {
    if (error instanceof UserError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new UserError('OG_UNREADABLE', `${file} cannot be read: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}

function damaged(file: string, why: string, cause?: unknown): UserError {
  const hint = `Delete it (rm '${file}'); it will be fetched or made again.`;
  return new UserError('OG_STORE_DAMAGED', `${file} is damaged: ${why}.`, hint, { cause });
}
