/** What a command may return: JSON, and bigints for amounts of wei, which are printed as decimal strings. */
export type Json =
  | string
  | number
  | boolean
  | null
  | undefined
  | bigint
  | readonly Json[]
  | { readonly [name: string]: Json };

type PlainJson = string | number | boolean | null | PlainJson[] | { [name: string]: PlainJson };

/** Bigints become decimal strings, numbers that JSON has not (NaN, infinities) become their names, `undefined` goes. */
export function plainJson(value: Json): PlainJson {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (isList(value)) return Array.from(value, plainJson);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, plainJson(item)]));
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}
