/** Products of matrices whose one side is constant, in 16-bit integer products: what is gathered, packed and multiplied. */
import { viewPosition } from '../../program/evaluate.js';
import type { Program } from '../../program/program.js';
import type { Range } from '../../program/range.js';
import { elementCount, type Operand, type Step, type View } from '../../program/step.js';
import { rolesOf } from '../emit/contract.js';
import type { Nest } from '../emit/nest.js';
import { type ColumnFinish, columnFinish } from './column-finish.js';
import { trackOf } from './cursor.js';
import { type RowGather, rowBytes } from './gather-kernel.js';
import { type Columns, type Cut, cutOf, LANES, packWeights } from './limbs.js';

/** Bytes of the gathered rows of one block: they stay in a core's cache while every column passes by. */
const BLOCK_BYTES = 2 ** 17;
/** Rows of a block where there are as many: each block reads all weights. */
const LEAST_ROWS = 64;
/** Any number of rows that a kernel multiplies side by side divides this. */
const ROWS_MULTIPLE = 12;

export interface MatrixProduct {
  readonly cut: Cut;
  readonly gather: RowGather;
  /** `[group of four columns][pair of terms][limb][lane]`. */
  readonly weights: Int32Array;
  readonly finish: ColumnFinish;
  /** Rows of one index of the gather's first loop. */
  readonly rowsEach: number;
  /** Indices of the gather's first loop in a block. */
  readonly blockCount: number;
  readonly blockBytes: number;
  /** Bytes of all gathered rows. */
  readonly wholeBytes: number;
  /** Elements of the output from one row's first to the next row's; or by row from the first row's to this one's. */
  readonly rowOffsets: number | Int32Array;
}

/** All that the source's view can read. */
export function sourceRange({ source, view }: Operand, ranges: readonly Range[]): Range | null {
  if (source.kind !== 'slot') return null;
  const range = ranges[source.index] as Range;
  if (view.axes.length === 0) return range;
  return { lo: Math.min(range.lo, view.fill), hi: Math.max(range.hi, view.fill) };
}

/** The view over other loops: each is one of its own, or null for a loop that it does not know. */
function turned(view: View, order: readonly (number | null)[]): View {
  const over = (coefs: readonly number[]): number[] => order.map((loop) => (loop === null ? 0 : (coefs[loop] ?? 0)));
  return { ...view, coefs: over(view.coefs), axes: view.axes.map((axis) => ({ ...axis, coefs: over(axis.coefs) })) };
}

/** Every combination of indices of these loops, the last fastest, as loop indices of the whole nest. */
export function combinations(loops: readonly number[], some: readonly number[]): Int32Array[] {
  let all = [new Int32Array(loops.length)];
  for (const loop of some)
    all = all.flatMap((indices) => Array.from({ length: loops[loop] as number }, (_, i) => indices.with(loop, i)));
  return all;
}

const dot = (coefs: readonly number[], indices: ArrayLike<number>): number =>
  coefs.reduce((sum, coef, loop) => sum + coef * (indices[loop] as number), 0);

/** The constant operand column by column. */
export function columnsOf(
  data: Int32Array,
  view: View,
  columns: readonly Int32Array[],
  terms: readonly Int32Array[],
): Columns {
  const values = new Int32Array(columns.length * terms.length);
  let at = 0;
  if (view.axes.length === 0) {
    const distances = terms.map((term) => dot(view.coefs, term));
    for (const column of columns) {
      const first = view.offset + dot(view.coefs, column);
      for (const distance of distances) values[at++] = data[first + distance] as number;
    }
  } else
    for (const column of columns)
      for (const term of terms) {
        const position = viewPosition(
          view,
          column.map((index, loop) => index + (term[loop] as number)),
        );
        values[at++] = position === null ? view.fill : (data[position] as number);
      }
  return { values, terms: terms.length };
}

/** Elements of the output per index of its loops. */
const outputCoefs = (outDims: readonly number[]): number[] => outDims.map((_, i) => elementCount(outDims.slice(i + 1)));

/**
 * @param step without loops of one index.
 * @param nest of the same step.
 * @returns null where the step is not such a product, or no way to compute it so is exact.
 */
