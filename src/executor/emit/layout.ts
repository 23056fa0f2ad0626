/**
 * Recovers the structure of an access. A flat source that is read with strides 96, 8 and 1 is a row-major array of shape
 * [.., 12, 8], and the access a slice of it. This finds the mixed radix ("digits") in which each loop moves one digit; loops
 * that share digits (the position and the offset of a window) or a guard are taken together in one digit that is gathered.
 */
import type { Access, LoopRange } from './access.js';

/** One dimension of the reshaped source: its coordinate is `base + step·loop`, or just `base`. */
export interface Digit {
  readonly size: number;
  readonly loop: number | null;
  readonly base: number;
  readonly step: number;
}

export interface Layout {
  /** Elements of the source that are reshaped: the source is cut or padded to this length. */
  readonly length: number;
  /** Outermost first. */
  readonly digits: readonly Digit[];
  readonly gather: Gather | null;
}

/** The digit that several loops move together. Its coordinate is `(position - block) / radix`; see `gatherIndex`. */
export interface Gather {
  /** Which digit. */
  readonly position: number;
  /** The loops, in the order of the index. */
  readonly loops: readonly number[];
  /** Position at rest, of which the finer digits take what is left after `radix`. */
  readonly start: number;
  readonly block: number;
  readonly radix: number;
}

function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

const modulo = (a: number, b: number): number => a - Math.floor(a / b) * b;

class Search {
  readonly gathered = new Set<number>();

  constructor(
    readonly access: Access,
    readonly elements: number,
    readonly order: readonly number[],
  ) {}

  count(loop: number): number {
    return (this.access.ranges[loop] as LoopRange).count;
  }

  /** Combinations of these loops. */
  size(loops: readonly number[]): number {
    return loops.reduce((n, loop) => n * this.count(loop), 1);
  }

  stride(loop: number): number {
    return this.access.strides[loop] as number;
  }

  /** Loops that move the position or a guard. */
  moving(): number[] {
    const { guards } = this.access;
    return this.order.filter(
      (loop) => this.count(loop) > 1 && (this.stride(loop) !== 0 || guards.some((guard) => guard.coefs[loop] !== 0)),
    );
  }

  /** Radices of loops in falling order of stride, below `top` (0: no top), each dividing the one before. */
  radices(loops: readonly number[], top: number): number[] {
    let radix = top;
    return loops.map((loop) => {
      radix = gcd(this.stride(loop), radix);
      return radix;
    });
  }

  /**
   * Writes a position in mixed radix, one digit a loop and a last one for the remainder.
   *
   * @returns the digits, or the place in `loops` of the first loop that overflows into the digit above.
   */
  digits(
    loops: readonly number[],
    radices: readonly number[],
    top: number,
    bottom: number,
    position: number,
  ): Digit[] | number {
    const digits: Digit[] = [];
    let [above, rest] = [top, position];
    for (const [i, loop] of loops.entries()) {
      const radix = radices[i] as number;
      const size = above / radix;
      const step = Math.abs(this.stride(loop)) / radix;
      const first = Math.floor(rest / radix);
      const span = step * (this.count(loop) - 1);
      if (first + span >= size) return i;
      digits.push(
        this.stride(loop) > 0 ? { size, loop, base: first, step } : { size, loop, base: first + span, step: -step },
      );
      [above, rest] = [radix, rest - first * radix];
    }
    if (above > bottom) digits.push({ size: above / bottom, loop: null, base: Math.floor(rest / bottom), step: 1 });
    return digits;
  }

  /** What these loops subtract at most from the position. */
  descent(loops: readonly number[]): number {
    return loops.reduce((sum, loop) => sum + Math.min(0, this.stride(loop) * (this.count(loop) - 1)), 0);
  }

  ascent(loops: readonly number[]): number {
    return loops.reduce((sum, loop) => sum + Math.max(0, this.stride(loop) * (this.count(loop) - 1)), 0);
  }

  /** Loops that are not gathered, in falling order of stride. */
  plain(): number[] {
    return this.moving()
      .filter((loop) => !this.gathered.has(loop))
      .sort((a, b) => Math.abs(this.stride(b)) - Math.abs(this.stride(a)));
  }

