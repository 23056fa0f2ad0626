/** `abi.encode` of static words, which is all that the commitments need of it. */
import { asHash, fromHex, type Hash } from './hash.js';

const ADDRESS_PATTERN = /^0x[0-9a-fA-F]{40}$/;

export function uintWord(value: bigint | number): Uint8Array {
  const digits = BigInt(value).toString(16);
  if (value < 0 || digits.length > 64) throw new RangeError(`${value} is not a uint256.`);
  return fromHex(`0x${digits.padStart(64, '0')}`);
}

export function hashWord(hash: Hash): Uint8Array {
  return fromHex(asHash(hash));
}

export function addressWord(address: string): Uint8Array {
  if (!ADDRESS_PATTERN.test(address))
    throw new RangeError(`"${address}" is not an address: expected 0x and 40 hex digits.`);
  return fromHex(`0x${address.slice(2).padStart(64, '0')}`);
}

export function encodeWords(...words: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(words);
}
