/**
 * Splits steps whose one-element check does not fit one transaction: a long reduction becomes partial results, each over a
 * stretch of one reduction dimension, and a step that reduces those.
 */

import { UserError } from '../errors.js';
import { stepBounds } from '../program/bounds.js';
import { checkProgram } from '../program/check.js';
import { fitsOneTransaction, priceProgram, priceStep } from '../program/price.js';
import type { Program } from '../program/program.js';
import { magnitude, type Range } from '../program/range.js';
import { INT32_MAX, OPERAND_NAMES, type Operand, type Step, scalar, widthFor } from '../program/step.js';

/** Checks above this are made cheaper where that is easy. */
const DEAR_GAS = 700_000;

/**
 * Partial results of one output that nobody minds: each of them is memory, time and hashing for everybody who checks a claim, in every run, and
 * what is saved is gas of a dispute. A convolution that reads thousands of channels would have more of them than all other slots hold together.
 */
const FEW_CHUNKS = 32;

const SPLITTABLE = new Set<Step['reduce']>(['sum', 'max', 'min']);

/** Divisors of n between 1 and n, from the smallest. */
function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((d) => d > 1 && n % d === 0);
}

function mapCoefs(operand: Operand, change: (coefs: readonly number[]) => number[]): Operand {
  if (operand.source.kind === 'none') return operand;
  const axes = operand.view.axes.map((axis) => ({ ...axis, coefs: change(axis.coefs) }));
  return { ...operand, view: { ...operand.view, coefs: change(operand.view.coefs), axes } };
}

/** The partial results: reduction dimension `dim` becomes an output loop over chunks and a shorter reduction. */
function partialStep(step: Step, dim: number, chunks: number, range: Range): { step: Step; shift: number } {
  const outputs = step.outDims.length;
  const length = step.redDims[dim]! / chunks;
  const shift = Math.max(0, Math.ceil(Math.log2((magnitude(range) + 1) / INT32_MAX)));
  const change = (coefs: readonly number[]): number[] => [
    ...coefs.slice(0, outputs),
    coefs[outputs + dim]! * length,
    ...coefs.slice(outputs),
  ];
  const operands = Object.fromEntries(OPERAND_NAMES.map((name) => [name, mapCoefs(step[name], change)]));
  const limit = Math.ceil(magnitude(range) / 2 ** shift);
  const partial: Step = {
    ...step,
    ...(operands as Pick<Step, 'a' | 'b' | 'c'>),
    name: `${step.name}/partial`,
    outDims: [...step.outDims, chunks],
    redDims: step.redDims.map((size, i) => (i === dim ? length : size)),
    ...(step.combine === 'select' ? {} : { c: scalar(1) }),
    mult: scalar(1),
    add: scalar(0),
    shift,
    post: 'none',
    lo: -limit,
    hi: limit,
    lookup: null,
    width: widthFor(-limit, limit),
  };
  return { step: partial, shift };
}

/** The step that reduces the partial results and finishes as the original did. */
function totalStep(step: Step, slot: number, chunks: number, shift: number): Step {
  const outputs = step.outDims.length;
  const change = (coefs: readonly number[]): number[] => [...coefs.slice(0, outputs), 0];
  const strides = new Array<number>(outputs + 1).fill(1);
  strides[outputs - 1] = chunks;
  for (let i = outputs - 2; i >= 0; i--) strides[i] = strides[i + 1]! * step.outDims[i + 1]!;
  return {
    ...step,
    redDims: [chunks],
    combine: 'first',
    a: {
      source: { kind: 'slot', index: slot },
      weight: 2 ** shift,
      view: { offset: 0, coefs: strides, axes: [], fill: 0 },
    },
    b: scalar(1),
    c: step.post === 'divide' ? mapCoefs(step.c, change) : scalar(1),
    mult: mapCoefs(step.mult, change),
    add: mapCoefs(step.add, change),
    index: { stride: 0, extent: 0 },
  };
}

/** Every reference to a slot at or after `from` moves by one. */
function renumber(step: Step, from: number): Step {
  const move = (operand: Operand): Operand =>
    operand.source.kind === 'slot' && operand.source.index >= from
      ? { ...operand, source: { kind: 'slot', index: operand.source.index + 1 } }
      : operand;
  const operands = Object.fromEntries(OPERAND_NAMES.map((name) => [name, move(step[name])]));
  return { ...step, ...operands };
}

