/**
 * Products of matrices whose one side is constant, block by block: a kernel writes some rows of the other side as a plain float64 matrix (a
 * window's elements side by side), ONNX Runtime multiplies it, and the next block takes its place. So what is converted and gathered stays in
 * the processor's cache, and the graph holds nothing but the product.
 */
import { magnitude, type Range } from '../../program/range.js';
import { elementCount, type Operand, type OperandName, type Step, scalar } from '../../program/step.js';
import { rolesOf } from '../emit/contract.js';
import type { Nest } from '../emit/nest.js';
import { trackOf } from './cursor.js';

export const PACKED_BYTES = 8;
/** Bytes of one block: about a quarter of a second-level cache. */
const BLOCK_BYTES = 2 ** 19;
/** Fewest rows of a block: each reads the whole of the weights again. */
const LEAST_ROWS = 96;

export interface Packing {
  /** The operand that is packed. */
  readonly side: 'a' | 'b';
  /** The loop nest that writes the matrix, of all rows; its outermost loop is the product's own. */
  readonly gather: Step;
  /** Indices of the outermost loop in a block; they divide its extent. */
  readonly count: number;
  /** Elements of one block of the matrix. */
  readonly elements: number;
  /** The product of one block: its packed operand is a row-major matrix. */
  readonly product: Step;
}

/** @param nest of the same step. @param ranges of the slots. @returns null where the step is not such a product. */
export function packingOf(step: Step, nest: Nest, ranges: readonly Range[]): Packing | null {
  const { batch, ofA, ofB, inner, summedA, summedB, repeated } = rolesOf(nest);
  const side = step.a.source.kind === 'slot' ? 'a' : 'b';
  const other = side === 'a' ? 'b' : 'a';
  const { source, view } = step[side];
  if (source.kind !== 'slot' || step[other].source.kind !== 'constant') return null;
  // The packed matrix is taken to hold no more than the slot does: a greater fill would be more.
  if (view.axes.length > 0 && Math.abs(view.fill) > magnitude(ranges[source.index] as Range)) return null;
  const outer = side === 'a' ? ofA : ofB;
  const loops = [...step.outDims, ...step.redDims];
  const others = [...batch, ...summedA, ...summedB, ...repeated].some((loop) => loops[loop] !== 1);
  // The rows come first, so that a block of them is a block of the output.
  if (others || outer.length === 0 || outer.some((loop, i) => loop !== i)) return null;
  if (outer.length + (side === 'a' ? ofB : ofA).length !== step.outDims.length) return null;
  // The graph of a block is fed the packed matrix and nothing else, and is the same for every block.
  const finishing = [step.mult, step.add];
  if (finishing.some((operand) => operand.source.kind === 'slot' || movesWith(operand, outer))) return null;
  const track = trackOf(step[side], 0, loops);
  const distance = (loop: number): number => Math.abs(track.coefs[loop] as number);
  const order = [...outer, ...[...inner].sort((x, y) => distance(y) - distance(x) || x - y)];
  const extents = order.map((loop) => loops[loop] as number);
  const each = elementCount(extents.slice(1));
  const count = blockOf(extents[0] as number, each, elementCount(extents.slice(1, outer.length)));
  const coefs = loops.map((_, loop) => {
    const place = order.indexOf(loop);
    return place < 0 ? 0 : elementCount(extents.slice(place + 1));
  });
  const packed: Operand = { ...step[side], view: { offset: 0, coefs, axes: [], fill: 0 } };
  return {
    side,
    gather: gatherOf(step, side, order),
    count,
    elements: count * each,
    product: { ...step, outDims: [count, ...step.outDims.slice(1)], [side]: packed },
  };
}

function movesWith({ view }: Operand, loops: readonly number[]): boolean {
  return [view.coefs, ...view.axes.map((axis) => axis.coefs)].some((coefs) =>
    loops.some((loop) => (coefs[loop] ?? 0) !== 0),
  );
}

/** The largest divisor of the extent whose block is small enough, or the smallest that has rows enough. */
function blockOf(extent: number, elements: number, rows: number): number {
  const divisors = Array.from({ length: extent }, (_, i) => i + 1).filter((n) => extent % n === 0);
  const small = divisors.filter((n) => n * elements * PACKED_BYTES <= BLOCK_BYTES);
  const most = small.at(-1) ?? 1;
  return most * rows >= LEAST_ROWS ? most : (divisors.find((n) => n * rows >= LEAST_ROWS) ?? extent);
}

function gatherOf(step: Step, side: OperandName, order: readonly number[]): Step {
  const loops = [...step.outDims, ...step.redDims];
  const { view, source } = step[side];
  const turned = (coefs: readonly number[]): number[] => order.map((loop) => coefs[loop] ?? 0);
  const axes = view.axes.map((axis) => ({ ...axis, coefs: turned(axis.coefs) }));
  return {
    ...step,
    outDims: order.map((loop) => loops[loop] as number),
    redDims: [],
    combine: 'first',
    reduce: 'none',
    a: { source, weight: 1, view: { ...view, coefs: turned(view.coefs), axes } },
    b: scalar(0),
    c: scalar(0),
    mult: scalar(1),
    add: scalar(0),
    shift: 0,
    post: 'none',
    lookup: null,
  };
}
