/**
 * A kernel that moves elements to another order of axes, as at the ends of models whose images lie channel by channel. Written out as a loop nest
 * such a step reads each element from another cache line; here whole lines are read, and turned in blocks of four by four.
 */
import type { Range } from '../../program/range.js';
import { elementCount, type Operand, type Step } from '../../program/step.js';
import { WasmFunction } from '../../wasm/assembler.js';
import { ELEMENT_BYTES, trackOf } from './cursor.js';

/** Rows that are turned together, most first: those of a cache line. */
const ROWS = [16, 4, 1] as const;
const LANES = 4;

export interface Turn {
  /** Slot that is read. */
  readonly slot: number;
  /** Elements of it per index of each loop. */
  readonly coefs: readonly number[];
  /** Element that is read at all indices 0. */
  readonly first: number;
  /** The loop along which elements lie side by side in the source; in the output they do along the last one. */
  readonly rows: number;
  /** Whether an element may have to be clamped. */
  readonly clamps: boolean;
}

const isNumber = ({ source, weight }: Operand, value: number): boolean => source.kind === 'none' && weight === value;

/** @param step without loops of one index. @returns null where the step is another one, or has nothing to turn. */
export function turnOf(step: Step, ranges: readonly Range[]): Turn | null {
  const { outDims, combine, reduce, post, lookup, shift, a, mult, add, lo, hi } = step;
  if (combine !== 'first' || reduce !== 'none' || post !== 'none' || lookup || shift !== 0) return null;
  if (a.source.kind !== 'slot' || a.weight !== 1 || !isNumber(mult, 1) || !isNumber(add, 0)) return null;
  const { coefs, guards, start } = trackOf(a, 0, outDims);
  const last = outDims.length - 1;
  const rows = coefs.indexOf(1);
  if (guards.length > 0 || coefs.some((coef) => coef < 0) || rows < 0 || rows === last) return null;
  if ((coefs[last] as number) < 2 || Math.min(outDims[rows] as number, outDims[last] as number) < LANES) return null;
  const range = ranges[a.source.index] as Range;
  return { slot: a.source.index, coefs, first: start / ELEMENT_BYTES, rows, clamps: range.lo < lo || range.hi > hi };
}

