import { UserError } from '../errors.js';

/** Reads `--shape` flags: `x=1x3x224x224` (also with commas). */
export function parseShapes(flags: readonly string[]): Record<string, number[]> {
  const shapes: Record<string, number[]> = {};
  for (const flag of flags) {
    const at = flag.lastIndexOf('=');
    const name = flag.slice(0, Math.max(at, 0));
    const dims = flag.slice(at + 1).split(/[x,]/i);
    if (!name || dims.some((dim) => !/^[1-9]\d*$/.test(dim.trim()))) {
      throw new UserError(
        'OG_BAD_SHAPE',
        `"${flag}" is not a shape.`,
        'Give the input and its dimensions, all positive: --shape x=1x3x224x224.',
      );
    }
    if (shapes[name]) throw new UserError('OG_BAD_SHAPE', `The shape of "${name}" is given twice.`);
    shapes[name] = dims.map(Number);
  }
  return shapes;
}
