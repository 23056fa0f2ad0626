/**
 * Seeded random legal programs, for fuzzing the implementations of the step against each other. The same seed and options give
 * the same program on every machine. Bounds are tracked while a step is drawn, so a drawn step is legal by construction
 * (protocol.md 2.2); the point is to stand close to the limits, not far inside them.
 */
import { evaluateStep } from '../../src/program/evaluate.js';
import type { Constant, InputSlot, Program } from '../../src/program/program.js';
import {
  type Axis,
  COMBINES,
  type Combine,
  type ElementWidth,
  EXACT_LIMIT,
  elementCount,
  INT32_MAX,
  INT32_MIN,
  type Lookup,
  type Operand,
  type Post,
  REDUCES,
  type Reduce,
  type Source,
  SQRT_LIMIT,
  type Step,
  scalar,
  type View,
  widthFor,
} from '../../src/program/step.js';

export interface RandomProgramOptions {
  /** Number of steps; 6 unless told. */
  readonly steps?: number;
  /** Most elements of a slot; 64 unless told. A reduction has at most as many terms. */
  readonly maxElements?: number;
}

interface Range {
  readonly lo: number;
  readonly hi: number;
}

/** mulberry32: small, seeded, the same everywhere. */
class Random {
  private state: number;

  constructor(seed: number) {
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform integer of [lo, hi]. */
  int(lo: number, hi: number): number {
    return lo + Math.min(hi - lo, Math.floor(this.unit() * (hi - lo + 1)));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [result[i], result[j]] = [result[j] as T, result[i] as T];
    }
    return result;
  }

  /** An integer of [lo, hi] that is often an end, zero, or small. */
  edgy(lo: number, hi: number): number {
    const inside = (x: number): number => Math.min(hi, Math.max(lo, x));
    if (this.chance(0.15)) return lo;
    if (this.chance(0.15)) return hi;
    if (this.chance(0.3)) return inside(this.int(-3, 3));
    if (this.chance(0.5)) return inside(Math.trunc((this.unit() - 0.5) * 2 ** this.int(2, 34)));
    return this.int(lo, hi);
  }
}

const WIDTHS: readonly ElementWidth[] = [1, 2, 4];
const widthRange = (width: ElementWidth): Range => ({ lo: -(2 ** (width * 8 - 1)), hi: 2 ** (width * 8 - 1) - 1 });
const magnitude = ({ lo, hi }: Range): number => Math.max(Math.abs(lo), Math.abs(hi));
const fits = (range: Range, limit = EXACT_LIMIT): boolean => magnitude(range) < limit;
const scaled = ({ lo, hi }: Range, by: number): Range =>
  by < 0 ? { lo: hi * by, hi: lo * by } : { lo: lo * by, hi: hi * by };
const sum = (a: Range, b: Range): Range => ({ lo: a.lo + b.lo, hi: a.hi + b.hi });
const union = (a: Range, b: Range): Range => ({ lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) });
const product = (a: Range, b: Range): Range => {
  const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
  return { lo: Math.min(...corners), hi: Math.max(...corners) };
};

const rangeOfValues = (data: Int32Array): Range => ({
  lo: data.reduce((x, y) => Math.min(x, y)),
  hi: data.reduce((x, y) => Math.max(x, y)),
});

/** Values that an affine form `base + Σ coefs·loop` takes. */
function affineRange(base: number, coefs: readonly number[], loops: readonly number[]): Range {
  let range: Range = { lo: base, hi: base };
  coefs.forEach((coef, i) => {
    range = sum(range, scaled({ lo: 0, hi: (loops[i] as number) - 1 }, coef));
  });
  return range;
}

/** Positions that a view without its offset may read (axes clipped to their extent), by interval arithmetic. */
function spanOf(view: View, loops: readonly number[]): Range {
  let span = affineRange(0, view.coefs, loops);
  for (const axis of view.axes) {
    const c = affineRange(axis.base, axis.coefs, loops);
    const lo = Math.min(Math.max(c.lo, 0), axis.extent - 1);
    const hi = Math.max(Math.min(c.hi, axis.extent - 1), 0);
    span = sum(span, scaled({ lo: Math.min(lo, hi), hi: Math.max(lo, hi) }, axis.stride));
  }
  return span;
}

/** Draws one program; all its state lives in one object so that a step can be thrown away. */
class Drawing {
  readonly constants: Constant[] = [];
  readonly steps: Step[] = [];
  readonly sizes: number[];
  readonly ranges: Range[];
  /** Slots for one input, to see what a drawn step does. */
  readonly probe: Int32Array[];
  readonly input: InputSlot;

