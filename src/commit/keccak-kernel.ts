/**
 * Keccak-256 of many equal chunks, as a WebAssembly kernel: two chunks at a time, one in each half of a vector register (FIPS 202, with the
 * padding of the original submission as the EVM has it).
 */
import type { ElementWidth } from '../program/step.js';
import { WasmFunction } from '../wasm/assembler.js';
import { allocate, instantiate } from '../wasm/instance.js';
import { packFunction } from './pack-kernel.js';

const RATE_BYTES = 136;
const HASH_BYTES = 32;
const ROUNDS = 24;

/** Rotations of the rho step by position x + 5y, and the round constants, as the specification generates them. */
function rotations(): number[] {
  const offsets = new Array<number>(25).fill(0);
  for (let t = 0, x = 1, y = 0; t < 24; t++) {
    offsets[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return offsets;
}

export function roundConstants(): BigUint64Array {
  const constants = new BigUint64Array(ROUNDS);
  let register = 1;
  for (let round = 0; round < ROUNDS; round++)
    for (let j = 0; j <= 6; j++) {
      if (register & 1) constants[round] = (constants[round] as bigint) | (1n << BigInt(2 ** j - 1));
      register = (register << 1) ^ ((register >> 7) * 0x171);
    }
  return constants;
}

const CONSTANTS_AT = 0;
const DATA_AT = 1024;
/** Bytes hashed in one call: with their hashes they stay in a core's cache. */
const DATA_BYTES = 256 * 1024;
/** Room for the hashes of the smallest chunks. */
const SMALLEST_CHUNK = HASH_BYTES;
const HASHES_AT = DATA_AT + DATA_BYTES;
const ELEMENTS_AT = HASHES_AT + DATA_BYTES + 2 * HASH_BYTES;
/** Elements packed in one call: no more than fit the data at the largest width. */
const MOST_ELEMENTS = DATA_BYTES / 4;

/**
 * A function `name(from, pairs, into)` that hashes `2 * pairs` chunks that lie at `from`, one after the other.
 *
 * @param constantsAt where the round constants lie.
 */
export function hashFunction(name: string, chunkBytes: number, constantsAt: number): WasmFunction {
  const f = new WasmFunction(name, ['i32', 'i32', 'i32']);
  const [from, pairs, into] = [0, 1, 2];
  const a = Array.from({ length: 25 }, () => f.local('v128'));
  const b = Array.from({ length: 25 }, () => f.local('v128'));
  const d = Array.from({ length: 5 }, () => f.local('v128'));
  const c = Array.from({ length: 5 }, () => f.local('v128'));
  const round = f.local('i32');
  const words = chunkBytes / 8;
  const rateWords = RATE_BYTES / 8;
  const blocks = Math.floor(words / rateWords) + 1;
  f.repeatWhile(() => {
    for (let block = 0; block < blocks; block++) {
      for (let i = 0; i < 25; i++) {
        const word = block * rateWords + i;
        const last = block === blocks - 1;
        const parts: (() => void)[] = block === 0 ? [] : [() => f.get(a[i]!)];
        if (i < rateWords && word < words)
          parts.push(() =>
            f
              .get(from)
              .get(from)
              .memory('v128.load64_zero', 8 * word)
              .laneMemory('v128.load64_lane', 1, 8 * word + chunkBytes),
          );
        const padding = last ? (word === words ? 1n : 0n) | (i === rateWords - 1 ? 1n << 63n : 0n) : 0n;
        if (padding !== 0n || parts.length === 0)
          parts.push(() => f.v128(new Uint8Array(BigUint64Array.of(padding, padding).buffer)));
        if (block > 0 && parts.length === 1) continue;
        parts.forEach((part, at) => {
          part();
          if (at > 0) f.op('v128.xor');
        });
        f.set(a[i]!);
      }
      permute(f, { a, b, c, d, round }, constantsAt);
    }
    for (let i = 0; i < HASH_BYTES / 8; i++) {
      f.get(into)
        .get(a[i]!)
        .laneMemory('v128.store64_lane', 0, 8 * i);
      f.get(into)
        .get(a[i]!)
        .laneMemory('v128.store64_lane', 1, 8 * i + HASH_BYTES);
    }
    f.get(from)
      .i32(2 * chunkBytes)
      .op('i32.add')
      .set(from);
    f.get(into)
      .i32(2 * HASH_BYTES)
      .op('i32.add')
      .set(into);
    f.get(pairs).i32(1).op('i32.sub').tee(pairs);
  });
  return f;
}

interface State {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly c: readonly number[];
  readonly d: readonly number[];
  readonly round: number;
}

/** Rotates both halves of the vector on the stack, which is also in `local`. */
function rotate(f: WasmFunction, local: number, by: number): void {
  if (by === 0) f.get(local);
  else if (by % 8 === 0) {
    const shift = 8 - by / 8;
    const bytes = Array.from({ length: 16 }, (_, i) => (i & 8) | ((i + shift) & 7));
    f.get(local, local).shuffle(bytes);
  } else {
    f.get(local).i32(by).op('i64x2.shl');
    f.get(local)
      .i32(64 - by)
      .op('i64x2.shr_u', 'v128.or');
  }
}

function permute(f: WasmFunction, { a, b, c, d, round }: State, constantsAt: number): void {
  const offsets = rotations();
  f.i32(0).set(round);
  f.repeatWhile(() => {
    for (let x = 0; x < 5; x++) {
      f.get(a[x]!);
      for (let y = 1; y < 5; y++) f.get(a[x + 5 * y]!).op('v128.xor');
      f.set(c[x]!);
    }
    for (let x = 0; x < 5; x++) {
      rotate(f, c[(x + 1) % 5]!, 1);
      f.get(c[(x + 4) % 5]!)
        .op('v128.xor')
        .set(d[x]!);
    }
    for (let y = 0; y < 5; y++)
      for (let x = 0; x < 5; x++) {
        const [source, target] = [x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5)];
        f.get(a[source]!, d[x]!).op('v128.xor').set(b[target]!);
        rotate(f, b[target]!, offsets[source]!);
        f.set(b[target]!);
      }
    for (let y = 0; y < 5; y++)
      for (let x = 0; x < 5; x++) {
        f.get(b[x + 5 * y]!, b[((x + 2) % 5) + 5 * y]!, b[((x + 1) % 5) + 5 * y]!).op('v128.andnot', 'v128.xor');
        if (x === 0 && y === 0) f.get(round).memory('v128.load64_splat', constantsAt).op('v128.xor');
        f.set(a[x + 5 * y]!);
      }
    f.get(round)
      .i32(8)
      .op('i32.add')
      .tee(round)
      .i32(8 * ROUNDS)
      .op('i32.lt_u');
  });
}

type Hash = (from: number, pairs: number, into: number) => void;
type Pack = (from: number, vectors: number, into: number) => number;

/** Hashes chunks of one size; made once for each size, and its memory belongs to it. */
export class ChunkHasher {
  private readonly bytes: Uint8Array;
  private readonly elements: Int32Array;
  private readonly hash: Hash;
  private readonly pack: Record<ElementWidth, Pack>;

  /** @param chunkBytes a multiple of 8, from 32 to 4096: every block is unrolled. */
  constructor(private readonly chunkBytes: number) {
    if (!ChunkHasher.fits(chunkBytes)) throw new RangeError(`Chunks of ${chunkBytes} bytes are not for this kernel.`);
    const memory = allocate(ELEMENTS_AT + 4 * MOST_ELEMENTS);
    new BigUint64Array(memory.buffer, CONSTANTS_AT, ROUNDS).set(roundConstants());
    this.bytes = new Uint8Array(memory.buffer);
    this.elements = new Int32Array(memory.buffer, ELEMENTS_AT, MOST_ELEMENTS);
    const packs = ([1, 2, 4] as const).map(packFunction);
    const { hash, pack1, pack2, pack4 } = instantiate(
      [hashFunction('hash', chunkBytes, CONSTANTS_AT), ...packs],
      memory,
    );
    this.hash = hash as unknown as Hash;
    this.pack = { 1: pack1 as Pack, 2: pack2 as Pack, 4: pack4 as Pack };
  }

  static fits(chunkBytes: number): boolean {
    return chunkBytes % 8 === 0 && chunkBytes >= SMALLEST_CHUNK && chunkBytes <= 4096;
  }

  /** @param src whole chunks. @param into 32 bytes a chunk. */
  hashAll(src: Uint8Array, into: Uint8Array): void {
    const batch = this.batchChunks(DATA_BYTES) * this.chunkBytes;
    for (let from = 0; from < src.length; from += batch) {
      const part = src.subarray(from, from + batch);
      this.bytes.set(part, DATA_AT);
      this.hashData(part.length / this.chunkBytes, into, from / this.chunkBytes);
    }
  }

  /**
   * Packs elements to `width` bytes each and hashes the chunks that they fill; the last one is padded with zero bytes.
   *
   * @param into 32 bytes a chunk.
   * @returns whether every element fitted its width; if not, what was written means nothing.
   */
  hashElements(data: Int32Array, width: ElementWidth, into: Uint8Array): boolean {
    const batch = (this.batchChunks(MOST_ELEMENTS * width) * this.chunkBytes) / width;
    for (let from = 0; from < data.length; from += batch) {
      const part = data.subarray(from, from + batch);
      const chunks = Math.ceil((part.length * width) / this.chunkBytes);
      this.elements.set(part);
      const padded = Math.ceil((chunks * this.chunkBytes) / 16) * (16 / width);
      this.elements.fill(0, part.length, padded);
      if (this.pack[width](ELEMENTS_AT, (padded * width) / 16, DATA_AT) !== 0) return false;
      this.hashData(chunks, into, (from * width) / this.chunkBytes);
    }
    return true;
  }

  /** An even number of chunks that fit these bytes, with room for what is rounded up to whole vectors. */
  private batchChunks(bytes: number): number {
    return 2 * Math.floor((bytes - 16) / (2 * this.chunkBytes));
  }

  /** An odd last chunk is hashed beside whatever lies after it, whose hash is not looked at. */
  private hashData(chunks: number, into: Uint8Array, at: number): void {
    this.hash(DATA_AT, Math.ceil(chunks / 2), HASHES_AT);
    into.set(this.bytes.subarray(HASHES_AT, HASHES_AT + chunks * HASH_BYTES), at * HASH_BYTES);
  }
}
