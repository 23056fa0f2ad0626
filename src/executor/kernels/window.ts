/** Windows that move over a source whose channels have weights of their own (depthwise convolutions), in 16-bit integer products. */
import type { Program } from '../../program/program.js';
import type { Range } from '../../program/range.js';
import { type Axis, elementCount, type Step, type View } from '../../program/step.js';
import { type ColumnFinish, columnFinish } from './column-finish.js';
import { type PairGather, pairBytes } from './gather-kernel.js';
import { type Cut, cutOf, packWeights } from './limbs.js';
import { columnsOf, combinations, sourceRange } from './matrix.js';

/** Every pair of taps is written out. */
const MOST_PAIRS = 40;

export interface WindowProduct {
  readonly cut: Cut;
  readonly gather: PairGather;
  /** `[group of four channels][pair of taps][limb][lane]`. */
  readonly weights: Int32Array;
  readonly finish: ColumnFinish;
  /** Bytes from one index of each output loop but the last to the next, in the gathered source. */
  readonly moves: readonly number[];
  /** Bytes from a window's first element to each pair of taps. */
  readonly pairs: readonly number[];
}

/** @param step without loops of one index. @returns null where the step is not such a product, or it cannot be computed so. */
export function windowProductOf(program: Program, step: Step, ranges: readonly Range[]): WindowProduct | null {
  const { outDims, redDims, combine, reduce } = step;
  if (combine !== 'product' || reduce !== 'sum' || outDims.length < 2 || redDims.length === 0) return null;
  const [read, weighing] = step.a.source.kind === 'slot' ? [step.a, step.b] : [step.b, step.a];
  const source = sourceRange(read, ranges);
  if (!source || weighing.source.kind !== 'constant') return null;
  const loops = [...outDims, ...redDims];
  const channel = outDims.length - 1;
  const rows = outDims.map((_, loop) => loop).slice(0, -1);
  const taps = redDims.map((_, i) => outDims.length + i);
  const paired = loops.length - 1;
  if (rows.some((loop) => movesWith(weighing.view, loop)) || !movesWith(read.view, channel)) return null;
  const axes = axesOf(read.view, loops, taps);
  if (!axes || axes.some(({ coefs }) => coefs.some((coef) => coef < 0) || (coefs[channel] ?? 0) !== 0)) return null;
  const axisOf = (loop: number): number => axes.findIndex(({ coefs }) => (coefs[loop] ?? 0) !== 0);
  const free = rows.filter((loop) => axisOf(loop) < 0);
  if (taps.some((loop) => axisOf(loop) < 0)) return null;

  // Loops of the gathered source: rows that no window moves over, the axes as far as windows reach, the channels.
  const reach = axes.map(({ coefs }) => coefs.reduce((sum, coef, i) => sum + coef * ((loops[i] as number) - 1), 0));
  const extents = [...free.map((loop) => loops[loop] as number), ...reach.map((n) => n + 1), loops[channel] as number];
  const place = (position: number): number[] => extents.map((_, i) => (i === position ? 1 : 0));
  const plain = coefsWithout(read.view, axes);
  const gatherView: View = {
    ...read.view,
    coefs: [...free.map((loop) => plain[loop] ?? 0), ...axes.map(() => 0), plain[channel] ?? 0],
    axes: axes.map((axis, i) => ({ ...axis, coefs: place(free.length + i) })),
  };
  const columns = combinations(loops, [channel]);
  const width = redDims.at(-1)!;
  const window = combinations(loops, taps.slice(0, -1));
  const even = Math.ceil(width / 2) * 2;
  const { values } = columnsOf(
    program.constants[weighing.source.index]!.data,
    weighing.view,
    columns,
    combinations(loops, taps),
  );
  const padded = new Int32Array(columns.length * window.length * even);
  for (let run = 0; run < columns.length * window.length; run++)
    padded.set(values.subarray(run * width, (run + 1) * width), run * even);
  const weights = { values: padded, terms: window.length * even };
  if (weights.terms / 2 > MOST_PAIRS) return null;
  const cut = cutOf(source, weights);
  const offsets = columns.map((_, i) => i);
  const finish = cut && columnFinish(program, step, columns, offsets, cut.most, new Set([channel]));
  if (!finish || cut.parts > 1) return null;

  const pairedAxis = axisOf(paired);
  const gather: PairGather = {
    operand: { ...read, weight: 1, view: gatherView },
    loops: extents,
    sourceBits: cut.sourceBits,
    axis: pairedAxis,
    step: axes[pairedAxis]!.coefs[paired] as number,
  };
  const bytes = extents.map((_, i) => elementCount(extents.slice(i + 1, -1)) * pairBytes(gather));
  const movesBy = (loop: number): number => {
    const at = free.indexOf(loop);
    const ofAxes = axes.reduce((sum, { coefs }, i) => sum + (coefs[loop] ?? 0) * bytes[free.length + i]!, 0);
    return at < 0 ? ofAxes : bytes[at]!;
  };
  const starts = window.map((indices) => taps.reduce((sum, loop) => sum + indices[loop]! * movesBy(loop), 0));
  return {
    cut,
    gather,
    weights: packWeights(weights, cut),
    finish,
    moves: rows.map(movesBy),
    pairs: starts.flatMap((start) => Array.from({ length: even / 2 }, (_, i) => start + 2 * i * movesBy(paired))),
  };
}

const movesWith = ({ coefs, axes }: View, loop: number): boolean =>
  [coefs, ...axes.map((axis) => axis.coefs)].some((each) => (each[loop] ?? 0) !== 0);

/**
 * The view's axes and, for a window that never leaves its source and so needs none, those that its loops move along.
 *
 * @returns null where a loop moves along more than one axis.
 */
function axesOf(view: View, loops: readonly number[], taps: readonly number[]): Axis[] | null {
  const firstTap = loops.length - taps.length;
  const channel = firstTap - 1;
  const strides = taps.map((loop) => view.coefs[loop] ?? 0).filter((stride) => stride !== 0);
  const strideOf = (coef: number, loop: number): number | undefined =>
    loop >= firstTap ? coef : loop === channel ? undefined : strides.find((stride) => coef % stride === 0);
  const axes = strides.map((stride): Axis => {
    const coefs = view.coefs.map((coef, loop) => (coef !== 0 && strideOf(coef, loop) === stride ? coef / stride : 0));
    const reach = coefs.reduce((sum, coef, loop) => sum + Math.abs(coef) * ((loops[loop] as number) - 1), 0);
    return { stride, extent: reach + 1, base: 0, coefs };
  });
  const all = [...view.axes, ...axes];
  const moving = (loop: number): number => all.filter(({ coefs }) => (coefs[loop] ?? 0) !== 0).length;
  const mixed = view.axes.some(({ coefs }) => coefs.some((coef, loop) => coef !== 0 && (view.coefs[loop] ?? 0) !== 0));
  if (mixed || new Set(strides).size < strides.length || loops.some((_, loop) => moving(loop) > 1)) return null;
  return all;
}

/** What the view's plain coefficients are without those that an axis took. */
function coefsWithout(view: View, axes: readonly Axis[]): number[] {
  return view.coefs.map((coef, loop) => (axes.some(({ coefs }) => (coefs[loop] ?? 0) !== 0) ? 0 : coef));
}