  constructor(
    readonly random: Random,
    readonly maxElements: number,
  ) {
    const width = random.pick(WIDTHS);
    this.input = { elements: random.int(1, maxElements), width };
    this.sizes = [this.input.elements];
    this.ranges = [widthRange(width)];
    this.probe = [randomValues(random, this.input)];
  }

  // ---- constants and sources

  constant(elements: number, range: Range): number {
    const { random } = this;
    const data = Int32Array.from({ length: elements }, () => random.edgy(range.lo, range.hi));
    const { lo, hi } = rangeOfValues(data);
    this.constants.push({ name: `c${this.constants.length}`, width: widthFor(lo, hi), data });
    return this.constants.length - 1;
  }

  sizeOf(source: Source): number {
    if (source.kind === 'slot') return this.sizes[source.index] as number;
    return source.kind === 'constant' ? (this.constants[source.index] as Constant).data.length : 1;
  }

  rangeOf(operand: Operand): Range {
    const { source, view, weight } = operand;
    if (source.kind === 'none') return { lo: weight, hi: weight };
    let range: Range;
    if (source.kind === 'slot') range = this.ranges[source.index] as Range;
    else range = rangeOfValues((this.constants[source.index] as Constant).data);
    if (view.axes.length > 0) range = union(range, { lo: view.fill, hi: view.fill });
    return scaled(range, weight);
  }

  source(constantElements: number): Source {
    const { random } = this;
    if (random.chance(0.08)) return { kind: 'none' };
    if (random.chance(0.3)) {
      if (this.constants.length > 0 && random.chance(0.3))
        return { kind: 'constant', index: random.int(0, this.constants.length - 1) };
      const wide = widthRange(random.pick(WIDTHS));
      const narrow = random.chance(0.5) ? { lo: -random.int(0, 9), hi: random.int(0, 9) } : wide;
      return { kind: 'constant', index: this.constant(Math.max(1, constantElements), narrow) };
    }
    const last = this.steps.length;
    return { kind: 'slot', index: random.chance(0.3) ? 0 : random.chance(0.5) ? last : random.int(0, last) };
  }

  // ---- views

  /** A view of `elements` elements that moves with the first `moving` loops only; leaves `slack` elements free at its end. */
  view(loops: readonly number[], moving: number, elements: number, slack = 0): View {
    const { random } = this;
    const fill = random.chance(0.4) ? 0 : random.edgy(-300, 300);
    for (let attempt = 0; attempt < 12; attempt++) {
      const drawn = random.chance(0.75)
        ? this.shapedView(loops, moving, elements - slack)
        : this.wildView(loops, moving);
      const span = spanOf(drawn, loops);
      const free = elements - slack - (span.hi - span.lo + 1);
      if (free >= 0) return { ...drawn, offset: random.pick([0, 0, random.int(0, free), free]) - span.lo, fill };
    }
    return { offset: random.int(0, elements - slack - 1), coefs: loops.map(() => 0), axes: [], fill };
  }

  /** The source as a row-major array of a few dims, each followed by no, one or several loops; some dims are padded. */
  shapedView(loops: readonly number[], moving: number, elements: number): View {
    const { random } = this;
    const dims: number[][] = []; // coefs of the loops that move along a source dim
    for (const loop of random.shuffled([...Array(moving).keys()])) {
      if (random.chance(0.12)) continue;
      const coef = random.pick([1, 1, 1, 1, 1, 2, -1, 3, -2]);
      const shared = dims.length > 0 && random.chance(0.2);
      const coefs = shared ? random.pick(dims) : loops.map(() => 0);
      coefs[loop] = coef;
      if (!shared) dims.push(coefs);
      if (dims.length > 1 && random.chance(0.1)) random.pick(dims)[loop] = random.pick([1, -1]);
    }
    let left = elements;
    const shaped = dims.slice(0, 8).map((coefs) => {
      const c = affineRange(0, coefs, loops);
      const need = c.hi - c.lo + 1;
      if (need <= left && random.chance(0.55)) {
        const extent = Math.min(left, need + random.int(0, 1));
        left = Math.floor(left / extent);
        return { coefs, extent, base: -c.lo, guarded: random.chance(0.1) };
      }
      const extent = random.int(1, Math.max(1, Math.min(left, need + 1)));
      left = Math.floor(left / extent);
      return { coefs, extent, base: random.int(-c.hi, extent - 1 - c.lo), guarded: true };
    });
    const coefs = loops.map(() => 0);
    const axes: Axis[] = [];
    let stride = 1;
    for (const dim of random.chance(0.7) ? shaped : random.shuffled(shaped)) {
      const by = stride;
      if (dim.guarded) axes.push({ stride: by, extent: dim.extent, base: dim.base, coefs: dim.coefs });
      else
        dim.coefs.forEach((coef, i) => {
          coefs[i] = (coefs[i] as number) + coef * by;
        });
      stride *= dim.extent;
    }
    return { offset: 0, coefs, axes, fill: 0 };
  }

