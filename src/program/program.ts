import { type ElementWidth, elementCount, type Step } from './step.js';

/** Element types of a model's own inputs and outputs, by ONNX name. */
export type RealType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'bool';

/**
 * One of the model's named tensors inside a packed slot: element i of the tensor is element `offset + i` of the slot,
 * and stands for the real number `integer · scale`.
 */
export interface TensorLayout {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: RealType;
  readonly scale: number;
  readonly offset: number;
  /** The integers are places in the order of all float32 numbers (float-order.ts), and the scale is 1 and means nothing. */
  readonly ordered?: true;
}

/** A constant tensor. Its values fit `width` bytes. */
export interface Constant {
  readonly name: string;
  readonly width: ElementWidth;
  readonly data: Int32Array;
}

/** The packed program input, slot 0. Its elements may be any integer that fits the width; bounds are proven for all of them. */
export interface InputSlot {
  readonly elements: number;
  readonly width: ElementWidth;
}

/**
 * A program over exact integers. Slot 0 is the input; slot k is the output of `steps[k - 1]`; the last slot is the
 * program output.
 */
export interface Program {
  readonly input: InputSlot;
  readonly inputs: readonly TensorLayout[];
  readonly outputs: readonly TensorLayout[];
  readonly steps: readonly Step[];
  readonly constants: readonly Constant[];
}

/** Stored size of a slot: 0 is the input, k the output of step k - 1. */
export function slotShape(program: Program, slot: number): { elements: number; width: ElementWidth } {
  if (slot === 0) return program.input;
  const step = program.steps[slot - 1];
  if (!step) throw new RangeError(`Slot ${slot} does not exist: the program has ${program.steps.length + 1} slots.`);
  return { elements: elementCount(step.outDims), width: step.width };
}

/** Number of slots: the input and one per step. */
export function slotCount(program: Program): number {
  return program.steps.length + 1;
}
