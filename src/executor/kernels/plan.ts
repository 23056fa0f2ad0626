/** How each step is computed, and where everything lies in the kernels' memory. */
import { HASH_BYTES } from '../../commit/keccak.js';
import { roundConstants } from '../../commit/keccak-kernel.js';
import { LEAF_BYTES, leafCount } from '../../commit/tensor.js';
import type { Program } from '../../program/program.js';
import { slotShape } from '../../program/program.js';
import type { Range } from '../../program/range.js';
import { elementCount, OPERAND_NAMES, type Step } from '../../program/step.js';
import { rolesOf } from '../emit/contract.js';
import type { Nest } from '../emit/nest.js';
import { slotsRead } from '../emit/program.js';
import { readingOf } from '../emit/reading.js';
import { pairBytes } from './gather-kernel.js';
import { type MatrixProduct, matrixProductOf } from './matrix.js';
import { countsInInt32, withoutSingleLoops } from './simplify.js';
import { type Turn, turnOf } from './turn-kernel.js';
import { type WindowProduct, windowProductOf } from './window.js';

const ELEMENT_BYTES = 4;
/** Leaves that a thread packs and hashes at a time. */
export const LEAVES_EACH = 128;
const ALIGNMENT = 64;
/** Addresses are 32 bits; memory is taken at once, so a program that needs more than this is run in segments instead. */
const MOST_BYTES = 2 ** 31 - 2 ** 16;

/** Addresses of what a product in 16-bit integers reads besides its source. */
export interface ProductPlaces {
  readonly weights: number;
  readonly records: number;
  readonly offsets: number;
  readonly fill: number;
}

/** How a step is computed. */
export type Way =
  /** Its loops written out. */
  | { readonly kind: 'nest' }
  /** Its sums by ONNX Runtime. */
  | { readonly kind: 'runtime' }
  | { readonly kind: 'turn'; readonly turn: Turn }
  | { readonly kind: 'matrix'; readonly product: MatrixProduct; readonly places: ProductPlaces }
  | { readonly kind: 'window'; readonly product: WindowProduct; readonly places: ProductPlaces };

export interface Plan {
  /** By step. */
  readonly ways: readonly Way[];
  /** Addresses by slot; a slot's place is taken by later ones once no step reads it any more. */
  readonly slots: readonly number[];
  /** Addresses of the constants that kernels read. */
  readonly constants: ReadonlyMap<number, number>;
  /** Address of what is gathered for a product: one place for all threads, or one for each. */
  readonly gathered: number;
  /** What hashing needs: round constants, packed leaves for each thread, and two places for the hashes of the largest slot. */
  readonly hashing: {
    readonly constants: number;
    readonly leaves: number;
    readonly nodes: readonly [number, number];
  };
  /** Address of the accumulators that ONNX Runtime hands over as float64. */
  readonly accumulators: number;
  readonly bytes: number;
}

export interface PlanOptions {
  /** Whether products with constant weights are computed in 16-bit integers where they are exact there, and moves without arithmetic. */
  readonly integers: boolean;
  /** Threads that compute together. */
  readonly threads: number;
  /** Other products of matrices with at least this many multiplications are for ONNX Runtime. */
  readonly leastProduct: number;
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

/**
 * A product of matrices whose rows are gathered all at once, so that threads can share its columns: its rows are too few to be shared, and
 * stay in a cache.
 */
const MOST_WHOLE_BYTES = 2 ** 20;
export const sharesColumns = ({ wholeBytes }: MatrixProduct, threads: number): boolean =>
  threads > 1 && wholeBytes <= MOST_WHOLE_BYTES;

/** Bytes gathered for a product at once. */
function gatheredBytes(way: Way, threads: number): number {
  if (way.kind === 'matrix')
    return sharesColumns(way.product, threads) ? way.product.wholeBytes : threads * way.product.blockBytes;
  if (way.kind !== 'window') return 0;
  const { gather } = way.product;
  return elementCount(gather.loops.slice(0, -1)) * pairBytes(gather);
}

/** @returns null where the program needs more memory than there is, or counts beyond int32. */
export function planOf(program: Program, ranges: readonly Range[], options: PlanOptions): Plan | null {
  if (!program.steps.every(countsInInt32)) return null;
  const allocator = new Allocator(ALIGNMENT);
  const placesOf = ({ weights, finish, gather, ...product }: MatrixProduct | WindowProduct): ProductPlaces => {
    const offsets = 'rowOffsets' in product && typeof product.rowOffsets !== 'number' ? product.rowOffsets : null;
    return {
      weights: allocator.take(weights.byteLength),
      records: allocator.take(finish.records.byteLength),
      offsets: offsets ? allocator.take(offsets.byteLength) : 0,
      fill: gather.operand.view.axes.length > 0 ? allocator.take(gather.loops.at(-1)! * ELEMENT_BYTES) : 0,
    };
  };
  const ways = program.steps.map((step): Way => {
    const plain = withoutSingleLoops(step);
    const window = options.integers ? windowProductOf(program, plain, ranges) : null;
    if (window) return { kind: 'window', product: window, places: placesOf(window) };
    const matrix = options.integers ? matrixProductOf(program, plain, nestOf(program, plain), ranges) : null;
    if (matrix) return { kind: 'matrix', product: matrix, places: placesOf(matrix) };
    const turn = options.integers ? turnOf(plain, ranges) : null;
    if (turn) return { kind: 'turn', turn };
    return { kind: isMatrixProduct(program, step, options.leastProduct) ? 'runtime' : 'nest' };
  });
  const constants = new Map<number, number>();
  let mostAccumulators = 0;
  program.steps.forEach((step, at) => {
    const { kind } = ways[at]!;
    if (kind === 'runtime') mostAccumulators = Math.max(mostAccumulators, elementCount(step.outDims));
    const operands = kind === 'nest' ? OPERAND_NAMES.map((name) => step[name].source) : [];
    const read = operands.flatMap((source) => (source.kind === 'constant' ? [source.index] : []));
    for (const constant of step.lookup ? [...read, step.lookup.constant] : read)
      if (!constants.has(constant))
        constants.set(constant, allocator.take(program.constants[constant]!.data.length * ELEMENT_BYTES));
  });
  const accumulators = allocator.take(mostAccumulators * 8);
  const gathered = allocator.take(Math.max(0, ...ways.map((way) => gatheredBytes(way, options.threads))));
  const leaves = Math.max(
    ...Array.from({ length: program.steps.length + 1 }, (_, slot) => {
      const { elements, width } = slotShape(program, slot);
      return leafCount(elements, width);
    }),
  );
  // Leaves and nodes are hashed two at a time, the last beside nothing.
  const nodes = (): number => allocator.take((leaves + 2) * HASH_BYTES);
  const hashing = {
    constants: allocator.take(roundConstants().byteLength),
    leaves: allocator.take(options.threads * (LEAVES_EACH + 1) * LEAF_BYTES),
    nodes: [nodes(), nodes()] as const,
  };
  const size = (slot: number): number => slotShape(program, slot).elements * ELEMENT_BYTES;
  const last = lastReads(program);
  const slots = [allocator.take(size(0))];
  program.steps.forEach((step, at) => {
    slots.push(allocator.take(size(at + 1)));
    for (const slot of new Set([...slotsRead(step), at + 1]))
      if ((last[slot] as number) <= at) allocator.give(slots[slot] as number, size(slot));
  });
  if (allocator.end > MOST_BYTES) return null;
  return { ways, slots, constants, gathered, hashing, accumulators, bytes: allocator.end };
}
