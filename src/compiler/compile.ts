/**
 * ONNX file to artefact: read → freeze inputs → fix shapes → expand → fold constants → measure ranges → passes → lower → split →
 * check → price → fidelity.
 */
import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { UserError } from '../errors.js';
import type { Artefact, Fidelity, Losses } from '../program/artefact.js';
import { checkProgram } from '../program/check.js';
import { evaluate } from '../program/evaluate.js';
import { type Price, priceProgram } from '../program/price.js';
import type { Program, RealType } from '../program/program.js';
import { tooMuch } from '../program/size.js';
import { isPoor, kindOf } from './closeness-bar.js';
import { measureFidelity, type RunProgram, runByEvaluator } from './fidelity.js';
import type { FloatRuntime, FloatTensor } from './float-runtime.js';
import { type InputValues, inputValues } from './input-values.js';
import { whatToTry } from './loss/advice.js';
import { findLosses, type Subject, type TraceProgram } from './loss/find-losses.js';
import { type Lowered, lower } from './lower/lower.js';
import type { RealRange } from './measure.js';
import { readModel } from './onnx/read.js';
import { emptyArray } from './onnx/tensor.js';
import { optimise } from './optimise.js';
import { dropZipMaps } from './passes/drop-zip-map.js';
import { freezeInputs } from './passes/freeze-inputs.js';
import type { Plan } from './plan.js';
import { prepare } from './prepare.js';
import type { FloatSample } from './samples.js';
import type { Shapes } from './shapes.js';
import { splitExpensiveSteps } from './split.js';

export type { FloatSample } from './samples.js';

export interface CompileRequest {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** Its name; only the base name is kept. */
  readonly file: string;
  /** Shapes by input name, for those that the file does not fix. */
  readonly shapes?: Shapes;
  /** Inputs to measure ranges and fidelity with; generated ones when there are none. */
  readonly calibration?: readonly FloatSample[];
  /** Bits of activations and weights, 8 to 16; 16 unless told. Activations have more where the model needs it, unless told. */
  readonly bits?: number;
  /** Bits of activations, as an earlier compilation chose them. */
  readonly activationBits?: number;
  /** Inputs to fix: they are constants of the program. */
  readonly inputValues?: InputValues;
  /** Ranges of an earlier compilation: with the same file and options they give the same program on every machine. */
  readonly ranges?: Readonly<Record<string, RealRange>>;
  /** Inputs that an earlier compilation froze, as its artefact tells; they go with its ranges. */
  readonly frozen?: Artefact['frozen'];
  /** Seed of generated inputs. */
  readonly seed?: number;
  /** Runs the program for the fidelity report; the reference evaluator unless told. */
  readonly runProgram?: RunProgram;
  /** When to find out which steps lose most; never unless told. `poor`: when the report is below its bar. */
  readonly losses?: 'poor' | 'always';
  /** Runs the program for that and keeps every slot; the reference evaluator unless told. */
  readonly traceProgram?: TraceProgram;
}

/** A program, and how close it is. */
interface Candidate {
  readonly plan: Plan;
  readonly lowered: Lowered;
  readonly program: Program;
  readonly fidelity: Fidelity;
  readonly activations: number;
}

export interface Compiled {
  readonly artefact: Artefact;
  readonly price: Price;
  readonly fidelity: Fidelity;
  readonly warnings: readonly string[];
  /** What to try when the report is poor; none when it is good. */
  readonly advice: readonly string[];
}

const DEFAULT_BITS = 16;
/** Activations of a model that loses too much with 16: products with 16-bit weights and their sums stay exact. */
const FINE_BITS = 20;
/** What is closer than this to the float model is close enough for 16 bits. */
const CLOSE = 0.999995;
const FEWEST_BITS = 8;
const DEFAULT_SEED = 1;

function checkBits(bits: number): void {
  if (!Number.isInteger(bits) || bits < FEWEST_BITS || bits > DEFAULT_BITS)
    throw new UserError(
      'OG_BAD_OPTION',
      `The precision is ${bits} bits; it is a whole number from ${FEWEST_BITS} to ${DEFAULT_BITS}.`,
      'Leave it out for 16 bits.',
    );
}

function refuseTooLarge(program: Program, file: string): void {
  const excess = tooMuch(program);
  if (excess)
    throw new UserError(
      'OG_TOO_LARGE',
      `${file} is too large to be checked by others: ${excess}.`,
      'Compile for a smaller input or batch (--shape), or divide the model.',
    );
}

