import algorithm from 'hash-wasm/dist/keccak.umd.min.js';
import { type Hash, toHex } from './hash.js';
import { ChunkHasher } from './keccak-kernel.js';

export const HASH_BYTES = 32;

/** One WebAssembly instance for the whole process; a call starts and ends a hash, so nothing is shared between calls. */
const hasher = await algorithm.createKeccak(256);

/** Keccak-256 as the EVM has it. @returns 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return hasher.init().update(bytes).digest('binary');
}

export function keccakHex(bytes: Uint8Array): Hash {
  return toHex(keccak256(bytes));
}

/**
 * Hashes equal chunks, one after the other.
 *
 * @param src whole chunks; anything else is a RangeError.
 * @param into where the hashes go, 32 bytes a chunk; a new array by default.
 */
export function hashChunks(src: Uint8Array, chunkBytes: number, into?: Uint8Array): Uint8Array {
  const count = src.length / chunkBytes;
  if (!Number.isInteger(count)) throw new RangeError(`${src.length} bytes are not whole chunks of ${chunkBytes}.`);
  const out = into ?? new Uint8Array(count * HASH_BYTES);
  if (count >= FEWEST_BATCHED && ChunkHasher.fits(chunkBytes)) {
    hasherFor(chunkBytes).hashAll(src, out);
    return out;
  }
  for (let i = 0; i < count; i++)
    out.set(keccak256(src.subarray(i * chunkBytes, (i + 1) * chunkBytes)), i * HASH_BYTES);
  return out;
}

/** Fewer chunks than this are hashed one by one: their copies would cost more than is gained. */
const FEWEST_BATCHED = 2;

const hashers = new Map<number, ChunkHasher>();

/** The hasher of chunks of this size. */
export function hasherFor(chunkBytes: number): ChunkHasher {
  let hasher = hashers.get(chunkBytes);
  if (!hasher) {
    hasher = new ChunkHasher(chunkBytes);
    hashers.set(chunkBytes, hasher);
  }
  return hasher;
}
