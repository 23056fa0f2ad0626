import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '../../errors.js';
import { elementCount } from '../../program/step.js';
import { readArrayFile } from './file.js';
import { type FileTensor, shapeText } from './tensor.js';

/** An input as a model declares it. */
export interface DeclaredInput {
  readonly name: string;
  readonly type: string;
  /** null where any size goes. */
  readonly shape: readonly (number | null)[];
}

export interface NamedTensor {
  readonly tensor: FileTensor;
  /** How to call it in an error: `input "x" (x.npy)`. */
  readonly where: string;
}

/**
 * Reads the `--input` flags of a command: `name=file`, or just `file` when there is no doubt which input is meant (one input, or
 * an `.npz` that names its arrays).
 *
 * @throws UserError naming the input that is missing, unknown, given twice, or of another shape.
 */
export function readInputs(flags: readonly string[], declared: readonly DeclaredInput[]): Map<string, NamedTensor> {
  const given = new Map<string, NamedTensor>();
  for (const flag of flags) {
    for (const [name, tensor, file] of arraysOf(flag, declared)) {
      const where = `input "${name}" (${file})`;
      if (!declared.some((input) => input.name === name)) throw unknownInput(name, declared);
      if (given.has(name)) throw new UserError('OG_INPUT_TWICE', `Input "${name}" is given twice.`);
      given.set(name, { tensor, where });
    }
  }
  for (const input of declared) {
    const found = given.get(input.name);
    if (!found) throw missingInput(input, declared);
    given.set(input.name, { ...found, tensor: fitted(found, input) });
  }
  return given;
}

function arraysOf(
  flag: string,
  declared: readonly DeclaredInput[],
): [name: string, tensor: FileTensor, file: string][] {
  const { name, path } = split(flag, declared);
  const file = readArrayFile(path);
  const shown = basename(path);
  const tensors: [string | null, FileTensor][] =
    file.kind === 'one' ? [[file.storedName, file.tensor]] : [...file.tensors];
  if (name !== null) {
    const wanted = tensors.length === 1 ? tensors[0] : tensors.find(([stored]) => stored === name);
    if (!wanted)
      throw new UserError('OG_MISSING_INPUT', `${shown} holds no array named "${name}", but ${stored(tensors)}.`);
    return [[name, wanted[1], shown]];
  }
  // A lone array for a lone input needs no name, whatever the file calls it.
  if (tensors.length === 1 && declared.length === 1) return [[declared[0]!.name, tensors[0]![1], shown]];
  return tensors.map(([stored, tensor]) => {
    if (stored) return [stored, tensor, shown];
    throw new UserError(
      'OG_WHICH_INPUT',
      `The model has ${declared.length} inputs, and ${shown} does not say which one it is.`,
      `Name it: ${declared.map((input) => `--input ${input.name}=<file>`).join(' ')}.`,
    );
  });
}

/** Names may hold "=" and so may paths: a known input name before a "=" is a name; otherwise an existing file is a path. */
function split(flag: string, declared: readonly DeclaredInput[]): { name: string | null; path: string } {
  const known = declared.find((input) => flag.startsWith(`${input.name}=`));
  if (known) return { name: known.name, path: flag.slice(known.name.length + 1) };
  const at = flag.indexOf('=');
  if (at > 0 && !existsSync(flag)) return { name: flag.slice(0, at), path: flag.slice(at + 1) };
  return { name: null, path: flag };
}

/** The array in the declared shape; a flat list is taken in row-major order when its length is right (JSON only). */
function fitted({ tensor, where }: NamedTensor, input: DeclaredInput): FileTensor {
  const fits =
    tensor.dims.length === input.shape.length && input.shape.every((dim, i) => dim === null || dim === tensor.dims[i]);
  if (fits) return tensor;
  const fixed = input.shape.every((dim) => dim !== null) ? (input.shape as readonly number[]) : null;
  if (fixed && tensor.type === null && tensor.dims.length === 1 && tensor.dims[0] === elementCount(fixed)) {
    return { ...tensor, dims: fixed };
  }
  throw new UserError(
    'OG_WRONG_SHAPE',
    `${where.charAt(0).toUpperCase()}${where.slice(1)} is ${shapeText(tensor.dims)}; the model takes ${declaredText(input.shape)}.`,
    'Reshape the array, or compile the model for this shape with --shape.',
  );
}

const declaredText = (shape: DeclaredInput['shape']): string =>
  shape.length === 0 ? 'a scalar' : shape.map((dim) => dim ?? '?').join('x');

const describe = ({ name, type, shape }: DeclaredInput): string => `${name} (${type} ${declaredText(shape)})`;

const stored = (tensors: readonly (readonly [string | null, FileTensor])[]): string =>
  tensors.map(([name]) => `"${name}"`).join(', ');

function unknownInput(name: string, declared: readonly DeclaredInput[]): UserError {
  return new UserError(
    'OG_UNKNOWN_INPUT',
    `The model has no input named "${name}".`,
    declared.length === 0 ? 'It has no inputs.' : `Its inputs are: ${declared.map(describe).join(', ')}.`,
  );
}

function missingInput(input: DeclaredInput, declared: readonly DeclaredInput[]): UserError {
  const flag = declared.length === 1 ? '--input <file>' : `--input ${input.name}=<file>`;
  return new UserError('OG_MISSING_INPUT', `Input ${describe(input)} is missing.`, `Give it with ${flag}.`);
}