  /** Any small numbers at all. */
  wildView(loops: readonly number[], moving: number): View {
    const { random } = this;
    const small = (i: number): number => (i < moving && random.chance(0.5) ? random.int(-4, 4) : 0);
    const axes = Array.from({ length: random.pick([0, 1, 1, 2, 3]) }, () => ({
      stride: random.int(-5, 5),
      extent: random.int(1, 6),
      base: random.int(-6, 6),
      coefs: loops.map((_, i) => small(i)),
    }));
    return { offset: 0, coefs: loops.map((_, i) => (random.chance(0.5) ? small(i) : 0)), axes, fill: 0 };
  }

  // ---- operands

  /** An operand whose weighted values stay below `limit`. */
  operand(loops: readonly number[], moving: number, limit: number, constantElements = 0, slack = 0): Operand {
    const { random } = this;
    const wanted =
      constantElements || random.int(1, Math.min(2 * this.maxElements, 4 * elementCount(loops.slice(0, moving))));
    const source = this.source(wanted + slack);
    if (source.kind === 'none') return scalar(this.weight(1, limit));
    const view = this.view(loops, moving, this.sizeOf(source), Math.min(slack, this.sizeOf(source) - 1));
    const operand = { source, weight: 1, view };
    return { ...operand, weight: this.weight(magnitude(this.rangeOf(operand)), limit) };
  }

  /** Mostly small positive numbers, so that the quotient says something; sometimes zero, negative, or anything. */
  divisor(loops: readonly number[], moving: number): Operand {
    const { random } = this;
    if (random.chance(0.4)) return this.operand(loops, moving, 2 ** random.int(2, 52));
    const size = random.int(1, 20);
    const source: Source = { kind: 'constant', index: this.constant(size, { lo: -1, hi: 2 ** random.int(1, 12) }) };
    return { source, weight: random.pick([1, 1, 7]), view: this.view(loops, moving, size) };
  }

  /** A weight with `weight · most < limit`: mostly small, sometimes as large as it may be. */
  weight(most: number, limit: number): number {
    const { random } = this;
    const largest = Math.floor((limit - 1) / Math.max(most, 1));
    const draw = random.unit();
    let size = 1;
    if (draw > 0.95) size = largest;
    else if (draw > 0.85) size = Math.floor(largest * random.unit());
    else if (draw > 0.6) size = random.chance(0.05) ? 0 : random.int(1, 9);
    const bounded = Math.max(0, Math.min(size, largest));
    return random.chance(0.3) && bounded > 0 ? -bounded : bounded;
  }

  // ---- steps

  dims(most: number, maxRank: number): number[] {
    const { random } = this;
    const dims: number[] = [];
    let left = most;
    for (let rank = random.chance(0.06) ? 0 : random.int(1, maxRank); rank > 0; rank--) {
      const dim = random.chance(0.12) ? 1 : random.int(1, Math.max(1, Math.min(left, random.pick([4, 7, 12, left]))));
      dims.push(dim);
      left = Math.floor(left / dim);
    }
    return dims;
  }

