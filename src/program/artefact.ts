/**
 * The artefact: one safetensors file with the program as metadata and its constants as tensors. It holds no code to execute, and
 * what it says is checked whenever it is read.
 */
import { z } from 'zod';
import { UserError } from '../errors.js';
import { checkProgram } from './check.js';
import type { Program } from './program.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { COMBINES, POSTS, REDUCES } from './step.js';

export const ARTEFACT_FORMAT = 'og.artefact.v1';

const ints = z.array(z.int());
const view = z.strictObject({
  offset: z.int(),
  coefs: ints,
  axes: z.array(z.strictObject({ stride: z.int(), extent: z.int(), base: z.int(), coefs: ints })),
  fill: z.int(),
});
const source = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('slot'), index: z.int().min(0) }),
  z.strictObject({ kind: z.literal('constant'), index: z.int().min(0) }),
]);
const operand = z.strictObject({ source, weight: z.int(), view });
const width = z.union([z.literal(1), z.literal(2), z.literal(4)]);
const step = z.strictObject({
  name: z.string(),
  origin: z.strictObject({ node: z.string(), operator: z.string() }),
  outDims: ints,
  redDims: ints,
  combine: z.enum(COMBINES),
  reduce: z.enum(REDUCES),
  a: operand,
  b: operand,
  c: operand,
  mult: operand,
  add: operand,
  index: z.strictObject({ stride: z.int(), extent: z.int() }),
  shift: z.int(),
  post: z.enum(POSTS),
  lo: z.int(),
  hi: z.int(),
  lookup: z.strictObject({ constant: z.int().min(0), base: z.int(), length: z.int() }).nullable(),
  width,
});
const layout = z.strictObject({
  name: z.string(),
  shape: ints,
  type: z.enum([
    'float32',
    'float64',
    'float16',
    'int64',
    'int32',
    'int16',
    'int8',
    'uint8',
    'uint16',
    'uint32',
    'bool',
  ]),
  scale: z.number(),
  offset: z.int(),
  ordered: z.literal(true).exactOptional(),
});
const programSchema = z.strictObject({
  input: z.strictObject({ elements: z.int(), width }),
  inputs: z.array(layout),
  outputs: z.array(layout),
  steps: z.array(step),
});

const stepLossSchema = z.strictObject({
  /** Number of the step, from 1; 0 is the rounding of the program's input. */
  step: z.int().min(0),
  /** The ONNX node (or the model's input) that it came from. */
  node: z.string(),
  operator: z.string(),
  /** What it adds to the error of its result beyond what its inputs bring: root mean square, relative to the result's. */
  ownError: z.number(),
  /** What that alone does to the float model's outputs, measured in the same way. */
  outputError: z.number(),
  /** Part of its values that were beyond the range it can hold. */
  saturated: z.number(),
  /** The largest of its values by the middle one, zeros aside; null when there is nothing else. */
  spread: z.number().nullable(),
});

const lossesSchema = z.strictObject({
  /** Relative error of the program's outputs, all steps together. */
  outputError: z.number(),
  /** The steps that lose most, the worst first. */
  steps: z.array(stepLossSchema),
});

const fidelitySchema = z.strictObject({
  samples: z.int(),
  maxAbsError: z.number(),
  meanAbsError: z.number(),
  cosine: z.number(),
  top1Agreement: z.number().nullable(),
  /** Where the error comes from; measured when the report is poor or somebody asked. */
  losses: lossesSchema.exactOptional(),
});

export type StepLoss = z.infer<typeof stepLossSchema>;
export type Losses = z.infer<typeof lossesSchema>;

/** How close the program comes to the original model in float ONNX Runtime, on samples it was not calibrated on. */
export type Fidelity = z.infer<typeof fidelitySchema>;

/** Numbers that JSON has no form for are words. */
const frozenSchema = z.strictObject({
  type: layout.shape.type,
  dims: ints,
  values: z.array(z.union([z.number(), z.enum(['Infinity', '-Infinity', 'NaN'])])),
});

const aboutSchema = z.strictObject({
  /** The ONNX file it was compiled from: base name, SHA-256 (hex), operator set version by domain, producer. */
  source: z.strictObject({
    file: z.string(),
    sha256: z.string(),
    opset: z.record(z.string(), z.number()),
    producer: z.string(),
  }),
  options: z.strictObject({
    bits: z.number(),
    /** Where it is not the same. */
    activationBits: z.number().optional(),
    shapes: z.record(z.string(), ints),
  }),
  /** Smallest and largest real value seen of each float tensor: compiling with these gives the same program anywhere. */
  ranges: z.record(z.string(), z.tuple([z.number(), z.number()])),
  /** Inputs of the model that are constants of the program, and their values: compiling takes them with the ranges. */
  frozen: z.record(z.string(), frozenSchema).optional(),
  fidelity: fidelitySchema.nullable(),
  notes: z.array(z.string()),
});

export type Artefact = z.infer<typeof aboutSchema> & { readonly program: Program };

export function encodeArtefact({ program, ...about }: Artefact): Uint8Array {
  const { constants, ...rest } = program;
  return encodeSafetensors({
    metadata: { format: ARTEFACT_FORMAT, program: JSON.stringify(rest), about: JSON.stringify(about) },
    tensors: constants,
  });
}

function parse<T>(schema: z.ZodType<T>, text: string | undefined, file: string, part: string): T {
  const bad = (reason: string): never => {
    throw new UserError(
      'OG_BAD_ARTEFACT',
      `${file} is damaged: its ${part} ${reason}.`,
      'Compile the ONNX model again.',
    );
  };
  if (text === undefined) return bad('is missing');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return bad('is not JSON');
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return bad(`is wrong at ${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown'}`);
}

/**
 * Reads an artefact and proves its program legal.
 *
 * @param file what to call it in an error.
 * @throws UserError when it is not an artefact, is damaged, or its program is not legal.
 */
export function decodeArtefact(bytes: Uint8Array, file: string): Artefact {
  const { metadata, tensors } = decodeSafetensors(bytes, file);
  if (metadata.format !== ARTEFACT_FORMAT)
    throw new UserError(
      'OG_BAD_ARTEFACT',
      `${file} is a safetensors file of the format "${metadata.format ?? 'none'}" and not of "${ARTEFACT_FORMAT}".`,
      'Make an artefact with: og compile model.onnx',
    );
  const program: Program = { ...parse(programSchema, metadata.program, file, 'program'), constants: tensors };
  const about = parse(aboutSchema, metadata.about, file, 'description');
  checkProgram(program);
  return { ...about, program };
}
