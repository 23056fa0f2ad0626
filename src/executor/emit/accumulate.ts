/** Chooses how a nest's combine and reduce are emitted: as matrix products, window by window, in pieces, or as they are. */
import { elementCount } from '../../program/step.js';
import { isActive } from './access.js';
import { type Affine, constantAddend, folded, foldOf } from './affine.js';
import { type Addend, emitContraction, rolesOf } from './contract.js';
import type { Graph, Value } from './graph.js';
import { combinations, loopsOf, type Nest, operandsOf, outLoops, part, widest } from './nest.js';
import { add, concat, expand, maximum, minimum, multiply, numberOfRank } from './ops.js';
import { accessIn } from './reading.js';
import { emitReduced } from './reduce.js';
import { padded, positionsOf, windowLoops } from './window.js';

/** acc = value · factor. The value has one axis per output loop, 1 where nothing depends on the loop. */
export interface Accumulated {
  readonly value: Value;
  readonly factor: number;
  /** The step's multiplier and its shift are in the value already; */
  readonly folded: boolean;
  /** so is its addend. */
  readonly added: boolean;
}

export interface Limits {
  /** Most elements of one tensor inside a step; larger ones are made in pieces. */
  readonly piece: number;
  /** A window with fewer combinations than this is gathered in one tensor. */
  readonly unroll: number;
  /** Elements of the output that are computed at a time where a window is not gathered: as many as the cache holds. */
  readonly block: number;
}

export const LIMITS: Limits = { piece: 2 ** 24, unroll: 2 ** 13, block: 2 ** 15 };

/** Most window positions that are emitted one by one. */
const MAX_POSITIONS = 256;

/** @param affine what the finish does next; some of it may be done here. */
export function accumulate(g: Graph, nest: Nest, affine: Affine, limits: Limits): Accumulated {
  const { nest: plain, factor } = withoutWeights(nest);
  const fold = foldOf(nest, affine);
  if (!fold) {
    const { value, factor: more } = emit(g, plain, limits, null);
    return { value, factor: factor * more, folded: false, added: false };
  }
  // The weight goes into the multiplier, so that the addend can be added to the products as they are.
  const mult = { ...fold.mult, weight: fold.mult.weight * factor };
  const loops = loopsOf(nest);
  const addend: Addend = (order) => constantAddend(g, affine, loops, order);
  const { value, factor: more, added } = emit(g, folded(plain, { ...fold, mult }), limits, addend);
  return { value, factor: more, folded: true, added };
}

/** Weights that can be multiplied in after the reduction as well. */
function withoutWeights(nest: Nest): { nest: Nest; factor: number } {
  const { a, b, combine, reduce } = nest;
  const one = { ...a, weight: 1 };
  const weight = combine === 'product' ? a.weight * b.weight : a.weight;
  if (combine !== 'first' && combine !== 'product' && combine !== 'indexed') return { nest, factor: 1 };
  const plain = combine === 'product' ? { ...nest, a: one, b: { ...b, weight: 1 } } : { ...nest, a: one };
  if (reduce === 'none' || reduce === 'sum') return { nest: plain, factor: weight };
  if (weight <= 0) return { nest, factor: 1 };
  return { nest: plain, factor: reduce === 'max' || reduce === 'min' ? weight : 1 };
}

/** @param addend taken into matrix products, where they are the whole result. */
function emit(g: Graph, nest: Nest, limits: Limits, addend: Addend | null): Accumulated {
  const product = nest.combine === 'product' && nest.reduce === 'sum' && nest.redDims.length > 0;
  const argument = nest.reduce === 'argMax' || nest.reduce === 'argMin';
  const window = argument || nest.reduce === 'none' ? [] : windowLoops(nest);
  const positions = elementCount(window.map((loop) => loopsOf(nest)[loop] as number));
  if (window.length > 0 && positions <= MAX_POSITIONS && combinations(nest) >= limits.unroll)
    if (!product || isThin(nest, window)) return emitWindow(g, nest, window, limits);
  const size = product && !isThin(nest, []) ? widest(nest) : combinations(nest);
  if (size > limits.piece) {
    const pieces = emitPieces(g, nest, size, limits);
    if (pieces) return pieces;
  }
  return product ? emitContraction(g, nest, addend) : emitReduced(g, nest);
}