  /** Operands a, b, c with room in them for the reduction; throws Retry when the numbers would be too large. */
  combined(combine: Combine, loops: readonly number[], terms: number, post: Post, outRank: number, limit: number) {
    const { random } = this;
    const all = loops.length;
    const share = Math.max(2, Math.floor(limit / terms));
    const unused = scalar(0);
    const moving = post === 'divide' ? outRank : all;
    const c = (most: number): Operand => this.operand(loops, moving, most);
    const divisor = post === 'divide' ? this.divisor(loops, outRank) : unused;
    switch (combine) {
      case 'first':
        return { a: this.operand(loops, all, share), b: unused, c: divisor };
      case 'product': {
        const a = this.operand(loops, all, random.chance(0.2) ? 2 ** 32 : share);
        const b = this.operand(loops, all, share / Math.max(1, magnitude(this.rangeOf(a))));
        return { a, b, c: divisor };
      }
      case 'sum':
        return { a: this.operand(loops, all, share / 2), b: this.operand(loops, all, share / 2), c: divisor };
      case 'select': {
        const b = this.operand(loops, all, share);
        return { a: this.operand(loops, all, EXACT_LIMIT), b, c: post === 'divide' ? divisor : c(share) };
      }
      case 'indexed': {
        const slack = random.int(0, 12);
        const a = this.operand(loops, all, share, random.int(1, 2 * this.maxElements), slack);
        return { a, b: this.operand(loops, all, EXACT_LIMIT), c: divisor };
      }
      default:
        return { a: this.operand(loops, all, share), b: this.operand(loops, all, share), c: divisor };
    }
  }

  /** How far `indexed` may move operand a: the position after the largest index exists still. */
  index(combine: Combine, a: Operand, loops: readonly number[]): { stride: number; extent: number } {
    const { random } = this;
    if (combine !== 'indexed') return { stride: 0, extent: 1 };
    if (a.source.kind === 'none') return { stride: random.int(-3, 3), extent: random.int(1, 9) };
    const span = spanOf(a.view, loops);
    const below = span.lo + a.view.offset;
    const above = this.sizeOf(a.source) - 1 - (span.hi + a.view.offset);
    const room = random.chance(0.6) ? above : below;
    const size = random.int(0, Math.max(0, Math.min(room, 4)));
    const extent = size === 0 ? random.int(1, 9) : Math.floor(room / size) + 1;
    return { stride: room === above ? size : -size, extent: random.chance(0.7) ? extent : random.int(1, extent) };
  }

  combinedRange(combine: Combine, a: Range, b: Range, c: Range): Range {
    switch (combine) {
      case 'first':
      case 'indexed':
        return a;
      case 'product':
        return product(a, b);
      case 'sum':
        return sum(a, b);
      case 'max':
        return { lo: Math.max(a.lo, b.lo), hi: Math.max(a.hi, b.hi) };
      case 'min':
        return { lo: Math.min(a.lo, b.lo), hi: Math.min(a.hi, b.hi) };
      case 'select':
        return union(b, c);
      default:
        return { lo: 0, hi: 1 };
    }
  }

  /** Rescaling that keeps every intermediate below the limit, or null when this draw does not. */
  rescale(accumulator: Range, loops: readonly number[], outRank: number, post: Post) {
    const { random } = this;
    const limit = post === 'sqrt' ? SQRT_LIMIT : EXACT_LIMIT;
    const room = (limit - 1) / Math.max(1, magnitude(accumulator));
    const mult = random.chance(0.4) ? scalar(this.weight(1, room)) : this.operand(loops, outRank, room);
    const product_ = product(accumulator, this.rangeOf(mult));
    const rest = limit - magnitude(product_);
    const add = random.chance(0.4)
      ? scalar(this.weight(1, Math.max(2, rest)))
      : this.operand(loops, outRank, Math.max(2, rest));
    const v = sum(product_, this.rangeOf(add));
    if (!fits(product_) || !fits(v)) return null;
    const bits = Math.ceil(Math.log2(magnitude(v) + 1));
    const headroom = Math.floor(Math.log2(limit / (magnitude(v) + 1)));
    const useful = Math.min(52, Math.max(0, bits - random.int(8, 52)));
    const shift = random.chance(0.75) ? useful : random.pick([0, 1, 2, random.int(0, 8), 52]);
    const signed = headroom > 1 && random.chance(0.15) ? -random.int(1, Math.min(52, headroom - 1)) : shift;
    if (signed > 0 && !fits({ lo: v.lo, hi: v.hi + 2 ** (signed - 1) })) return null;
    const r =
      signed > 0
        ? {
            lo: Math.floor((v.lo + 2 ** (signed - 1)) / 2 ** signed),
            hi: Math.floor((v.hi + 2 ** (signed - 1)) / 2 ** signed),
          }
        : scaled(v, 2 ** -signed);
    return fits(r, limit) ? { mult, add, shift: signed, r } : null;
  }

