/**
 * Results of runs on disk, by content: they save a run and nothing else. Any file of it, or the whole folder, may be deleted at any
 * time, and a disk that is full or gone only costs runs. What is read is checked before it is used.
 */
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { asHash } from '../commit/hash.js';
import { keccakHex } from '../commit/keccak.js';
import type { Answer } from '../dispute/trace.js';
import { AnswerJson, answerFromJson, answerToJson, type RunKey } from './answer-json.js';

export interface RunCacheOptions {
  /** Bytes on disk; what was used longest ago goes first. 10 GiB when left out. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 10 * 2 ** 30;
/** The folder is measured again when so much was written to it. */
const PRUNE_SHARE = 0.05;

export class RunCache {
  private writtenBytes = Number.POSITIVE_INFINITY;

  constructor(
    readonly folder: string,
    private readonly options: RunCacheOptions = {},
  ) {}

  /** Null when it is not here, or damaged. */
  async answer(key: RunKey): Promise<Answer | null> {
    const file = this.file(key, 'answer');
    try {
      const text = await readFile(file, 'utf8');
      const [digest, body] = [text.slice(0, 66), text.slice(67)];
      if (keccakHex(Buffer.from(body)) !== digest) throw new RangeError('damaged');
      const answer = answerFromJson(AnswerJson.parse(JSON.parse(body)), key);
      await touch(file);
      return answer;
    } catch (error) {
      return this.absent(file, error);
    }
  }

  async putAnswer(answer: Answer): Promise<void> {
    const body = JSON.stringify(answerToJson(answer));
    await this.write(this.file(answer, 'answer'), Buffer.from(`${keccakHex(Buffer.from(body))}\n${body}`));
  }

  /** All slots, whose root is for the reader to check; null when they are not here. */
  async slots(key: RunKey): Promise<Int32Array[] | null> {
    const file = this.file(key, 'trace');
    try {
      const slots = unpacked(int32(await readFile(file)));
      await touch(file);
      return slots;
    } catch (error) {
      return this.absent(file, error);
    }
  }

  async putSlots(key: RunKey, slots: readonly Int32Array[]): Promise<void> {
    await this.write(this.file(key, 'trace'), Buffer.concat(packed(slots).map(bytes)));
  }

  async forget(key: RunKey): Promise<void> {
    for (const kind of ['answer', 'trace'] as const) await rm(this.file(key, kind), { force: true });
  }

  private file({ modelId, inputRoot }: RunKey, kind: 'answer' | 'trace'): string {
    return join(this.folder, asHash(modelId), `${asHash(inputRoot)}.${kind}`);
  }

  private async write(file: string, content: Buffer): Promise<void> {
    try {
      await writeFileAtomic(file, content, { fsync: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(dirname(file), { recursive: true });
      await writeFileAtomic(file, content, { fsync: false });
    }
    this.writtenBytes += content.length;
    if (this.writtenBytes > this.maxBytes * PRUNE_SHARE) await this.prune();
  }

  private get maxBytes(): number {
    return this.options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  private async prune(): Promise<void> {
    this.writtenBytes = 0;
    const files = await Promise.all((await filesBelow(this.folder)).map(sizeOf));
    const newestFirst = files.flatMap((file) => file ?? []).sort((x, y) => y.usedMs - x.usedMs);
    let sum = 0;
    for (const { file, size } of newestFirst) {
      sum += size;
      if (sum > this.maxBytes) await rm(file, { force: true });
    }
  }

  /** What is damaged is deleted, so that it is made again. */
  private async absent(file: string, error: unknown): Promise<null> {
    if ((error as NodeJS.ErrnoException).code === undefined) await rm(file, { force: true }).catch(() => undefined);
    return null;
  }
}

const bytes = (data: Int32Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

function int32(buffer: Buffer): Int32Array {
  const copy = new Uint8Array(buffer); // aligned
  if (copy.length % 4 !== 0) throw new RangeError('not whole numbers');
  return new Int32Array(copy.buffer);
}

/** The number of slots, the length of each, then their elements. */
const packed = (slots: readonly Int32Array[]): Int32Array[] => [
  Int32Array.from([slots.length, ...slots.map(({ length }) => length)]),
  ...slots,
];

function unpacked(all: Int32Array): Int32Array[] {
  const lengths = all.subarray(1, 1 + (all[0] ?? 0));
  let at = 1 + lengths.length;
  const slots = Array.from(lengths, (length) => {
    at += length;
    return all.subarray(at - length, at);
  });
  if (at !== all.length) throw new RangeError('cut off');
  return slots;
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined); // a read-only disk: what goes first is then less well chosen
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

async function sizeOf(file: string): Promise<{ file: string; size: number; usedMs: number } | null> {
  const found = await stat(file).catch(() => null); // deleted meanwhile
  return found && { file, size: found.size, usedMs: found.mtimeMs };
}
