/**
 * Bounds of one step: the ranges of its intermediate values for all values that its sources can hold, and the proof
 * that each stays below 2^53 (docs/protocol.md, 2.2). Constants enter with their actual values, channel by channel, so that
 * the bound of a dot product is the L1 norm of its weights and not the worst weight times their number.
 */
import { viewPosition } from './evaluate.js';
import type { Program } from './program.js';
import { ProgramError } from './program-error.js';
import { add, clamp, hull, magnitude, map, multiply, point, type Range, rangeOf } from './range.js';
import { EXACT_LIMIT, elementCount, type Operand, type OperandName, SQRT_LIMIT, type Step } from './step.js';

export interface StepBounds {
  /** acc: what the reduction gives. */
  readonly accumulator: Range;
  /** v = acc · mult + add. */
  readonly scaled: Range;
  /** r: after the shift. */
  readonly rescaled: Range;
  /** What the step can store. */
  readonly output: Range;
}

/** Channel-by-channel proofs that would visit more constants than this fall back to the range of the whole tensor. */
const MAX_VISITS = 2 ** 28;

const constantRanges = new WeakMap<Int32Array, Range>();

function constantRange(data: Int32Array): Range {
  let range = constantRanges.get(data);
  if (!range) {
    range = rangeOf(data);
    constantRanges.set(data, range);
  }
  return range;
}

class Prover {
  readonly loops: readonly number[];

  constructor(
    readonly program: Program,
    readonly stepIndex: number,
    readonly step: Step,
    readonly slots: readonly Range[],
  ) {
    this.loops = [...step.outDims, ...step.redDims];
  }

  fail(reason: string): never {
    throw new ProgramError(this.stepIndex, this.step.name, reason);
  }

  exact(range: Range, what: string, limit = EXACT_LIMIT): Range {
    if (!(magnitude(range) < limit))
      this.fail(`${what} can reach ${magnitude(range)}, which is not below 2^${Math.log2(limit)}`);
    return range;
  }

  /** All values of the operand, weight included. */
  operand(name: OperandName): Range {
    const { source, weight, view } = this.step[name];
    if (source.kind === 'none') return this.exact(point(weight), `operand ${name}`);
    const data = this.program.constants;
    const stored = source.kind === 'slot' ? this.slots[source.index] : constantRange(data[source.index]!.data);
    if (!stored) this.fail(`operand ${name} reads slot ${source.index}, whose range is not known`);
    const read = view.axes.length > 0 ? hull(stored, point(view.fill)) : stored;
    return this.exact(multiply(read, point(weight)), `operand ${name}`);
  }

  combined(): Range {
    const { step } = this;
    const a = this.operand('a');
    if (step.combine === 'first') return a;
    const b = this.operand('b');
    switch (step.combine) {
      case 'product':
        return this.exact(multiply(a, b), 'a·b');
      case 'sum':
        return this.exact(add(a, b), 'a + b');
      case 'max':
        return { lo: Math.max(a.lo, b.lo), hi: Math.max(a.hi, b.hi) };
      case 'min':
        return { lo: Math.min(a.lo, b.lo), hi: Math.min(a.hi, b.hi) };
      case 'select':
        return hull(b, this.operand('c'));
      case 'indexed':
        return a;
      default:
        return { lo: 0, hi: 1 };
    }
  }

  /** The accumulator with nothing known of single channels. */
  accumulator(): Range {
    const { step } = this;
    const combined = this.combined();
    const terms = elementCount(step.redDims);
    if (step.reduce === 'argMax' || step.reduce === 'argMin') return { lo: 0, hi: terms - 1 };
    if (step.reduce !== 'sum') return combined;
    this.exact(point(magnitude(combined) * terms), 'a partial sum');
    return multiply(combined, point(terms));
  }

  finish(scaled: Range): Omit<StepBounds, 'accumulator' | 'scaled'> {
    const { step } = this;
    let rescaled: Range;
    if (step.shift > 0) {
      const half = 2 ** (step.shift - 1);
      this.exact(add(scaled, point(half)), 'the value before the shift');
      rescaled = map(scaled, (v) => Math.floor((v + half) / 2 ** step.shift));
    } else rescaled = this.exact(multiply(scaled, point(2 ** -step.shift)), 'the shifted value');
    let t = rescaled;
    if (step.post === 'divide') {
      const c = this.operand('c');
      const divisors = [Math.max(c.lo, 1), Math.max(c.hi, 1)];
      const quotients = divisors.flatMap((d) => [Math.floor(rescaled.lo / d), Math.floor(rescaled.hi / d)]);
      t = { lo: Math.min(...quotients), hi: Math.max(...quotients) };
    } else if (step.post === 'sqrt') {
      if (!(rescaled.hi < SQRT_LIMIT)) this.fail(`the radicand can reach ${rescaled.hi}, which is not below 2^52`);
      t = map(rescaled, (r) => Math.floor(Math.sqrt(Math.max(r, 0))));
    }
    const y = map(t, (value) => clamp(value, step.lo, step.hi));
    if (!step.lookup) return { rescaled, output: y };
    const { base, length, constant } = step.lookup;
    const reached = map(y, (value) => clamp(value - base, 0, length - 1));
    return { rescaled, output: rangeOf(this.program.constants[constant]!.data, reached.lo, reached.hi + 1) };
  }
}

/** Loop dimensions that a view moves with. */
function dependsOn(operand: Operand): Set<number> {
  const dims = new Set<number>();
  if (operand.source.kind === 'none') return dims;
  for (const coefs of [operand.view.coefs, ...operand.view.axes.map((axis) => axis.coefs)])
    coefs.forEach((coef, i) => {
      if (coef !== 0) dims.add(i);
    });
  return dims;
}