  clampAndLookup(r: Range, post: Post): { lo: number; hi: number; lookup: Lookup | null } {
    const { random } = this;
    const root = post === 'sqrt' ? { lo: 0, hi: Math.floor(Math.sqrt(Math.max(0, r.hi))) } : r;
    const reach = {
      lo: Math.max(INT32_MIN, Math.min(root.lo, INT32_MAX)),
      hi: Math.min(INT32_MAX, Math.max(root.hi, INT32_MIN)),
    };
    const bounds = random.chance(0.5)
      ? reach
      : random.pick([
          { lo: INT32_MIN, hi: INT32_MAX },
          widthRange(random.pick(WIDTHS)),
          { lo: random.edgy(reach.lo, reach.hi), hi: random.edgy(reach.lo, reach.hi) },
          { lo: 0, hi: INT32_MAX },
        ]);
    const lo = Math.min(bounds.lo, bounds.hi);
    const hi = Math.max(bounds.lo, bounds.hi);
    if (random.chance(0.75)) return { lo, hi, lookup: null };
    const length = random.pick([1, 2, random.int(1, 40), random.int(1, 400)]);
    const constant = this.constant(length, widthRange(random.pick(WIDTHS)));
    const base = random.chance(0.5) ? random.int(-length, 0) : random.edgy(lo, hi);
    return { lo, hi, lookup: { constant, base, length } };
  }

  /** A convolution-like or matrix-product-like loop nest: the structures that the executor has fast paths for. */
  structured(): { outDims: number[]; redDims: number[]; a: Operand; b: Operand } | null {
    const { random } = this;
    const slot = random.int(0, this.steps.length);
    const elements = this.sizes[slot] as number;
    const source: Source = { kind: 'slot', index: slot };
    const weights = (count: number): Source => ({
      kind: 'constant',
      index: this.constant(count, { lo: -random.int(1, 90), hi: random.int(1, 90) }),
    });
    const place = (view: View, of: Source): Operand => ({ source: of, weight: random.pick([1, 1, 1, -1, 2]), view });
    if (random.chance(0.4)) {
      const k = random.int(1, Math.min(6, elements));
      const m = random.int(1, Math.max(1, Math.min(5, Math.floor(elements / k))));
      const n = random.int(1, Math.max(1, Math.min(6, Math.floor(this.maxElements / m))));
      if (m * n > this.maxElements) return null;
      const transposed = random.chance(0.5);
      const b = weights(k * n);
      return {
        outDims: [m, n],
        redDims: [k],
        a: place({ offset: elements - m * k, coefs: transposed ? [1, 0, m] : [k, 0, 1], axes: [], fill: 0 }, source),
        b: place({ offset: 0, coefs: random.chance(0.5) ? [0, 1, n] : [0, k, 1], axes: [], fill: 0 }, b),
      };
    }
    const channels = random.int(1, Math.min(3, elements));
    const width = random.int(1, Math.min(7, Math.floor(elements / channels)));
    const height = Math.floor(elements / channels / width);
    const groups = random.chance(0.3) && channels > 1 ? channels : 1;
    const inner = channels / groups;
    const outer = random.int(1, 3);
    const kernel = [random.int(1, 3), random.int(1, 3)] as const;
    const stride = random.int(1, 2);
    const dilation = random.int(1, 2);
    const rows = Math.max(1, Math.min(random.int(1, 5), Math.floor(this.maxElements / (groups * outer))));
    const columns = Math.max(1, Math.min(random.int(1, 5), Math.floor(this.maxElements / (groups * outer * rows))));
    if (rows * columns * groups * outer > this.maxElements) return null;
    // loops: row, column, group, outer | kernel row, kernel column, inner
    const axis = (by: number, extent: number, base: number, coefs: number[]): Axis => ({
      stride: by,
      extent,
      base,
      coefs,
    });
    return {
      outDims: [rows, columns, groups, outer],
      redDims: [kernel[0], kernel[1], inner],
      a: place(
        {
          offset: 0,
          coefs: [0, 0, inner, 0, 0, 0, 1],
          axes: [
            axis(width * channels, height, -random.int(0, 2), [stride, 0, 0, 0, dilation, 0, 0]),
            axis(channels, width, -random.int(0, 2), [0, stride, 0, 0, 0, dilation, 0]),
          ],
          fill: random.pick([0, 0, 0, -7, INT32_MIN]),
        },
        source,
      ),
      b: place(
        {
          offset: 0,
          coefs: [0, 0, outer, 1, kernel[1] * inner * groups * outer, inner * groups * outer, groups * outer],
          axes: [],
          fill: 0,
        },
        weights(kernel[0] * kernel[1] * inner * groups * outer),
      ),
    };
  }

