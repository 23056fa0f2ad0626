import Table from 'cli-table3';
import { out } from './colour.js';

type Cell = string | number | bigint;

/** Thin rules, no boxes: what is left can be read and cut with standard tools. */
const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** @param numeric columns whose cells are numbers and stand to the right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  numeric: readonly number[] = [],
): string {
  const drawn = new Table({
    head: heads.map((head) => out.bold(head)),
    chars: PLAIN,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    colAligns: heads.map((_, column) => (numeric.includes(column) ? 'right' : 'left')),
  });
  for (const row of rows) drawn.push(row.map(String));
  return trimLines(drawn.toString());
}

/** Names and values, one a line; a value that is undefined is left out. */
export function facts(pairs: readonly (readonly [name: string, value: Cell | undefined])[]): string {
  const shown = pairs.filter((pair): pair is readonly [string, Cell] => pair[1] !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${out.dim(name.padEnd(width))}  ${value}`).join('\n');
}

const trimLines = (text: string): string => text.replace(/[ \t]+$/gm, '');
