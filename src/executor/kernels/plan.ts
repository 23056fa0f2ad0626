/** Where everything lies in the kernels' memory, and which steps are for ONNX Runtime. */
import type { Program } from '../../program/program.js';
import { slotShape } from '../../program/program.js';
import type { Range } from '../../program/range.js';
import { elementCount, OPERAND_NAMES, type Step } from '../../program/step.js';
import { rolesOf } from '../emit/contract.js';
import type { Nest } from '../emit/nest.js';
import { slotsRead } from '../emit/program.js';
import { readingOf } from '../emit/reading.js';
import { type Dots, dotsOf } from './dots.js';
import { PACKED_BYTES, type Packing, packingOf } from './pack.js';
import { countsInInt32, withoutSingleLoops } from './simplify.js';

const ELEMENT_BYTES = 4;
const ALIGNMENT = 64;
/** Addresses are 32 bits; memory is taken at once, so a program that needs more than this is run in segments instead. */
const MOST_BYTES = 2 ** 31 - 2 ** 16;

/** A product of matrices with at most this many terms a sum is faster written out than handed to ONNX Runtime and back. */
const MOST_SHARED_TAPS = { int16: 32, float64: 16 };

export interface Plan {
  /** By step: whether ONNX Runtime computes its sums of products. */
  readonly products: readonly boolean[];
  /** Addresses by slot; a slot's place is taken by later ones once no step reads it any more. */
  readonly slots: readonly number[];
  /** Addresses of the constants that kernels read. */
  readonly constants: ReadonlyMap<number, number>;
  /** By step: its dot products in 16-bit instructions and the address of their weights, where it is computed so. */
  readonly dots: readonly ({ readonly dots: Dots; readonly at: number } | null)[];
  /** By step: how its product is computed in blocks, where it is. */
  readonly packings: readonly (Packing | null)[];
  /** Address of the block of a packed matrix. */
  readonly packed: number;
  /** Address of the accumulators that ONNX Runtime hands over as float64. */
  readonly accumulators: number;
  /** Most elements of an accumulator tensor. */
  readonly mostAccumulators: number;
  readonly bytes: number;
}

/** The step's loop nest, for questions about its loops: nothing can be emitted from it. */
function nestOf(program: Program, step: Step): Nest {
  const slots = { program, ranges: [], value: () => null as never };
  const reading = (operand: Step['a']) => {
    if (operand.source.kind !== 'slot') return readingOf(slots, operand);
    const { elements } = slotShape(program, operand.source.index);
    const value = { name: '', type: 'double' as const, dims: [elements] };
    return { weight: operand.weight, view: operand.view, magnitude: 0, value, constant: null };
  };
  const { outDims, redDims, combine, reduce, index } = step;
  return { outDims, redDims, combine, reduce, index, a: reading(step.a), b: reading(step.b), c: reading(step.c) };
}

/**
 * Whether a step is a product of matrices with at least `least` multiplications: ONNX Runtime's kernels use vectors that WebAssembly does
 * not have. A product of a matrix and a vector counts; one value of the weights for one of the source (depthwise convolution) does not.
 */
export function isMatrixProduct(program: Program, step: Step, least: number): boolean {
  if (step.combine !== 'product' || step.reduce !== 'sum' || step.redDims.length === 0) return false;
  if (step.post !== 'none') return false;
  const loops = [...step.outDims, ...step.redDims];
  const { batch, ofA, ofB, inner } = rolesOf(nestOf(program, step));
  const size = (some: readonly number[]): number => elementCount(some.map((loop) => loops[loop] as number));
  if (size(inner) === 1 || (size(ofA) === 1 && size(ofB) === 1)) return false;
  if (size(batch) > 1 && (size(ofA) === 1 || size(ofB) === 1)) return false;
  return elementCount(loops) >= least;
}

