/** Damage that knows nothing of what the bytes mean. */
import type { Random } from '../../fixtures/random.js';

const LONGEST_RUN = 64;

type Damage = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const position = (bytes: Uint8Array, random: Random): number => random.integer(0, Math.max(bytes.length - 1, 0));

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const DAMAGES: readonly Damage[] = [
  // One bit.
  (bytes, random) => {
    const at = position(bytes, random);
    return bytes.with(at, bytes[at]! ^ (1 << random.integer(0, 7)));
  },
  // One byte.
  (bytes, random) => bytes.with(position(bytes, random), random.integer(0, 255)),
  // The extremes of one byte.
  (bytes, random) => bytes.with(position(bytes, random), [0, 0x7f, 0x80, 0xff][random.integer(0, 3)]!),
  // Cut off.
  (bytes, random) => bytes.slice(0, position(bytes, random)),
  // A piece left out.
  (bytes, random) => {
    const at = position(bytes, random);
    return joined(bytes.subarray(0, at), bytes.subarray(at + random.integer(1, LONGEST_RUN)));
  },
  // A piece twice.
  (bytes, random) => {
    const at = position(bytes, random);
    return joined(bytes.subarray(0, at + random.integer(1, LONGEST_RUN)), bytes.subarray(at));
  },
  // The beginning of one file and the end of another.
  (bytes, random, other) => joined(bytes.subarray(0, position(bytes, random)), other.subarray(position(other, random))),
  // A piece of the other file.
  (bytes, random, other) => {
    const [at, from] = [position(bytes, random), position(other, random)];
    const piece = other.subarray(from, from + random.integer(1, LONGEST_RUN));
    return joined(bytes.subarray(0, at), piece, bytes.subarray(at + piece.length));
  },
];

/** @param other a file to splice with. */
export function mutateBytes(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let damaged = bytes;
  for (let times = random.integer(1, 3); times > 0 && damaged.length > 0; times--)
    damaged = DAMAGES[random.integer(0, DAMAGES.length - 1)]!(damaged, random, other);
  return damaged;
}
