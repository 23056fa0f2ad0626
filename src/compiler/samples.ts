/** Inputs to measure with: the user's, checked and divided, or generated ones. */
import { UserError } from '../errors.js';
import type { FloatTensor } from './float-runtime.js';
import type { GraphInput } from './onnx/graph.js';
import { emptyArray } from './onnx/tensor.js';
import { Random } from './random.js';
import type { Shapes } from './shapes.js';

/** One set of inputs by name. */
export type FloatSample = Readonly<Record<string, FloatTensor>>;

export interface Samples {
  /** Ranges are measured on these. */
  readonly calibration: readonly FloatSample[];
  /** Fidelity is measured on these. */
  readonly heldOut: readonly FloatSample[];
  readonly generated: boolean;
}

const GENERATED_CALIBRATION = 8;
const GENERATED_HELD_OUT = 4;
/** Of the user's samples, so many are kept from calibration: one in five. */
const HELD_OUT_EVERY = 5;
/** Generated integers are 0 to this, so that they are valid token ids and indices of most models. */
const LARGEST_GENERATED_INTEGER = 7;

/** Rounds a number to the bits of an IEEE half (subnormals become 0; enough for generated samples). */
function toHalf(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -14) return 0;
  const exponent = Math.floor(Math.log2(magnitude));
  const fraction = Math.min(Math.round((magnitude / 2 ** exponent - 1) * 1024), 1023);
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
}

function generateTensor(input: GraphInput, shape: readonly number[], random: Random, normal: boolean): FloatTensor {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const data = emptyArray(input.type, length);
  for (let i = 0; i < length; i++) {
    const real = normal ? random.normal() : random.unit();
    const whole = Math.floor(random.unit() * (input.type === 'bool' ? 2 : LARGEST_GENERATED_INTEGER + 1));
    if (input.type === 'float32' || input.type === 'float64') data[i] = real;
    else if (input.type === 'float16') data[i] = toHalf(real);
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(whole);
    else data[i] = whole;
  }
  return { type: input.type, dims: [...shape], data };
}

/** Samples alternate between standard normal numbers and uniform ones of [0, 1); integers are small. */
export function generateSamples(
  inputs: readonly GraphInput[],
  shapes: Shapes,
  count: number,
  seed: number,
): FloatSample[] {
  return Array.from({ length: count }, (_, i) => {
    const random = new Random(seed * 65_536 + i);
    return Object.fromEntries(
      inputs.map((input) => [input.name, generateTensor(input, shapes[input.name]!, random, i % 2 === 0)]),
    );
  });
}

function checkSample(sample: FloatSample, position: number, inputs: readonly GraphInput[], shapes: Shapes): void {
  const where = `Calibration sample ${position}`;
  for (const name of Object.keys(sample))
    if (!inputs.some((input) => input.name === name))
      throw new UserError(
        'OG_UNKNOWN_INPUT',
        `${where} has a tensor "${name}", and the model has no such input.`,
        `Its inputs are: ${inputs.map((input) => input.name).join(', ')}.`,
      );
  for (const { name, type } of inputs) {
    const tensor = sample[name];
    const shape = shapes[name]!;
    if (!tensor)
      throw new UserError('OG_MISSING_INPUT', `${where} has no tensor for the input "${name}".`, 'Give all inputs.');
    if (tensor.type !== type || tensor.dims.join() !== shape.join())
      throw new UserError(
        'OG_WRONG_SHAPE',
        `${where}: "${name}" is ${tensor.type} ${tensor.dims.join('x')}; the model is compiled for ${type} ${shape.join('x')}.`,
        'Convert the samples, or compile for their shape with --shape.',
      );
  }
}

/** Divides the user's samples, or generates some. @throws UserError when a sample does not fit the inputs. */
export function chooseSamples(
  inputs: readonly GraphInput[],
  shapes: Shapes,
  given: readonly FloatSample[],
  seed: number,
  warn: (warning: string) => void,
): Samples {
  given.forEach((sample, i) => {
    checkSample(sample, i, inputs, shapes);
  });
  if (given.length === 0)
    return {
      calibration: generateSamples(inputs, shapes, GENERATED_CALIBRATION, seed),
      heldOut: generateSamples(inputs, shapes, GENERATED_HELD_OUT, seed + 1),
      generated: true,
    };
  if (given.length === 1) {
    warn('There is one calibration sample, so fidelity is measured on the same one.');
    return { calibration: given, heldOut: given, generated: false };
  }
  const isHeldOut = (i: number): boolean => i % HELD_OUT_EVERY === Math.min(HELD_OUT_EVERY, given.length) - 1;
  return {
    calibration: given.filter((_, i) => !isHeldOut(i)),
    heldOut: given.filter((_, i) => isHeldOut(i)),
    generated: false,
  };
}
