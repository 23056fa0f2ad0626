/** Fixes the shape of every input: from the file, from `--shape`, or, for a lone batch dimension, as 1. */
import { UserError } from '../errors.js';
import type { Dimension, GraphInput } from './onnx/graph.js';

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** More than a picture of 8000x4000 pixels; an input is held several times over, in float32 and float64. */
const MAX_INPUT_ELEMENTS = 2 ** 25;

const describeDim = (dim: Dimension): string => (dim === null ? '?' : String(dim));

const describeDims = (input: GraphInput): string =>
  input.dims === null ? `${input.name} (no shape declared)` : `${input.name}=${input.dims.map(describeDim).join('x')}`;

/** A plausible value for each unknown dimension, for the example in an error. */
function exampleFor(input: GraphInput): string {
  const dims = input.dims ?? [1];
  const last = dims.length - 1;
  const guess = (dim: Dimension, i: number): number => {
    if (typeof dim === 'number') return dim;
    if (i === 0) return 1;
    return dims.length === 4 ? 224 : i === last ? 128 : 64;
  };
  return `--shape ${input.name}=${dims.map(guess).join('x')}`;
}

function checkGiven(input: GraphInput, shape: readonly number[]): void {
  const fail = (reason: string): never => {
    throw new UserError(
      'OG_WRONG_SHAPE',
      `The shape ${shape.join('x')} does not fit the input ${describeDims(input)}: ${reason}.`,
      `Example: ${exampleFor(input)}`,
    );
  };
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 1)) fail('every dimension is a whole number from 1');
  if (input.dims === null) return;
  if (shape.length !== input.dims.length) fail(`it has ${shape.length} dimensions and not ${input.dims.length}`);
  input.dims.forEach((dim, i) => {
    if (typeof dim === 'number' && dim !== shape[i]) fail(`dimension ${i} is ${dim} in the file`);
  });
}

/**
 * The shape of every input.
 *
 * A symbol that a given shape fixes is fixed for every other input too.
 *
 * @param given shapes by input name; may leave out inputs whose shape the file fixes.
 * @throws UserError when a dimension stays unknown, listing every input, or a given shape contradicts the file.
 */
export function fixShapes(inputs: readonly GraphInput[], given: Shapes, warn: (warning: string) => void): Shapes {
  for (const name of Object.keys(given))
    if (!inputs.some((input) => input.name === name))
      throw new UserError(
        'OG_UNKNOWN_INPUT',
        `The model has no input named "${name}".`,
        `Its inputs are: ${inputs.map(describeDims).join(', ')}`,
      );
  const symbols = new Map<string, number>();
  for (const input of inputs) {
    const shape = given[input.name];
    if (!shape) continue;
    checkGiven(input, shape);
    input.dims?.forEach((dim, i) => {
      if (typeof dim === 'string') symbols.set(dim, shape[i]!);
    });
  }
  const known = (dim: Dimension): number | null =>
    typeof dim === 'string' ? (symbols.get(dim) ?? null) : dim === null ? null : dim;
  const shapes: Record<string, readonly number[]> = {};
  for (const input of inputs) {
    const shape = given[input.name] ?? input.dims?.map(known) ?? [null];
    const batchOnly = input.dims !== null && shape.every((dim, i) => dim !== null || (i === 0 && shape.length > 1));
    if (!batchOnly)
      throw new UserError(
        'OG_UNKNOWN_SHAPE',
        `The shape of the input "${input.name}" is not fixed in the file. Inputs: ${inputs.map(describeDims).join(', ')}.`,
        `Fix it: ${inputs
          .filter(({ dims }) => dims === null || dims.some((dim) => known(dim) === null))
          .map(exampleFor)
          .join(' ')}`,
      );
    if (shape[0] === null)
      warn(`The batch size of the input "${input.name}" is not fixed in the file; compiling for 1.`);
    const fixed = shape.map((dim) => dim ?? 1);
    const elements = fixed.reduce((n, dim) => n * dim, 1);
    if (elements > MAX_INPUT_ELEMENTS)
      throw new UserError(
        'OG_TOO_LARGE',
        `The input "${input.name}" has the shape ${fixed.join('x')}: ${elements} elements, and og takes ${MAX_INPUT_ELEMENTS} at most.`,
        'Compile for a smaller shape, or cut the input into pieces.',
      );
    shapes[input.name] = fixed;
  }
  return shapes;
}