/** First-fit allocation; freed regions are merged with their neighbours. */
class Allocator {
  end: number;
  private free: { at: number; bytes: number }[] = [];

  constructor(start: number) {
    this.end = start;
  }

  take(wanted: number): number {
    const bytes = Math.ceil(wanted / ALIGNMENT) * ALIGNMENT;
    const region = this.free.find((each) => each.bytes >= bytes);
    if (!region) {
      const at = this.end;
      this.end += bytes;
      return at;
    }
    const { at } = region;
    region.at += bytes;
    region.bytes -= bytes;
    this.free = this.free.filter((each) => each.bytes > 0);
    return at;
  }

  give(at: number, wanted: number): void {
    const bytes = Math.ceil(wanted / ALIGNMENT) * ALIGNMENT;
    const sorted = [...this.free, { at, bytes }].sort((x, y) => x.at - y.at);
    this.free = [];
    for (const region of sorted) {
      const last = this.free.at(-1);
      if (last && last.at + last.bytes === region.at) last.bytes += region.bytes;
      else this.free.push({ ...region });
    }
  }
}

/** Last step (by position) that reads each slot; the last slot is read by the caller. */
function lastReads(program: Program): number[] {
  const last = new Array<number>(program.steps.length + 1).fill(-1);
  program.steps.forEach((step, at) => {
    for (const slot of slotsRead(step)) last[slot] = at;
  });
  last[program.steps.length] = program.steps.length;
  return last;
}

/** @returns null where the program needs more memory than there is, or counts beyond int32. */
export function planOf(program: Program, ranges: readonly Range[], leastProduct: number): Plan | null {
  if (!program.steps.every(countsInInt32)) return null;
  const allocator = new Allocator(ALIGNMENT);
  const dots = program.steps.map((step) => {
    const found = dotsOf(program, ranges, withoutSingleLoops(step));
    if (!found) return null;
    const most = MOST_SHARED_TAPS[found.limbs === null ? 'float64' : 'int16'];
    if (found.by === 0 && found.taps.length > most && isMatrixProduct(program, step, leastProduct)) return null;
    return { dots: found, at: allocator.take(found.weights.byteLength) };
  });
  const products = program.steps.map((step, at) => !dots[at] && isMatrixProduct(program, step, leastProduct));
  const packings = program.steps.map((step, at) => {
    const plain = withoutSingleLoops(step);
    return products[at] ? packingOf(plain, nestOf(program, plain), ranges) : null;
  });
  const constants = new Map<number, number>();
  let mostAccumulators = 0;
  program.steps.forEach((step, at) => {
    const { outDims } = packings[at]?.product ?? step;
    if (products[at]) mostAccumulators = Math.max(mostAccumulators, elementCount(outDims));
    const operands = products[at] ? [] : OPERAND_NAMES.map((name) => step[name].source);
    const read = operands.flatMap((source) => (source.kind === 'constant' ? [source.index] : []));
    for (const constant of step.lookup ? [...read, step.lookup.constant] : read)
      if (!constants.has(constant))
        constants.set(constant, allocator.take(program.constants[constant]!.data.length * ELEMENT_BYTES));
  });
  const accumulators = allocator.take(mostAccumulators * 8);
  const packed = allocator.take(Math.max(0, ...packings.map((each) => each?.elements ?? 0)) * PACKED_BYTES);
  const size = (slot: number): number => slotShape(program, slot).elements * ELEMENT_BYTES;
  const last = lastReads(program);
  const slots = [allocator.take(size(0))];
  program.steps.forEach((step, at) => {
    slots.push(allocator.take(size(at + 1)));
    for (const slot of new Set([...slotsRead(step), at + 1]))
      if ((last[slot] as number) <= at) allocator.give(slots[slot] as number, size(slot));
  });
  if (allocator.end > MOST_BYTES) return null;
  return { products, dots, packings, slots, constants, packed, accumulators, mostAccumulators, bytes: allocator.end };
}
