/** Moves that no contract may take, made from ones that it would. */
import type { Hash, Hex } from '../../src/commit/hash.js';
import type { Action } from '../../src/dispute/actions.js';

/** Copies of an action, each with the field of this name changed, however deep it is; none when there is no such field. */
export function forgeries<T>(action: Action, field: string, ...changes: readonly ((value: T) => unknown)[]): Action[] {
  return changes.flatMap((change) => {
    let found = false;
    const copy = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(copy);
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).map(([key, each]) => {
        if (key !== field) return [key, copy(each)];
        found = true;
        return [key, change(each as T)];
      });
      return Object.fromEntries(entries);
    };
    const forged = copy(action) as Action;
    return found ? [forged] : [];
  });
}

/** Another hash. */
export const flipped = (hash: Hash): Hash => `${hash.slice(0, -1)}${hash.endsWith('0') ? '1' : '0'}` as Hash;

export const firstFlipped = (hashes: readonly Hash[]): Hash[] =>
  hashes.map((hash, i) => (i === 0 ? flipped(hash) : hash));
export const lastFlipped = (hashes: readonly Hash[]): Hash[] =>
  hashes.map((hash, i) => (i === hashes.length - 1 ? flipped(hash) : hash));
export const reversed = (hashes: readonly Hash[]): Hash[] => [...hashes].reverse();

export const shortened = (bytes: Hex): Hex => bytes.slice(0, -2) as Hex;
export const lengthened = (bytes: Hex): Hex => `${bytes}00`;
/** The first byte that is changed. */
export const spoiled = (bytes: Hex): Hex => `0x${bytes.slice(2, 4) === 'ff' ? '00' : 'ff'}${bytes.slice(4)}`;