/** A product whose matrices would have one row or one column, and no reduction left beside these loops. */
function isThin(nest: Nest, window: readonly number[]): boolean {
  const { ofA, ofB, batch, inner, summedA, summedB } = rolesOf(nest);
  const rest = [...inner, ...summedA, ...summedB].filter((loop) => !window.includes(loop));
  if (window.length > 0) return (ofA.length === 0 || ofB.length === 0) && batch.length > 0 && rest.length === 0;
  return ofA.length === 0 && ofB.length === 0;
}

function emitWindow(g: Graph, nest: Nest, window: readonly number[], limits: Limits): Accumulated {
  return emitBlocks(g, padded(g, nest), window, limits);
}

/** Block by block of the output, so that what one window position leaves is still in the cache for the next. */
function emitBlocks(g: Graph, nest: Nest, window: readonly number[], limits: Limits): Accumulated {
  const size = elementCount(nest.outDims);
  const loop = activeOutLoops(nest)[0];
  if (size > limits.block && loop !== undefined) {
    const extent = nest.outDims[loop] as number;
    const count = Math.max(1, Math.min(extent - 1, Math.floor((extent * limits.block) / size)));
    return inParts(g, nest, loop, count, (each) => emitBlocks(g, each, window, limits));
  }
  const parts = positionsOf(nest, window).map((each) => emit(g, each, limits, null));
  return fold(g, nest.reduce, parts);
}

/** Reduces accumulators of parts of one reduction. */
function fold(g: Graph, reduce: Nest['reduce'], parts: readonly Accumulated[]): Accumulated {
  const join = reduce === 'sum' ? add : reduce === 'max' ? maximum : minimum;
  const factors = new Set(parts.map((each) => each.factor));
  const factor = factors.size === 1 ? (parts[0] as Accumulated).factor : 1;
  const values = parts.map((each) =>
    factors.size === 1 ? each.value : multiply(g, each.value, numberOfRank(g, each.factor, each.value.dims.length)),
  );
  return { value: values.reduce((x, y) => join(g, x, y)), factor, folded: false, added: false };
}

/** Output loops of more than one index that an operand depends on. */
function activeOutLoops(nest: Nest): number[] {
  const loops = loopsOf(nest);
  const accesses = operandsOf(nest).map((reading) => accessIn(reading, loops));
  return outLoops(nest).filter((loop) => accesses.some((access) => isActive(access, loop)));
}

/** Cuts the longest output loop that an operand depends on; null when there is nothing to cut. */
function emitPieces(g: Graph, nest: Nest, size: number, limits: Limits): Accumulated | null {
  const { outDims } = nest;
  const loop = activeOutLoops(nest).reduce<number | null>(
    (best, each) => (best === null || outDims[each]! > outDims[best]! ? each : best),
    null,
  );
  if (loop === null) return null;
  const extent = outDims[loop] as number;
  const count = Math.max(1, Math.min(extent - 1, Math.floor((extent * limits.piece) / size)));
  return inParts(g, nest, loop, count, (each) => emit(g, each, limits, null));
}

/** Emits `count` indices of an output loop at a time and joins them. */
function inParts(
  g: Graph,
  nest: Nest,
  loop: number,
  count: number,
  emitPart: (nest: Nest) => Accumulated,
): Accumulated {
  const extent = nest.outDims[loop] as number;
  const values: Value[] = [];
  for (let start = 0; start < extent; start += count) {
    const piece = part(nest, loop, start, Math.min(count, extent - start));
    const { value, factor } = emitPart(piece);
    values.push(expand(g, multiply(g, value, numberOfRank(g, factor, nest.outDims.length)), piece.outDims));
  }
  return { value: concat(g, values, loop), factor: 1, folded: false, added: false };
}