/** Null, with a warning, where the float model cannot be run in pieces: the program is none the worse for it. */
async function lossesOf(
  subject: Subject,
  samples: readonly FloatSample[],
  runtime: FloatRuntime,
  trace: TraceProgram = async (program, input) => evaluate(program, input),
  warn: (warning: string) => void,
): Promise<Losses | null> {
  try {
    return await findLosses(subject, samples, runtime, trace);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(`Which steps lose most could not be measured: ${error.message}`);
    return null;
  }
}

/**
 * Compiles a model.
 *
 * @throws UserError when the file, the options or the samples are wrong, or a node cannot be compiled.
 */
export async function compile(request: CompileRequest, runtime: FloatRuntime): Promise<Compiled> {
  const { bytes, bits = DEFAULT_BITS, seed = DEFAULT_SEED } = request;
  const warnings: string[] = [];
  const warn = (warning: string): void => {
    warnings.push(warning);
  };
  checkBits(bits);

  const file = readModel(bytes, request.file);
  const frozen = freezeInputs(
    dropZipMaps(file, warn),
    request.shapes ?? {},
    request.calibration ?? [],
    warn,
    new Map([
      ...tensorsOf(request.frozen),
      ...inputValues(file.graph.inputs, request.shapes ?? {}, request.inputValues ?? {}),
    ]),
  );
  const { model, shapes, samples, original, ranges } = await prepare(request, frozen, seed, warn, runtime);

  const run = request.runProgram ?? runByEvaluator;
  const floatModel = frozen.model !== file ? toBinary(ModelProtoSchema, frozen.model.proto) : bytes;
  const withActivations = async (activations: number): Promise<Candidate> => {
    const plan = optimise(original, activations > bits);
    const lowered = lower(plan, model.file, { weights: bits, activations });
    refuseTooLarge(lowered.program, model.file);
    const program = splitExpensiveSteps(lowered.program);
    checkProgram(program);
    const fidelity = await measureFidelity(program, floatModel, samples.heldOut, runtime, run);
    return { plan, lowered, program, fidelity, activations };
  };
  const isGiven = request.bits !== undefined || request.ranges !== undefined || request.activationBits !== undefined;
  let chosen = await withActivations(request.activationBits ?? bits);
  if (!isGiven && chosen.fidelity.cosine < CLOSE) {
    const finer = await withActivations(FINE_BITS);
    if (finer.fidelity.cosine > chosen.fidelity.cosine) chosen = finer;
  }
  const { program, activations } = chosen;
  const price = priceProgram(program);
  const poor = isPoor(chosen.fidelity, kindOf(file.graphProto));
  const losses =
    request.losses === 'always' || (request.losses === 'poor' && poor)
      ? await lossesOf({ ...chosen, model, shapes }, samples.heldOut, runtime, request.traceProgram, warn)
      : null;
  const fidelity = losses ? { ...chosen.fidelity, losses } : chosen.fidelity;
  const advice = poor
    ? whatToTry({
        losses,
        isGenerated: samples.generated,
        areRangesGiven: request.ranges !== undefined,
        areBitsGiven: request.bits !== undefined,
        samples: samples.calibration.length,
      })
    : [];

  const artefact: Artefact = {
    program,
    source: {
      file: model.file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      opset: { ...model.opset },
      producer: model.producer,
    },
    options: { bits, ...(activations === bits ? {} : { activationBits: activations }), shapes: mutableShapes(shapes) },
    ranges: mutableRanges(ranges),
    ...(frozen.values.size > 0 ? { frozen: describeFrozen(frozen.values) } : {}),
    fidelity,
    notes: [...warnings],
  };
  return { artefact, price, fidelity, warnings, advice };
}

const mutableShapes = (shapes: Shapes): Record<string, number[]> =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, [...shape]]));

const mutableRanges = (ranges: Readonly<Record<string, RealRange>>): Record<string, [number, number]> =>
  Object.fromEntries(Object.entries(ranges).map(([name, [lo, hi]]) => [name, [lo, hi]]));

const describeFrozen = (values: ReadonlyMap<string, FloatTensor>): NonNullable<Artefact['frozen']> =>
  Object.fromEntries(
    [...values].map(([name, tensor]) => [
      name,
      {
        type: tensor.type as RealType,
        dims: [...tensor.dims],
        values: Array.from(tensor.data as ArrayLike<number | bigint>, (x) =>
          Number.isFinite(Number(x)) ? Number(x) : (String(x) as 'NaN'),
        ),
      },
    ]),
  );

/** float16 is described by its bits, as it is stored. */
function tensorsOf(frozen: Artefact['frozen']): ReadonlyMap<string, FloatTensor> {
  return new Map(
    Object.entries(frozen ?? {}).map(([name, { type, dims, values }]) => {
      const data = emptyArray(type, values.length);
      values.forEach((value, i) => {
        data[i] = data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(value) : Number(value);
      });
      return [name, { type, dims, data }];
    }),
  );
}
