/** RotaryEmbedding: pairs of a head's elements are turned by an angle that depends on their position. */
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const INPUT = 0;
const COSINES = 1;
const SINES = 2;
const POSITIONS = 3;

/** The cosines or sines of each position, [batch, 1, sequence, half]. */
function angles(site: Site, input: number, batch: number, sequence: number, half: number): string {
  const table = site.input(input);
  const found = site.has(POSITIONS) ? site.add('Gather', [table, site.input(POSITIONS)], { axis: 0 }) : table;
  const width = site.shape(input).at(-1)!;
  const needed = width === half ? found : site.slice(found, 2, 0, half);
  return site.reshape(needed, [batch, 1, sequence, half]);
}

export const rotaryEmbedding: Expansion = {
  expand: (site) => {
    const { attributes } = site;
    const shape = site.shape(INPUT);
    const isFlat = shape.length === 3;
    const [batch, sequence] = [shape[0]!, isFlat ? shape[1]! : shape[2]!];
    const heads = isFlat ? attributes.int('num_heads', 1) : shape[1]!;
    const size = isFlat ? shape[2]! / heads : shape[3]!;
    const split = isFlat ? site.reshape(site.input(INPUT), [batch, sequence, heads, size]) : site.input(INPUT);
    const x = isFlat ? site.add('Transpose', [split], { perm: [0, 2, 1, 3] }) : split;

    const turned = attributes.int('rotary_embedding_dim', 0) || size;
    const half = turned / 2;
    const cosines = angles(site, COSINES, batch, sequence, half);
    const sines = angles(site, SINES, batch, sequence, half);
    const isInterleaved = attributes.int('interleaved', 0) !== 0;
    const pairs = [batch, heads, sequence, half, 2];
    const part = turned === size ? x : site.slice(x, 3, 0, turned);
    const interleaved = isInterleaved ? site.reshape(part, pairs) : part;
    const halves = [0, 1].map((i) =>
      isInterleaved
        ? site.reshape(site.slice(interleaved, 4, i, i + 1), pairs.slice(0, 4))
        : site.slice(part, 3, i * half, (i + 1) * half),
    );
    const [first, second] = halves as [string, string];
    const product = (a: string, b: string): string => site.add('Mul', [a, b]);
    const real = site.add('Sub', [product(first, cosines), product(second, sines)]);
    const imaginary = site.add('Add', [product(first, sines), product(second, cosines)]);
    const rest = turned === size ? [] : [site.slice(x, 3, turned, size)];
    let result: string;
    if (isInterleaved) {
      const columns = [real, imaginary].map((name) => site.reshape(name, [...pairs.slice(0, 4), 1]));
      const joined = site.reshape(site.add('Concat', columns, { axis: 4 }), [batch, heads, sequence, turned]);
      result = rest.length > 0 ? site.add('Concat', [joined, ...rest], { axis: 3 }) : joined;
    } else result = site.add('Concat', [real, imaginary, ...rest], { axis: 3 });
    if (!isFlat) return site.give(0, 'Identity', [result]);
    const back = site.add('Transpose', [result], { perm: [0, 2, 1, 3] });
    site.give(0, 'Reshape', [back, site.wholes(shape)]);
  },
};
