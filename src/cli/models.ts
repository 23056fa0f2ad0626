/** Model arguments: an artefact's path, or the id of a model that is in the store or that its registrant says where to get. */
import { basename } from 'node:path';
import type { Contracts } from '../chain/contracts.js';
import { asHash } from '../commit/hash.js';
import { UserError } from '../errors.js';
import type { Model, Store } from '../store/store.js';
import { isModelId } from './ids.js';
import { readModelFile } from './model-files.js';

/** Reads a model for use without a chain. */
export async function loadModel(text: string, store: Store): Promise<Model> {
  if (!isModelId(text)) return loadArtefact(text);
  const model = await store.model(asHash(text));
  if (model) return model;
  throw new UserError(
    'OG_NO_ARTEFACT',
    `The artefact of model ${text} is not on this machine.`,
    'Give the path of its artefact; compiling or registering one keeps it here.',
  );
}

/** The same, and fetches what is not here from where its registrants say it is. */
export async function obtainModelFor(text: string, store: Store, contracts: Contracts): Promise<Model> {
  if (!isModelId(text)) return store.putArtefact(artefactBytes(text), basename(text));
  const [{ findRegistrations }, { obtainModel }] = await Promise.all([
    import('../chain/model-registry.js'),
    import('../store/fetch.js'),
  ]);
  const modelId = asHash(text);
  const known = await store.model(modelId);
  if (known) return known;
  const places = (await findRegistrations(contracts, modelId)).map(({ uri }) => uri);
  return obtainModel(store, modelId, places, { stranger: true });
}

async function loadArtefact(path: string): Promise<Model> {
  const { readModelBytes } = await import('../store/store.js');
  return readModelBytes(artefactBytes(path), basename(path));
}

function artefactBytes(path: string): Uint8Array {
  const { bytes, isArtefact } = readModelFile(path);
  if (!isArtefact && /\.onnx$/i.test(path)) {
    throw new UserError(
      'OG_NOT_COMPILED',
      `${path} is an ONNX model; this takes an artefact.`,
      `Compile it first: og compile ${path}`,
    );
  }
  return bytes;
}
