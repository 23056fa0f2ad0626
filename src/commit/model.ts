/** A program's commitments: its tree, its constants' tree, the header they make, and the model id (docs/protocol.md, 2.4). */
import { encodeStep } from '../program/encode.js';
import { type Program, slotCount, slotShape, type TensorLayout } from '../program/program.js';
import type { ElementWidth } from '../program/step.js';
import { encodeWords, hashWord, uintWord } from './abi.js';
import { canonicalJson } from './canonical-json.js';
import { Forest } from './forest.js';
import { type Hash, toHex } from './hash.js';
import { HASH_BYTES, keccak256, keccakHex } from './keccak.js';
import { MerkleTree, tensorTree, ZeroHashes } from './merkle.js';
import { elementBytes, leafCount, type Tensor, tensorFromBytes } from './tensor.js';

/** `Model` of IModelRegistry.sol, field by field and in its order. */
export interface ModelHeader {
  readonly programRoot: Hash;
  readonly constantsRoot: Hash;
  readonly layoutHash: Hash;
  readonly stepCount: number;
  readonly slotDepth: number;
  readonly tensorDepth: number;
  readonly constantSlotDepth: number;
  readonly constantTensorDepth: number;
  readonly inputElements: number;
  readonly inputWidth: ElementWidth;
  readonly outputElements: number;
  readonly outputWidth: ElementWidth;
}

export interface ModelCommitment {
  readonly program: Program;
  readonly model: ModelHeader;
  readonly modelId: Hash;
  /** By slot; empty for slot 0, which no step makes. */
  readonly encodedSteps: readonly Uint8Array[];
  readonly constants: Forest;
  /** `slotDepth` siblings of the step that makes a slot, up to the program root. */
  stepProof(slot: number): Hash[];
}

/** Leaves of the program tree that no step fills are 32 zero bytes. */
const NO_STEP = new ZeroHashes(new Uint8Array(HASH_BYTES));

export function commitModel(program: Program): ModelCommitment {
  const slots = slotCount(program);
  const slotDepth = depthFor(slots);
  const encodedSteps = [new Uint8Array(), ...program.steps.map((step) => encodeStep(program, step))];
  const steps = programTree(encodedSteps, slotDepth);
  const constants = constantsForest(program);
  const output = slotShape(program, slots - 1);
  const model: ModelHeader = {
    programRoot: toHex(steps.root),
    constantsRoot: constants.root,
    layoutHash: layoutHash(program),
    stepCount: program.steps.length,
    slotDepth,
    tensorDepth: tensorDepthOf(program.input, ...program.steps.map((_, k) => slotShape(program, k + 1))),
    constantSlotDepth: constants.slotDepth,
    constantTensorDepth: constants.tensorDepth,
    inputElements: program.input.elements,
    inputWidth: program.input.width,
    outputElements: output.elements,
    outputWidth: output.width,
  };
  const stepProof = (slot: number) => steps.proof(slot).map(toHex);
  return { program, model, modelId: modelIdOf(model), encodedSteps, constants, stepProof };
}

/** keccak256(abi.encode(Model)). */
export function modelIdOf(model: ModelHeader): Hash {
  return keccakHex(
    encodeWords(
      hashWord(model.programRoot),
      hashWord(model.constantsRoot),
      hashWord(model.layoutHash),
      uintWord(model.stepCount),
      uintWord(model.slotDepth),
      uintWord(model.tensorDepth),
      uintWord(model.constantSlotDepth),
      uintWord(model.constantTensorDepth),
      uintWord(model.inputElements),
      uintWord(model.inputWidth),
      uintWord(model.outputElements),
      uintWord(model.outputWidth),
    ),
  );
}

export function layoutHash(program: Program): Hash {
  return keccakHex(Buffer.from(layoutJson(program)));
}

/** Says which elements of the packed slots are which named input or output. */
export function layoutJson(program: Program): string {
  const fields = ({ name, offset, scale, shape, type, ordered }: TensorLayout) => ({
    name,
    offset,
    scale,
    shape,
    type,
    ...(ordered ? { ordered } : {}),
  });
  return canonicalJson({ inputs: program.inputs.map(fields), outputs: program.outputs.map(fields) });
}

