import { basename } from 'node:path';
import type { Compiled, CompileRequest } from '../compiler/compile.js';
import { UserError } from '../errors.js';
import type { DeclaredInput } from './arrays/inputs.js';
import type { Sample } from './arrays/samples.js';
import { readModelFile } from './model-files.js';

export interface CompileFileOptions {
  readonly shapes?: Record<string, number[]>;
  /** Inputs to fix, by name. */
  readonly inputValues?: Record<string, number[]>;
  /** File or folder of samples. */
  readonly calibration?: string;
  readonly bits?: number;
  /** Artefact whose measured ranges are used instead of measuring. */
  readonly rangesFrom?: string;
  /** Find out which steps lose most even when the report is good. */
  readonly explainLoss?: boolean;
}

/** Compiles an ONNX file with samples from disk. `parameters` are the weights in that file. */
export async function compileFile(
  path: string,
  options: CompileFileOptions,
): Promise<Compiled & { parameters: number }> {
  const { bytes, isArtefact } = readModelFile(path);
  if (isArtefact) {
    throw new UserError(
      'OG_BAD_MODEL',
      `${basename(path)} is an artefact: it is compiled already.`,
      `og inspect ${path} shows what is in it.`,
    );
  }
  const [{ compile }, { inspect }, { loadFloatRuntime }, { programRunner }] = await Promise.all([
    import('../compiler/compile.js'),
    import('../compiler/inspect.js'),
    import('../executor/float.js'),
    import('../executor/program-runner.js'),
  ]);
  const { shapes = {}, inputValues = {} } = options;
  const calibration =
    options.calibration === undefined
      ? undefined
      : await samplesFor(bytes, path, shapes, Object.keys(inputValues), options.calibration);
  const measured = options.rangesFrom === undefined ? undefined : await measuredIn(options.rangesFrom);
  const { runProgram, traceProgram, close } = programRunner();
  const request = {
    bytes,
    file: basename(path),
    shapes,
    inputValues,
    runProgram,
    traceProgram,
    losses: options.explainLoss ? ('always' as const) : ('poor' as const),
    ...(calibration ? { calibration } : {}),
    ...(options.bits === undefined ? {} : { bits: options.bits }),
    ...measured,
  };
  try {
    const compiled = await compile(request, loadFloatRuntime());
    return { ...compiled, parameters: inspect(bytes, path).parameters };
  } finally {
    await close();
  }
}

/** Samples are cut to the shapes that the model will be compiled for. */
async function samplesFor(
  bytes: Uint8Array,
  path: string,
  shapes: Record<string, number[]>,
  fixedInputs: readonly string[],
  samples: string,
): Promise<Sample[]> {
  const [{ readModel }, { fixShapes }, { readSamples }] = await Promise.all([
    import('../compiler/onnx/read.js'),
    import('../compiler/shapes.js'),
    import('./arrays/samples.js'),
  ]);
  const { inputs } = readModel(bytes, basename(path)).graph;
  const fixed = fixShapes(inputs, shapes, () => {});
  const declared: DeclaredInput[] = inputs
    .filter(({ name }) => !fixedInputs.includes(name))
    .map(({ name, type }) => ({ name, type, shape: fixed[name]! }));
  return readSamples(samples, declared);
}

/** What an earlier compilation measured, froze and chose. */
async function measuredIn(path: string): Promise<Pick<CompileRequest, 'ranges' | 'frozen' | 'activationBits'>> {
  const { decodeArtefact } = await import('../program/artefact.js');
  const { bytes } = readModelFile(path);
  const { ranges, frozen, options } = decodeArtefact(bytes, basename(path));
  const { activationBits } = options;
  return { ranges, ...(frozen ? { frozen } : {}), ...(activationBits === undefined ? {} : { activationBits }) };
}
