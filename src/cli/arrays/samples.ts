import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { FloatTensor } from '../../compiler/float-runtime.js';
import { UserError } from '../../errors.js';
import { elementCount } from '../../program/step.js';
import { isArrayFile, readArrayFile, unreadable } from './file.js';
import type { DeclaredInput } from './inputs.js';
import { asType, type ElementType, type FileTensor, shapeText } from './tensor.js';

/** One run's inputs, by name. */
export type Sample = Record<string, FloatTensor>;

/**
 * Reads calibration samples.
 *
 * A file holds many: each array has a leading dimension more than its input, or a first dimension that is a multiple of it. In a
 * folder every array file is one sample of a model with one input, or holds many as above; every sub-folder is one sample, with one file
 * an input, named after it (or `input_<position>.pb` as in ONNX test data).
 */
export function readSamples(path: string, declared: readonly DeclaredInput[]): Sample[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
  const samples = isFolder ? folderSamples(path, declared) : fileSamples(path, declared);
  if (samples.length === 0) throw new UserError('OG_NO_SAMPLES', `${path} holds no calibration samples.`);
  return samples;
}

function folderSamples(folder: string, declared: readonly DeclaredInput[]): Sample[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (entries.some((entry) => entry.isFile() && inputOf(entry.name, declared)) && declared.length > 1) {
    return [oneSample(folder, declared)];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return [oneSample(path, declared)];
    return entry.isFile() && isArrayFile(entry.name) ? fileSamples(path, declared) : [];
  });
}

/** A folder with one file an input. */
function oneSample(folder: string, declared: readonly DeclaredInput[]): Sample {
  const files = readdirSync(folder).filter(isArrayFile);
  const sample: Sample = {};
  for (const input of declared) {
    const file = files.find((name) => inputOf(name, declared) === input);
    if (!file) throw new UserError('OG_MISSING_INPUT', `The sample ${folder} has no file for input "${input.name}".`);
    const [only, ...more] = fileSamples(join(folder, file), [input]);
    if (!only || more.length > 0)
      throw new UserError('OG_BAD_ARRAY', `${join(folder, file)} holds more than one sample.`);
    sample[input.name] = only[input.name]!;
  }
  return sample;
}

function inputOf(file: string, declared: readonly DeclaredInput[]): DeclaredInput | undefined {
  const stem = basename(file, extname(file));
  const position = /^input_(\d+)$/.exec(stem)?.[1];
  return (
    declared.find((input) => input.name === stem) ?? (position === undefined ? undefined : declared[Number(position)])
  );
}

function fileSamples(path: string, declared: readonly DeclaredInput[]): Sample[] {
  const file = readArrayFile(path);
  const shown = basename(path);
  const arrays = file.kind === 'named' ? file.tensors : new Map([[file.storedName ?? '', file.tensor]]);
  const lone = arrays.size === 1 && declared.length === 1 ? [...arrays.values()][0] : undefined;
  let count: number | null = null;
  const perInput = declared.map((input) => {
    const tensor = lone ?? arrays.get(input.name);
    if (!tensor) {
      const names = [...arrays.keys()].map((name) => `"${name}"`).join(', ');
      throw new UserError('OG_MISSING_INPUT', `${shown} holds no array for input "${input.name}", but ${names}.`);
    }
    const parts = cut(tensor, input, shown);
    if (count !== null && parts.length !== count) {
      throw new UserError(
        'OG_BAD_ARRAY',
        `${shown} holds ${count} samples of one input and ${parts.length} of "${input.name}".`,
      );
    }
    count = parts.length;
    return { input, parts };
  });
  return Array.from({ length: count ?? 0 }, (_, i) =>
    Object.fromEntries(perInput.map(({ input, parts }) => [input.name, parts[i]!])),
  );
}

/** Cuts an array into samples of the input's shape. */
function cut(tensor: FileTensor, input: DeclaredInput, file: string): FloatTensor[] {
  const dims = sampleDims(tensor.dims, input.shape);
  if (!dims) {
    const wanted = input.shape.map((dim) => dim ?? '?').join('x');
    throw new UserError(
      'OG_WRONG_SHAPE',
      `The array for input "${input.name}" in ${file} is ${shapeText(tensor.dims)}; samples of it are ${wanted}.`,
      `Give an array of Nx${wanted} for N samples.`,
    );
  }
  const { type, data } = asType(tensor, input.type as ElementType, `the array for input "${input.name}" in ${file}`);
  const size = elementCount(dims);
  const count = size === 0 ? 0 : data.length / size;
  return Array.from({ length: count }, (_, i) => ({
    type,
    dims: [...dims],
    data: data.slice(i * size, (i + 1) * size),
  }));
}

/** Shape of one sample within an array of these dimensions, or null when they do not go together. */
function sampleDims(dims: readonly number[], shape: DeclaredInput['shape']): number[] | null {
  const matches = (given: readonly number[], from: number) =>
    given.every((dim, i) => i < from || shape[i] === null || shape[i] === dim);
  if (dims.length === shape.length + 1 && matches(dims.slice(1), 0)) return dims.slice(1);
  if (dims.length !== shape.length || !matches(dims, 1)) return null;
  if (shape.length === 0) return [];
  const batch = shape[0] ?? dims[0]!;
  return batch > 0 && dims[0]! % batch === 0 ? [batch, ...dims.slice(1)] : null;
}
