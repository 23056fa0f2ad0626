/** Artefacts that are whole files with a wrong program in them: any value of the JSON may be something else. */
import type { Random } from '../../fixtures/random.js';

const LENGTH_BYTES = 8;
const VALUES: readonly unknown[] = [
  0,
  1,
  -1,
  2,
  3,
  0.5,
  255,
  65_536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 40,
  2 ** 53,
  -(2 ** 53),
  1e308,
  null,
  true,
  '',
  'slot',
  'constant',
  'none',
  'product',
  'sum',
  'divide',
  'indexed',
  'I8',
  '__proto__',
  [],
  {},
  [0],
  [2 ** 31 - 1],
]; // prettier-ignore

type Container = Record<string | number, unknown>;

/** Every place in a JSON value that holds something. */
function places(value: unknown, found: [Container, string | number][] = []): [Container, string | number][] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Container, Array.isArray(value) ? Number(key) : key]);
    places((value as Container)[key], found);
  }
  return found;
}

function change(root: unknown, random: Random): void {
  const all = places(root);
  // Rare fields, as those of layouts, as often as those of the many operands.
  const names = [...new Set(all.map(([, key]) => (typeof key === 'number' ? '#' : key)))];
  const name = names[random.integer(0, names.length - 1)];
  const named = all.filter(([, key]) => (typeof key === 'number' ? '#' : key) === name);
  const place = named[random.integer(0, named.length - 1)];
  if (!place) return;
  const [container, key] = place;
  const kind = random.integer(0, 9);
  const other = all[random.integer(0, all.length - 1)]!;
  if (kind === 0 && Array.isArray(container)) container.splice(key as number, 1);
  else if (kind === 1 && Array.isArray(container)) container.push(structuredClone(container[0]));
  else if (kind === 2 && !Array.isArray(container)) delete container[key];
  else if (kind === 3) container[key] = structuredClone(other[0][other[1]]);
  else if (kind === 4 && typeof container[key] === 'number')
    container[key] = (container[key] as number) + random.integer(-2, 2);
  else if (kind === 5 && typeof container[key] === 'number')
    container[key] = (container[key] as number) * 2 ** random.integer(1, 20);
  else container[key] = VALUES[random.integer(0, VALUES.length - 1)];
}

export function mutateArtefact(bytes: Uint8Array, random: Random): Uint8Array {
  const start = LENGTH_BYTES + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, start)));
  const metadata = header.__metadata__ as { program: string; about: string };
  const [program, about] = [JSON.parse(metadata.program), JSON.parse(metadata.about)];
  for (let times = random.integer(1, 3); times > 0; times--) {
    const kind = random.integer(0, 9);
    change(kind === 0 ? about : kind === 1 ? header : program, random);
  }
  // A change may have hit the metadata itself.
  if (header.__metadata__ === metadata)
    header.__metadata__ = { ...metadata, program: JSON.stringify(program), about: JSON.stringify(about) };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(LENGTH_BYTES + text.length + bytes.length - start);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, LENGTH_BYTES);
  file.set(bytes.subarray(start), LENGTH_BYTES + text.length);
  return file;
}