  /** Length to which the source is cut or padded so that it divides into `radix`. */
  length(radix: number, last: number): number {
    return this.elements % radix === 0 ? this.elements : Math.ceil((last + 1) / radix) * radix;
  }

  complete(): Layout {
    for (;;) {
      const layout = this.attempt();
      if (layout) return layout;
    }
  }

  /** One attempt: a layout, or null after more loops were marked as gathered. */
  attempt(): Layout | null {
    return this.gathered.size === 0 ? this.sliced() : this.withGather();
  }

  sliced(): Layout | null {
    const loops = this.plain();
    const first = this.access.offset + this.descent(loops);
    const last = this.access.offset + this.ascent(loops);
    let overflow = 0;
    // The source as it is, or cut or padded so that the coarsest stride divides it.
    for (const top of [this.elements, 0]) {
      const radices = this.radices(loops, top);
      const length = this.length(radices[0] ?? 1, last);
      const digits = this.digits(loops, radices, length, 1, first);
      if (typeof digits !== 'number') return { length, digits, gather: null };
      overflow = digits;
    }
    for (const i of [overflow - 1, overflow]) if (loops[i] !== undefined) this.gathered.add(loops[i]);
    return null;
  }

  withGather(): Layout | null {
    const loops = this.plain();
    const together = this.order.filter((loop) => this.gathered.has(loop));
    // Loops at least as coarse as the gathered ones lie outside, finer ones inside; the radix between falls as outer ones join.
    let radix = together.reduce((r, loop) => gcd(r, this.stride(loop)), 0);
    let outer: number[] = [];
    for (;;) {
      const coarse = loops.filter((loop) => radix !== 0 && Math.abs(this.stride(loop)) >= radix);
      if (coarse.length === outer.length) break;
      outer = coarse;
      radix = outer.reduce((r, loop) => gcd(r, this.stride(loop)), radix);
    }
    const inner = loops.filter((loop) => !outer.includes(loop));
    const outerRadices = this.radices(outer, 0);
    const above = outerRadices.at(-1) ?? 0;
    const start = this.access.offset + this.descent(loops);
    if (radix === 0) radix = this.elements; // only guards move
    const innerFirst = modulo(start, radix);
    const { low, high } = this.reach(together, start - innerFirst);
    const block = above === 0 ? 0 : Math.floor(low / above) * above;
    if (above !== 0 && high >= block + above) {
      this.gathered.add(outer.at(-1) as number);
      return null;
    }
    const last = high + this.ascent(outer) - this.descent(outer) + radix - 1;
    const length = this.length(outerRadices[0] ?? radix, last);
    const outerDigits = this.digits(outer, outerRadices, length, above || length, block);
    if (typeof outerDigits === 'number') {
      for (const i of [outerDigits - 1, outerDigits]) if (outer[i] !== undefined) this.gathered.add(outer[i]);
      return null;
    }
    const innerDigits = this.digits(inner, this.radices(inner, radix), radix, 1, innerFirst);
    if (typeof innerDigits === 'number') {
      for (const i of [innerDigits - 1, innerDigits]) if (inner[i] !== undefined) this.gathered.add(inner[i]);
      return null;
    }
    const middle: Digit = { size: (above || length) / radix, loop: null, base: 0, step: 1 };
    return {
      length,
      digits: [...outerDigits, middle, ...innerDigits],
      gather: { position: outerDigits.length, loops: together, start: start - innerFirst, block, radix },
    };
  }