  step(name: string): Step | null {
    const { random } = this;
    const structure = random.chance(0.3) ? this.structured() : null;
    const post: Post = random.chance(0.75) ? 'none' : random.pick(['divide', 'divide', 'sqrt'] as const);
    const outDims = structure?.outDims ?? this.dims(this.maxElements, random.chance(0.1) ? 6 : 4);
    const reduces = structure || random.chance(0.5);
    const redDims = structure?.redDims ?? (reduces ? this.dims(this.maxElements, 3) : []);
    const reduce: Reduce = reduces ? random.pick(REDUCES.slice(1)) : 'none';
    const loops = [...outDims, ...redDims];
    const terms = reduce === 'sum' ? elementCount(redDims) : 1;
    const combine: Combine = structure
      ? random.chance(0.75)
        ? 'product'
        : random.pick(COMBINES.slice(0, 8))
      : random.pick(COMBINES);
    const drawn = this.combined(combine, loops, terms, post, outDims.length, 2 ** random.pick([53, 53, 40, 32, 32]));
    const { a, b, c } = { ...drawn, ...(structure ? { a: structure.a, b: structure.b } : {}) };
    const index = this.index(combine, a, loops);
    const ofA = this.rangeOf(a);
    const ofB = this.rangeOf(b);
    const ofC = this.rangeOf(c);
    const term = this.combinedRange(combine, ofA, ofB, ofC);
    if (![ofA, ofB, ofC, term].every((range) => fits(range)) || magnitude(term) * terms >= EXACT_LIMIT) return null;
    const argument = reduce === 'argMax' || reduce === 'argMin';
    const accumulator = argument ? { lo: 0, hi: elementCount(redDims) - 1 } : scaled(term, terms);
    const rescaled = this.rescale(accumulator, loops, outDims.length, post);
    if (!rescaled) return null;
    const { mult, add, shift, r } = rescaled;
    const { lo, hi, lookup } = this.clampAndLookup(r, post);
    const table = lookup ? (this.constants[lookup.constant] as Constant).width : widthFor(lo, hi);
    const width = random.chance(0.1) ? 4 : table;
    const origin = { node: name, operator: 'Random' };
    return {
      name,
      origin,
      outDims,
      redDims,
      combine,
      reduce,
      a,
      b,
      c,
      mult,
      add,
      index,
      shift,
      post,
      lo,
      hi,
      lookup,
      width,
    };
  }

  /** The program as it stands. */
  program(): Program {
    const { input, steps, constants } = this;
    return { input, inputs: [], outputs: [], steps, constants };
  }

  /** Adds a step. Most draws whose output is one number everywhere are thrown away: they hide what comes after them. */
  append(): void {
    const { random, steps, constants } = this;
    for (;;) {
      const kept = constants.length;
      const step = this.step(`step${steps.length}`);
      if (step) {
        const output = evaluateStep(this.program(), step, this.probe);
        const dull = output.length > 1 && output.every((x) => x === output[0]);
        if (!dull || random.chance(0.1)) {
          steps.push(step);
          this.probe.push(output);
          this.sizes.push(output.length);
          const table = step.lookup && (constants[step.lookup.constant] as Constant).data;
          this.ranges.push(table ? rangeOfValues(table) : { lo: step.lo, hi: step.hi });
          return;
        }
      }
      constants.length = kept;
    }
  }
}

/** A random legal program: the same for the same seed and options. */
export function randomProgram(seed: number, options: RandomProgramOptions = {}): Program {
  const drawing = new Drawing(new Random(seed), options.maxElements ?? 64);
  const steps = options.steps ?? 6;
  while (drawing.steps.length < steps) drawing.append();
  const last = drawing.steps[steps - 1];
  return {
    input: drawing.input,
    inputs: [{ name: 'x', shape: [drawing.input.elements], type: 'float32', scale: 1, offset: 0 }],
    outputs: [
      { name: 'y', shape: last ? [...last.outDims] : [drawing.input.elements], type: 'float32', scale: 1, offset: 0 },
    ],
    steps: drawing.steps,
    constants: drawing.constants,
  };
}

/** A packed input for a program: any value of the input's width, often its extremes. */
export function randomInput(program: Program, seed: number): Int32Array {
  return randomValues(new Random(seed ^ 0x5bd1e995), program.input);
}

function randomValues(random: Random, { elements, width }: InputSlot): Int32Array {
  const { lo, hi } = widthRange(width);
  return Int32Array.from({ length: elements }, () => random.edgy(lo, hi));
}
