/** Hashes and bytes as hex, the form in which they travel to and from a chain. */

/** Bytes as lower-case hex with a `0x` prefix. */
export type Hex = `0x${string}`;
/** A keccak256: 32 bytes as lower-case hex. */
export type Hash = Hex;

const HASH_PATTERN = /^0x[0-9a-f]{64}$/i;
const HEX_PATTERN = /^0x(?:[0-9a-f]{2})*$/i;

export function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/** @throws RangeError when `hex` is not 0x followed by whole bytes. */
export function fromHex(hex: string): Uint8Array {
  if (!HEX_PATTERN.test(hex))
    throw new RangeError(`"${shown(hex)}" is not hex: expected 0x and an even number of digits.`);
  return Uint8Array.from(Buffer.from(hex.slice(2), 'hex'));
}

/** @throws RangeError when `hex` is not 32 bytes. */
export function asHash(hex: string): Hash {
  if (!HASH_PATTERN.test(hex)) throw new RangeError(`"${shown(hex)}" is not a hash: expected 0x and 64 hex digits.`);
  return hex.toLowerCase() as Hash;
}

const shown = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);