/** A function `name(from, to)` for these indices of the outermost output loop. */
export function turnKernel(
  name: string,
  { outDims, lo, hi }: Step,
  { coefs, first, rows, clamps }: Turn,
  places: { readonly source: number; readonly output: number },
): WasmFunction {
  const f = new WasmFunction(name, ['i32', 'i32']);
  const last = outDims.length - 1;
  const outCoefs = outDims.map((_, i) => elementCount(outDims.slice(i + 1)));
  const across = (coefs[last] as number) * ELEMENT_BYTES;
  const rowBytes = (outCoefs[rows] as number) * ELEMENT_BYTES;
  const x = Array.from({ length: LANES }, () => f.local('v128'));
  const y = Array.from({ length: LANES }, () => f.local('v128'));
  const limits = [lo, hi].map((limit) => {
    const local = f.local('v128');
    f.i32(limit).op('i32x4.splat').set(local);
    return local;
  });
  const [source, target, left] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const advance = (local: number, by: number): void => {
    f.get(local).i32(by).op('i32.add').set(local);
  };
  const repeat = (count: number, counter: number, body: () => void): void => {
    if (count === 0) return;
    f.i32(count).set(counter);
    f.repeatWhile(() => {
      body();
      f.get(counter).i32(1).op('i32.sub').tee(counter);
    });
  };

  /** Four elements of four neighbours of the last loop, turned, `at` rows further on. */
  const block = (at: number): void => {
    x.forEach((local, i) => {
      f.get(source).memory('v128.load', i * across + at * ELEMENT_BYTES);
      if (clamps) f.get(limits[0]!).op('i32x4.max_s').get(limits[1]!).op('i32x4.min_s');
      f.set(local);
    });
    const interleave = (into: number, a: number, b: number, from: number, bytes: 4 | 8): void => {
      const taken = Array.from({ length: 16 }, (_, i) => {
        const element = Math.floor(i / bytes);
        return from + (element >> 1) * bytes + (element % 2) * 16 + (i % bytes);
      });
      f.get(a, b).shuffle(taken).set(into);
    };
    interleave(y[0]!, x[0]!, x[1]!, 0, 4);
    interleave(y[1]!, x[0]!, x[1]!, 8, 4);
    interleave(y[2]!, x[2]!, x[3]!, 0, 4);
    interleave(y[3]!, x[2]!, x[3]!, 8, 4);
    for (const [i, half] of [0, 0, 1, 1].entries()) interleave(x[i]!, y[half]!, y[half + 2]!, 8 * (i % 2), 8);
    x.forEach((local, i) => {
      f.get(target, local).memory('v128.store', (at + i) * rowBytes);
    });
  };
  /** One element of the last loop in some rows. */
  const single = (count: number): void => {
    for (let row = 0; row < count; row++) {
      f.get(target, source).memory('v128.load32_splat', row * ELEMENT_BYTES);
      if (clamps) f.get(limits[0]!).op('i32x4.max_s').get(limits[1]!).op('i32x4.min_s');
      f.extractI32(0).memory('i32.store', row * rowBytes);
    }
    advance(source, across);
    advance(target, ELEMENT_BYTES);
  };
  const turn = (count: number, from: number, to: number): void => {
    f.get(from).set(source).get(to).set(target);
    const width = outDims[last] as number;
    const whole = count >= LANES ? Math.floor(width / LANES) : 0;
    repeat(whole, left, () => {
      for (let at = 0; at < count; at += LANES) block(at);
      advance(source, LANES * across);
      advance(target, LANES * ELEMENT_BYTES);
    });
    repeat(width - whole * LANES, left, () => single(count));
  };
  /** The loop over rows, of which `count`, a local, are left. */
  const turnRows = (from: number, to: number, count: number): void => {
    for (const together of ROWS) {
      const remain = (): void => {
        f.get(count).i32(together).op('i32.ge_s');
      };
      remain();
      f.when(() =>
        f.repeatWhile(() => {
          turn(together, from, to);
          advance(from, together * ELEMENT_BYTES);
          advance(to, together * rowBytes);
          advance(count, -together);
          remain();
        }),
      );
    }
  };
  const others = outDims.map((_, loop) => loop).filter((loop) => loop !== rows && loop !== last);
  const nest = (some: readonly number[], from: number, to: number, cut: number | null): void => {
    const [loop, ...rest] = some;
    const [ownFrom, ownTo, count] = [f.local('i32'), f.local('i32'), f.local('i32')];
    f.get(from).set(ownFrom).get(to).set(ownTo);
    if (loop === undefined) {
      if (cut === null) f.i32(outDims[rows] as number).set(count);
      else f.get(cut).set(count);
      turnRows(ownFrom, ownTo, count);
      return;
    }
    const here = loop === 0 ? cut : null;
    if (here === null) f.i32(outDims[loop] as number).set(count);
    else f.get(here).set(count);
    f.repeatWhile(() => {
      nest(rest, ownFrom, ownTo, loop === 0 ? null : cut);
      advance(ownFrom, (coefs[loop] as number) * ELEMENT_BYTES);
      advance(ownTo, (outCoefs[loop] as number) * ELEMENT_BYTES);
      advance(count, -1);
      f.get(count);
    });
  };

  const [from, to, cut] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const start = (local: number, at: number, coef: number): void => {
    f.get(0)
      .i32(coef * ELEMENT_BYTES)
      .op('i32.mul')
      .i32(at)
      .op('i32.add')
      .set(local);
  };
  start(from, places.source + first * ELEMENT_BYTES, coefs[0] as number);
  start(to, places.output, outCoefs[0] as number);
  f.get(1, 0).op('i32.sub').set(cut);
  nest(others, from, to, cut);
  return f;
}