/** @param accumulator what the step's accumulator can be. */
function splitAt(program: Program, index: number, dim: number, chunks: number, accumulator: Range): Program {
  const step = program.steps[index]!;
  const { step: partial, shift } = partialStep(step, dim, chunks, accumulator);
  const slot = index + 1;
  const total = totalStep(step, slot, chunks, shift);
  const later = program.steps.slice(index + 1).map((other) => renumber(other, slot));
  return { ...program, steps: [...program.steps.slice(0, index), partial, total, ...later] };
}

interface Split {
  readonly program: Program;
  readonly chunks: number;
  /** Of the dearer one of the two steps. */
  readonly gas: number;
}

/** Splits of a step whose two halves fit one transaction. */
function splitsOf(program: Program, index: number, ranges: readonly Range[]): Split[] {
  const step = program.steps[index]!;
  if (!SPLITTABLE.has(step.reduce)) return [];
  const { accumulator } = stepBounds(program, index, ranges);
  return step.redDims.flatMap((size, dim) =>
    divisors(size).flatMap((chunks): Split[] => {
      const candidate = splitAt(program, index, dim, chunks, accumulator);
      const prices = [priceStep(candidate, index), priceStep(candidate, index + 1)];
      const gas = Math.max(...prices.map((price) => price.gas));
      return prices.every(fitsOneTransaction) ? [{ program: candidate, chunks, gas }] : [];
    }),
  );
}

/** The one with the least of something, the first where several have it; null where there is none. */
const least = (splits: readonly Split[], of: (split: Split) => number): Split | null =>
  splits.reduce<Split | null>((best, split) => (!best || of(split) < of(best) ? split : best), null);

const cheapest = (splits: readonly Split[]): Split | null => least(splits, ({ gas }) => gas);

/** For a step that has to be split: the cheapest of those with few partial results, or else that with the fewest. */
const cheapestSmall = (splits: readonly Split[]): Split | null =>
  cheapest(splits.filter(({ chunks }) => chunks <= FEW_CHUNKS)) ?? least(splits, ({ chunks }) => chunks);

/**
 * A step that fits is split all the same when its check is dear and becomes much cheaper: the dearest step is what a dispute is
 * priced by. Only reductions of one operand: their partial results are never larger than what they read.
 */
function isWorthSplitting(step: Step, gas: number, split: Split): boolean {
  return step.combine === 'first' && gas > DEAR_GAS && split.gas * 2 <= gas;
}

/**
 * The program with every check in one transaction. A split adds a step, and with it perhaps a level to the trees of all: so it goes on
 * until all steps fit as the program then is.
 *
 * @throws UserError naming the node whose check is too expensive and cannot be split.
 */
export function splitExpensiveSteps(original: Program): Program {
  let program = original;
  do program = splitOnce(program);
  while (!priceProgram(program).steps.every(fitsOneTransaction));
  return program;
}

function splitOnce(original: Program): Program {
  let program = original;
  // What every slot can hold, index 0 the input; a partial result adds one.
  const ranges = checkProgram(original);
  for (let index = 0; index < program.steps.length; index++) {
    const price = priceStep(program, index);
    const fits = fitsOneTransaction(price);
    if (fits && price.gas <= DEAR_GAS) continue;
    const step = program.steps[index]!;
    const splits = splitsOf(program, index, ranges);
    const smaller = fits ? cheapest(splits) : cheapestSmall(splits);
    if (fits && !(smaller && isWorthSplitting(step, price.gas, smaller))) continue;
    if (!smaller) {
      const { name, origin, redDims } = step;
      throw new UserError(
        'OG_STEP_TOO_EXPENSIVE',
        `Checking one element of the step "${name}" (${origin.operator} node "${origin.node}", a reduction over ${redDims.join('x') || '1'}) would take ${price.gas} gas and ${price.calldataBytes} bytes of calldata, which does not fit one transaction.`,
        'Make the reduction of this node shorter, for example with a smaller input shape.',
      );
    }
    program = smaller.program;
    const { lo, hi } = program.steps[index]!;
    ranges.splice(index + 1, 0, { lo, hi });
    index++;
  }
  return program;
}
