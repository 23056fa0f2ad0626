/** A small grey picture in a terminal: two rows of pixels in a line of half blocks, or shades of letters where there is no colour. */
import { out } from '../colour.js';

const SHADES = ' .:-=+*#%@';

/** @param pixels row by row, from 0 (paper) to 1 (ink). */
export function drawPicture(pixels: ArrayLike<number>, width: number): string[] {
  const height = Math.floor(pixels.length / width);
  const at = (x: number, y: number): number => (y < height ? Math.min(Math.max(pixels[y * width + x]!, 0), 1) : 0);
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = '';
    for (let x = 0; x < width; x++)
      line += out.level > 0 ? halfBlock(at(x, y), at(x, y + 1)) : shade((at(x, y) + at(x, y + 1)) / 2);
    lines.push(line);
  }
  return withoutEmptyEdges(lines, out.level > 0 ? halfBlock(0, 0) : ' ');
}

function halfBlock(top: number, bottom: number): string {
  const grey = (ink: number): [number, number, number] => {
    const level = Math.round(24 + 231 * ink);
    return [level, level, level];
  };
  return out.rgb(...grey(top)).bgRgb(...grey(bottom))('▀');
}

const shade = (ink: number): string => SHADES[Math.min(SHADES.length - 1, Math.floor(ink * SHADES.length))]!;

/** Lines of paper only, above and below, say nothing. */
function withoutEmptyEdges(lines: string[], empty: string): string[] {
  const blank = (line: string): boolean => line.replaceAll(empty, '') === '';
  const first = lines.findIndex((line) => !blank(line));
  if (first === -1) return lines;
  return lines.slice(first, lines.findLastIndex((line) => !blank(line)) + 1);
}