  /** Bounds of the positions that these loops reach from `start` inside their guards, other loops at rest. */
  reach(loops: readonly number[], start: number): { low: number; high: number } {
    const { guards } = this.access;
    let [low, high] = [start, start];
    const free = loops.map((loop) =>
      guards.reduce((sum, guard) => sum - guard.stride * (guard.coefs[loop] as number), this.stride(loop)),
    );
    const span = (coefs: readonly number[], base: number): [number, number] =>
      coefs.reduce(
        ([lo, hi], coef, i) => {
          const by = coef * (this.count(loops[i] as number) - 1);
          return [lo + Math.min(0, by), hi + Math.max(0, by)];
        },
        [base, base],
      );
    [low, high] = span(free, start);
    for (const guard of guards) {
      const coefs = loops.map((loop) => guard.coefs[loop] as number);
      const [lo, hi] = span(coefs, guard.base);
      const ends = [Math.max(0, lo), Math.min(guard.extent - 1, hi)].map((c) => guard.stride * (c - guard.base));
      low += Math.min(...ends);
      high += Math.max(...ends);
    }
    return { low: Math.max(0, low), high };
  }
}

/** The loops of a layout's result, in the order of its axes. */
export function loopsOfLayout({ digits, gather }: Layout): number[] {
  return digits.flatMap(({ loop }, i) => (i === gather?.position ? gather.loops : loop === null ? [] : [loop]));
}

function isArranged(layout: Layout, order: readonly number[]): boolean {
  const places = loopsOfLayout(layout).map((loop) => order.indexOf(loop));
  return places.every((place, i) => i === 0 || place > (places[i - 1] as number));
}

/** A gather of runs is worth an index of this many entries, where a transposition is saved or single elements are as fast. */
const MOST_GATHERED = 2 ** 20;
/** Shortest run that is gathered as such rather than element by element, or to save a transposition. */
const LEAST_RUN = 4;

function searchOf(access: Access, elements: number, order: readonly number[]): Search {
  const search = new Search(access, elements, order);
  for (const guard of access.guards)
    for (const loop of order) if (guard.coefs[loop] !== 0 && search.count(loop) > 1) search.gathered.add(loop);
  return search;
}

/**
 * @param elements of the flat source.
 * @param order the loops that are read, in the order in which the reader wants them.
 */
export function layoutOf(access: Access, elements: number, order: readonly number[]): Layout {
  const search = searchOf(access, elements, order);
  const layout = search.complete();
  if (!layout.gather) return layout;
  const short = asElements(search, layout);
  if (short) return short;
  if (isArranged(layout, order)) return layout;
  // Gathering the loops that are out of place as well saves a transposition.
  const [first, last] = [
    order.indexOf(layout.gather.loops[0] as number),
    order.indexOf(layout.gather.loops.at(-1) as number),
  ];
  layout.digits.forEach(({ loop }, i) => {
    const inside =
      loop !== null && (i < layout.gather!.position ? order.indexOf(loop) > first : order.indexOf(loop) < last);
    if (inside) search.gathered.add(loop);
  });
  const wider = search.complete();
  const isWorth = search.size(wider.gather!.loops) <= MOST_GATHERED && runOf(search, wider) >= LEAST_RUN;
  return isArranged(wider, order) && isWorth ? wider : layout;
}

/** Elements that lie together and are gathered together. */
function runOf(search: Search, { digits, gather }: Layout): number {
  return search.size(digits.slice(gather!.position + 1).flatMap(({ loop }) => (loop === null ? [] : [loop])));
}

/** A gather of short runs out of a flat source, as one of single elements. */
function asElements(search: Search, layout: Layout): Layout | null {
  const { digits, gather } = layout;
  const [outer, inner] = [digits.slice(0, gather!.position), digits.slice(gather!.position + 1)];
  const run = runOf(search, layout);
  if (run === 1 || run >= LEAST_RUN || outer.length > 0) return null;
  if (run * search.size(gather!.loops) > MOST_GATHERED * 2) return null;
  for (const { loop } of inner) if (loop !== null) search.gathered.add(loop);
  return search.complete();
}

/** Whether the loops come out in this order without a transposition. */
export function comesOrdered(access: Access, elements: number, order: readonly number[]): boolean {
  return access.empty || isArranged(layoutOf(access, elements, order), order);
}

/** Loops that can only be gathered: they share a digit or a guard with others. */
export function entangled(access: Access, elements: number, order: readonly number[]): readonly number[] {
  return access.empty ? [] : (searchOf(access, elements, order).complete().gather?.loops ?? []);
}
