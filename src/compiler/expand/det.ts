/** Det of small matrices: by the minors of the first rows, each set of columns once. */
import type { Expansion } from './expansion.js';

const LARGEST = 6;

export const determinant: Expansion = {
  expand: (site) => {
    const size = site.shape(0).at(-1)!;
    const index = (i: number): string => site.wholes([i], []);
    const rows = Array.from({ length: size }, (_, row) =>
      site.add('Gather', [site.input(0), index(row)], { axis: -2 }),
    );
    const elements = rows.map((row) =>
      Array.from({ length: size }, (_, column) => site.add('Gather', [row, index(column)], { axis: -1 })),
    );
    const known = new Map<string, string>();
    /** The determinant of the last rows, as many as there are columns, and these columns. */
    const minor = (columns: readonly number[]): string => {
      const row = elements[size - columns.length]!;
      if (columns.length === 1) return row[columns[0]!]!;
      const found = known.get(columns.join());
      if (found) return found;
      const result = columns.reduce<string | null>((sum, column, i) => {
        const product = site.add('Mul', [row[column]!, minor(columns.filter((other) => other !== column))]);
        return sum ? site.add(i % 2 === 0 ? 'Add' : 'Sub', [sum, product]) : product;
      }, null)!;
      known.set(columns.join(), result);
      return result;
    };
    site.give(0, 'Identity', [minor(Array.from({ length: size }, (_, i) => i))]);
  },
  refuses: (site) => {
    const size = site.shape(0).at(-1)!;
    return size > LARGEST ? `its matrices are ${size}x${size}, larger than ${LARGEST}x${LARGEST}` : null;
  },
};