export function matrixProductOf(
  program: Program,
  step: Step,
  nest: Nest,
  ranges: readonly Range[],
): MatrixProduct | null {
  if (step.combine !== 'product' || step.reduce !== 'sum') return null;
  const side = step.a.source.kind === 'slot' ? 'a' : 'b';
  const [read, weighing] = side === 'a' ? [step.a, step.b] : [step.b, step.a];
  const source = sourceRange(read, ranges);
  if (!source || weighing.source.kind !== 'constant') return null;
  const { batch, ofA, ofB, inner, summedA, summedB, repeated } = rolesOf(nest);
  const [rowLoops, columnLoops] = side === 'a' ? [ofA, ofB] : [ofB, ofA];
  if ([...batch, ...summedA, ...summedB, ...repeated].length > 0 || inner.length === 0) return null;
  if (columnLoops.length === 0 || rowLoops.length + columnLoops.length !== step.outDims.length) return null;

  const loops = [...step.outDims, ...step.redDims];
  const track = trackOf(read, 0, loops);
  const distance = (loop: number): number => Math.abs(track.coefs[loop] as number);
  const innerOrder = [...inner].sort((x, y) => distance(y) - distance(x) || x - y);
  const outCoefs = outputCoefs(step.outDims);
  const outAt = (indices: Int32Array): number => dot(outCoefs, indices);
  const columns = grouped(combinations(loops, columnLoops), outAt);
  const terms = combinations(loops, innerOrder);
  const weights = columnsOf(program.constants[weighing.source.index]!.data, weighing.view, columns, terms);
  const cut = cutOf(source, weights);
  const finish = cut && columnFinish(program, step, columns, columns.map(outAt), cut.most, new Set(columnLoops));
  if (!finish) return null;

  // A loop of one index stands for the rows where there is one row only.
  const outer: readonly (number | null)[] = rowLoops.length === 0 ? [null] : rowLoops;
  const order = [...outer, ...innerOrder];
  const extents = order.map((loop) => (loop === null ? 1 : (loops[loop] as number)));
  const gather: RowGather = {
    operand: { ...read, weight: 1, view: turned(read.view, order) },
    loops: extents,
    sourceBits: cut.sourceBits,
    rowLoops: outer.length,
    terms: 2 * cut.parts * cut.pairs,
  };
  const rowsEach = elementCount(extents.slice(1, outer.length));
  const eachBytes = rowsEach * rowBytes(gather);
  const wanted = Math.max(Math.floor(BLOCK_BYTES / eachBytes), Math.ceil(LEAST_ROWS / rowsEach));
  const blockCount = Math.min(
    extents[0] as number,
    wanted > ROWS_MULTIPLE ? wanted - (wanted % ROWS_MULTIPLE) : wanted,
  );
  return {
    cut,
    gather,
    weights: packWeights(weights, cut),
    finish,
    rowsEach,
    blockCount,
    blockBytes: blockCount * eachBytes,
    wholeBytes: (extents[0] as number) * eachBytes,
    rowOffsets: rowOffsets(loops, outCoefs, rowLoops),
  };
}

/** By how much each row lies further on, or where each lies. */
function rowOffsets(
  loops: readonly number[],
  outCoefs: readonly number[],
  rowLoops: readonly number[],
): number | Int32Array {
  const coefs = rowLoops.map((loop) => outCoefs[loop] as number);
  const even = coefs.every(
    (coef, i) => i + 1 === coefs.length || coef === (coefs[i + 1] as number) * (loops[rowLoops[i + 1]!] as number),
  );
  return even ? (coefs.at(-1) ?? 0) : Int32Array.from(combinations(loops, rowLoops), (row) => dot(outCoefs, row));
}

/** Columns in an order in which those whose elements lie side by side, four at a time, come first. */
function grouped(columns: Int32Array[], outAt: (indices: Int32Array) => number): Int32Array[] {
  const beside: Int32Array[] = [];
  const rest: Int32Array[] = [];
  for (let at = 0; at < columns.length; ) {
    const four = columns.slice(at, at + LANES);
    const first = outAt(four[0]!);
    if (four.length === LANES && four.every((column, lane) => outAt(column) === first + lane)) {
      beside.push(...four);
      at += LANES;
    } else rest.push(columns[at++]!);
  }
  return [...beside, ...rest];
}
