import { UserError } from '../../errors.js';
import type { FileTensor } from './tensor.js';

type Nested = number | boolean | readonly Nested[];

/** Reads nested lists of numbers or booleans. @param where names the file in an error. */
export function readJsonArray(text: string, where: string): FileTensor {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError('OG_BAD_ARRAY', `${where} is not JSON: ${(error as Error).message}.`);
  }
  return nestedTensor(value, where);
}

export function nestedTensor(value: unknown, where: string): FileTensor {
  const dims: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) dims.push(level.length);
  const flat: number[] = [];
  collect(value as Nested, dims, 0, flat, where);
  return { type: null, dims, data: Float64Array.from(flat) };
}

function collect(value: Nested, dims: readonly number[], depth: number, flat: number[], where: string): void {
  if (depth === dims.length) {
    if (typeof value !== 'number' && typeof value !== 'boolean') throw notNumbers(value, where);
    flat.push(Number(value));
    return;
  }
  if (!Array.isArray(value)) throw notNumbers(value, where);
  if (value.length !== dims[depth]) {
    throw new UserError(
      'OG_BAD_ARRAY',
      `${where} is ragged: a list at depth ${depth} has ${value.length} entries, another one ${dims[depth]}.`,
    );
  }
  for (const item of value) collect(item, dims, depth + 1, flat, where);
}

function notNumbers(value: unknown, where: string): UserError {
  const shown = JSON.stringify(value)?.slice(0, 40) ?? String(value);
  return new UserError('OG_BAD_ARRAY', `${where} is not an array of numbers: it holds ${shown}.`);
}