/** Calls `visit` once for each combination of the given loop dimensions; the others stay as they are. */
function forEachIndex(loops: Int32Array, sizes: readonly number[], dims: readonly number[], visit: () => void): void {
  for (const i of dims) loops[i] = 0;
  for (;;) {
    visit();
    let k = dims.length - 1;
    for (; k >= 0; k--) {
      const i = dims[k]!;
      const next = (loops[i] ?? 0) + 1;
      if (next < sizes[i]!) {
        loops[i] = next;
        break;
      }
      loops[i] = 0;
    }
    if (k < 0) return;
  }
}

/** The two signed halves of Σ |w·b(o, r)| over the reduction, for a constant b. */
function signedSums(
  data: Int32Array,
  operand: Operand,
  loops: Int32Array,
  sizes: readonly number[],
  reduced: readonly number[],
): { positive: number; negative: number } {
  const { view, weight } = operand;
  let positive = 0;
  let negative = 0;
  const count = (x: number): void => {
    if (x > 0) positive += x;
    else negative -= x;
  };
  if (view.axes.length > 0) {
    forEachIndex(loops, sizes, reduced, () => {
      const position = viewPosition(view, loops);
      count(weight * (position === null ? view.fill : data[position]!));
    });
    return { positive, negative };
  }
  // Without axes every position exists, and neighbours along the last loop are a stride apart: weights come in hundreds of millions.
  const inner = reduced.at(-1);
  const [length, stride] = inner === undefined ? [1, 0] : [sizes[inner]!, view.coefs[inner]!];
  if (inner !== undefined) loops[inner] = 0;
  forEachIndex(loops, sizes, reduced.slice(0, -1), () => {
    const first = viewPosition(view, loops)!;
    for (let i = 0, at = first; i < length; i++, at += stride) count(weight * data[at]!);
  });
  return { positive, negative };
}

/**
 * The same bounds with every constant operand taken channel by channel. Null where nothing is gained or it would take
 * too long.
 */
function boundsByChannel(prover: Prover): StepBounds | null {
  const { step, program } = prover;
  const firstReduced = step.outDims.length;
  const constantOf = (operand: Operand): Int32Array | null =>
    operand.source.kind === 'constant' ? program.constants[operand.source.index]!.data : null;
  const dotProduct = step.combine === 'product' && step.reduce === 'sum';
  const weightsName: OperandName | null = !dotProduct
    ? null
    : constantOf(step.b)
      ? 'b'
      : constantOf(step.a)
        ? 'a'
        : null;
  const weights = weightsName && step[weightsName];
  const perChannel = [step.mult, step.add].filter((operand) => constantOf(operand));
  const involved = new Set(
    [...perChannel, ...(weights ? [weights] : [])].flatMap((operand) => [...dependsOn(operand)]),
  );
  if (involved.size === 0 && !weights) return null;
  const channelDims = [...involved].filter((i) => i < firstReduced);
  const weightDims = weights ? [...dependsOn(weights)].filter((i) => i >= firstReduced) : [];
  const size = (dims: readonly number[]): number => dims.reduce((n, i) => n * prover.loops[i]!, 1);
  if (size(channelDims) * size(weightDims) > MAX_VISITS) return null;

  const repeats = elementCount(step.redDims) / size(weightDims);
  const other = weightsName ? prover.operand(weightsName === 'b' ? 'a' : 'b') : point(0);
  if (weightsName) prover.operand(weightsName);
  const common = weights ? null : prover.accumulator();
  const [multRange, addRange] = [prover.operand('mult'), prover.operand('add')];
  const valueAt = (operand: Operand, range: Range, loops: Int32Array): Range => {
    const data = constantOf(operand);
    if (!data) return range;
    const position = viewPosition(operand.view, loops);
    return point(operand.weight * (position === null ? operand.view.fill : data[position]!));
  };
  const loops = new Int32Array(prover.loops.length);
  let accumulator: Range | null = null;
  let scaled: Range | null = null;
  forEachIndex(loops, prover.loops, channelDims, () => {
    let acc: Range;
    if (weights) {
      const { positive, negative } = signedSums(constantOf(weights)!, weights, loops, prover.loops, weightDims);
      prover.exact(point((positive + negative) * repeats * magnitude(other)), 'a partial sum');
      acc = {
        lo: repeats * (positive * other.lo - negative * other.hi),
        hi: repeats * (positive * other.hi - negative * other.lo),
      };
    } else acc = common!;
    const product = prover.exact(multiply(acc, valueAt(step.mult, multRange, loops)), 'acc·mult');
    const v = prover.exact(add(product, valueAt(step.add, addRange, loops)), 'acc·mult + add');
    accumulator = accumulator ? hull(accumulator, acc) : acc;
    scaled = scaled ? hull(scaled, v) : v;
  });
  return { accumulator: accumulator!, scaled: scaled!, ...prover.finish(scaled!) };
}

/**
 * Proves that every intermediate value of a step is exact, and says what it can be.
 *
 * @param slotRanges what every earlier slot can hold, index 0 the input.
 * @throws ProgramError naming the step and the value that could leave its limit.
 */
export function stepBounds(program: Program, stepIndex: number, slotRanges: readonly Range[]): StepBounds {
  const step = program.steps[stepIndex]!;
  const prover = new Prover(program, stepIndex, step, slotRanges);
  const byChannel = boundsByChannel(prover);
  if (byChannel) return byChannel;
  const accumulator = prover.accumulator();
  const product = prover.exact(multiply(accumulator, prover.operand('mult')), 'acc·mult');
  const scaled = prover.exact(add(product, prover.operand('add')), 'acc·mult + add');
  return { accumulator, scaled, ...prover.finish(scaled) };
}
