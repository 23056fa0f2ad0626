/** Between a model's own tensors (real numbers, by name) and the packed integers of slot 0 and of the last slot. */
import { UserError } from '../errors.js';
import { numberAt, orderOf } from './float-order.js';
import type { Program, RealType, TensorLayout } from './program.js';
import { slotCount, slotShape } from './program.js';
import { clamp, widthRange } from './range.js';
import { elementCount } from './step.js';

/** A tensor as a person has it: shape and values in row-major order. 64-bit integers may come as bigint. */
export interface RealTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint | boolean>;
}

const FLOATING: ReadonlySet<RealType> = new Set(['float32', 'float64', 'float16']);

export const isFloating = (type: RealType): boolean => FLOATING.has(type);

/**
 * Rounds a real number to the integer that stands for it, half up. Floating tensors saturate at what the slot can hold.
 *
 * @throws UserError for NaN, and for an integer tensor whose value the slot cannot hold or that is not whole.
 */
function quantise(layout: TensorLayout, value: number, position: number, lo: number, hi: number): number {
  const where = `Input "${layout.name}", element ${position}`;
  if (Number.isNaN(value))
    throw new UserError('OG_BAD_INPUT', `${where}, is not a number (NaN).`, 'Give a finite value.');
  if (layout.ordered) return orderOf(value);
  const scaled = Math.floor(value / layout.scale + 0.5);
  if (isFloating(layout.type)) return clamp(scaled, lo, hi);
  if (!Number.isInteger(value) || scaled < lo || scaled > hi)
    throw new UserError('OG_BAD_INPUT', `${where}, is ${value}; it takes whole numbers from ${lo} to ${hi}.`);
  return scaled;
}

const describeShape = (shape: readonly number[]): string => (shape.length === 0 ? 'a scalar' : shape.join('x'));

function fitsShape(given: readonly number[], wanted: readonly number[]): boolean {
  return given.length === wanted.length && given.every((dim, i) => dim === wanted[i]);
}

/**
 * Packs named inputs into slot 0.
 *
 * A program without inputs has one element, 0, that nothing reads.
 *
 * @param tensors one per input of the program, of exactly its shape.
 * @throws UserError naming the input that is missing, unknown, of another shape, or out of range.
 */
export function packInputs(program: Program, tensors: Readonly<Record<string, RealTensor>>): Int32Array {
  const wanted = program.inputs
    .map((layout) => `${layout.name} (${layout.type} ${describeShape(layout.shape)})`)
    .join(', ');
  for (const name of Object.keys(tensors))
    if (!program.inputs.some((layout) => layout.name === name))
      throw new UserError(
        'OG_UNKNOWN_INPUT',
        `The model has no input named "${name}".`,
        wanted === '' ? 'It has no inputs.' : `Its inputs are: ${wanted}.`,
      );
  const packed = new Int32Array(program.input.elements);
  const { lo, hi } = widthRange(program.input.width);
  for (const layout of program.inputs) {
    const tensor = tensors[layout.name];
    if (!tensor)
      throw new UserError(
        'OG_MISSING_INPUT',
        `Input "${layout.name}" is missing.`,
        `The model's inputs are: ${wanted}.`,
      );
    if (!fitsShape(tensor.shape, layout.shape) || tensor.data.length !== elementCount(layout.shape))
      throw new UserError(
        'OG_WRONG_SHAPE',
        `Input "${layout.name}" is ${describeShape(tensor.shape)} with ${tensor.data.length} values; the model takes ${describeShape(layout.shape)}.`,
        'Reshape the array, or compile the model for this shape with --shape.',
      );
    for (let i = 0; i < tensor.data.length; i++)
      packed[layout.offset + i] = quantise(layout, Number(tensor.data[i]), i, lo, hi);
  }
  return packed;
}

/** A named output in real numbers (integers and booleans are whole numbers). */
export interface RealOutput {
  readonly shape: readonly number[];
  readonly type: RealType;
  readonly data: Float64Array;
}

function unpack(layouts: readonly TensorLayout[], packed: Int32Array): Record<string, RealOutput> {
  const tensors: Record<string, RealOutput> = {};
  for (const { name, shape, type, scale, offset, ordered } of layouts) {
    const real = ordered ? numberAt : (x: number): number => x * scale;
    const data = Float64Array.from(packed.subarray(offset, offset + elementCount(shape)), real);
    tensors[name] = { shape, type, data };
  }
  return tensors;
}

/** Unpacks the last slot into the model's named outputs. */
export function unpackOutputs(program: Program, packed: Int32Array): Record<string, RealOutput> {
  const { elements } = slotShape(program, slotCount(program) - 1);
  if (packed.length !== elements)
    throw new RangeError(`The output slot has ${elements} elements and not ${packed.length}.`);
  return unpack(program.outputs, packed);
}

/** Unpacks slot 0: what the program really computes with, after rounding. */
export function unpackInputs(program: Program, packed: Int32Array): Record<string, RealOutput> {
  return unpack(program.inputs, packed);
}