/** Every slot of one execution, and the tree of each to the model's tensorDepth. */
export interface SlotTrees {
  readonly slots: readonly Int32Array[];
  readonly trees: readonly MerkleTree[];
}

/**
 * The trace's tree.
 *
 * @param slots every slot of one execution: 0 is the packed input, k the output of step k.
 * @param trees of the same slots, where they were made on the way.
 * @throws RangeError when a slot is missing, has another size, or holds a value that does not fit its width.
 */
export function traceForest(
  commitment: ModelCommitment,
  slots: readonly Int32Array[],
  trees?: SlotTrees['trees'],
): Forest {
  const { program, model } = commitment;
  if (slots.length !== slotCount(program))
    throw new RangeError(`A trace of this program has ${slotCount(program)} slots, not ${slots.length}.`);
  const tensors = slots.map((data, slot): Tensor => {
    const { elements, width } = slotShape(program, slot);
    if (data.length !== elements) throw new RangeError(`Slot ${slot} has ${elements} elements, not ${data.length}.`);
    return { data, width };
  });
  return new Forest(tensors, model.slotDepth, model.tensorDepth, trees);
}

/** Merkle root of one tensor under `depth` levels: an input root or an output root when `depth` is the model's tensorDepth. */
export function tensorRoot(data: Int32Array, width: ElementWidth, depth: number): Hash {
  return toHex(tensorTree(data, width, depth).root);
}

export function inputRootOf(model: ModelHeader, input: Int32Array): Hash {
  requireElements('input', input, model.inputElements);
  return tensorRoot(input, model.inputWidth, model.tensorDepth);
}

export function outputRootOf(model: ModelHeader, output: Int32Array): Hash {
  requireElements('output', output, model.outputElements);
  return tensorRoot(output, model.outputWidth, model.tensorDepth);
}

/** The input's bytes as `request` takes them: no padding. */
export function inputBytes(model: ModelHeader, input: Int32Array): Uint8Array {
  requireElements('input', input, model.inputElements);
  return elementBytes(input, model.inputWidth);
}

/** The output's bytes as `submit`, `challenge` and `finalize` take them: no padding. */
export function outputBytes(model: ModelHeader, output: Int32Array): Uint8Array {
  requireElements('output', output, model.outputElements);
  return elementBytes(output, model.outputWidth);
}

export function inputFromBytes(model: ModelHeader, bytes: Uint8Array): Int32Array {
  requireBytes('input', bytes, model.inputElements * model.inputWidth);
  return tensorFromBytes(bytes, model.inputWidth, model.inputElements);
}

export function outputFromBytes(model: ModelHeader, bytes: Uint8Array): Int32Array {
  requireBytes('output', bytes, model.outputElements * model.outputWidth);
  return tensorFromBytes(bytes, model.outputWidth, model.outputElements);
}

/** The least depth of a tree with room for `count` leaves. */
export function depthFor(count: number): number {
  let depth = 0;
  while (2 ** depth < count) depth++;
  return depth;
}

function tensorDepthOf(...shapes: readonly { elements: number; width: ElementWidth }[]): number {
  return depthFor(shapes.reduce((most, { elements, width }) => Math.max(most, leafCount(elements, width)), 0));
}

function programTree(encodedSteps: readonly Uint8Array[], depth: number): MerkleTree {
  const leaves = new Uint8Array(encodedSteps.length * HASH_BYTES);
  encodedSteps.forEach((step, slot) => {
    if (slot > 0) leaves.set(keccak256(step), slot * HASH_BYTES);
  });
  return new MerkleTree(leaves, depth, NO_STEP);
}

function constantsForest({ constants }: Program): Forest {
  const shapes = constants.map(({ data, width }) => ({ elements: data.length, width }));
  return new Forest(constants, depthFor(constants.length), tensorDepthOf(...shapes));
}

function requireElements(what: string, data: Int32Array, elements: number): void {
  if (data.length !== elements)
    throw new RangeError(`The model's ${what} has ${elements} elements, not ${data.length}.`);
}

function requireBytes(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`The model's ${what} has ${length} bytes, not ${bytes.length}.`);
}
