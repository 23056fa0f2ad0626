/** Getting an artefact from where somebody says it is. What arrives is used only if it hashes to the model id. */
import { fileURLToPath } from 'node:url';
import type { Hash } from '../commit/hash.js';
import { NetworkError, OgError, UserError } from '../errors.js';
import { MAX_ARTEFACT_BYTES, type Model, readBounded, readModelBytes, type Store } from './store.js';

export interface FetchOptions {
  /** A stranger has named the place: then it must be on the web, and not a file of this machine. */
  readonly stranger?: boolean;
  /** For the whole download; 10 minutes when left out. */
  readonly timeoutMs?: number;
  /** 2 GiB when left out. */
  readonly maxBytes?: number;
}

/**
 * Fetches an artefact by file path or http(s) URL and keeps it in the store.
 *
 * @throws UserError when it is not the artefact of the model; NetworkError when it cannot be had.
 */
export async function fetchModel(store: Store, modelId: Hash, uri: string, options: FetchOptions = {}): Promise<Model> {
  const bytes = await fetchBytes(uri, options);
  const model = readModelBytes(bytes, uri);
  if (model.modelId !== modelId)
    throw new UserError(
      'OG_OTHER_MODEL',
      `What is at ${uri} is model ${model.modelId}, not ${modelId}.`,
      'Ask whoever registered it for the artefact.',
    );
  await store.keep(model, bytes);
  return model;
}

/**
 * The model of this id: from the store, else from the first of these places that has it.
 *
 * @throws UserError that says what was tried, when none has it.
 */
export async function obtainModel(
  store: Store,
  modelId: Hash,
  uris: readonly string[],
  options: FetchOptions = {},
): Promise<Model> {
  const failures: string[] = [];
  try {
    const known = await store.model(modelId);
    if (known) return known;
  } catch (error) {
    failures.push(reasonOf(error)); // damaged: it is fetched again and written over
  }
  for (const uri of new Set(uris.filter((uri) => uri !== ''))) {
    try {
      return await fetchModel(store, modelId, uri, options);
    } catch (error) {
      failures.push(reasonOf(error));
    }
  }
  const tried = failures.length > 0 ? failures.join(' ') : 'Nobody has said where it is.';
  throw new UserError(
    'OG_NO_ARTEFACT',
    `The artefact of model ${modelId} is not here and cannot be fetched. ${tried}`,
    `Put it at ${store.artefactPath(modelId)}, or compile the ONNX model again.`,
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof OgError || error instanceof Error) return error.message;
  return String(error);
}

async function fetchBytes(
  uri: string,
  { stranger, timeoutMs = 600_000, maxBytes = MAX_ARTEFACT_BYTES }: FetchOptions,
): Promise<Uint8Array> {
  if (/^https?:/i.test(uri)) return download(uri, timeoutMs, maxBytes);
  if (stranger)
    throw new UserError(
      'OG_BAD_URI',
      `"${uri}" is not an http or https address, and a stranger's file paths are not followed.`,
    );
  const file = uri.startsWith('file:') ? fileURLToPath(uri) : uri;
  const bytes = await readBounded(file, maxBytes);
  if (!bytes) throw new UserError('OG_NO_FILE', `There is no file ${file}.`);
  return bytes;
}

async function download(url: string, timeoutMs: number, maxBytes: number): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok || !response.body)
      throw new NetworkError('OG_FETCH', `${url} answered with HTTP status ${response.status}.`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxBytes) throw new UserError('OG_TOO_LARGE', `What is at ${url} has more than ${maxBytes} bytes.`);
      chunks.push(chunk);
    }
    return joined(chunks, size);
  } catch (error) {
    if (error instanceof OgError) throw error;
    const { name, cause, message } = error as Error;
    const reason =
      name === 'TimeoutError' ? `it took longer than ${timeoutMs / 1000} s` : ((cause as Error)?.message ?? message);
    throw new NetworkError('OG_FETCH', `${url} could not be fetched: ${reason}.`, undefined, { cause: error });
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
