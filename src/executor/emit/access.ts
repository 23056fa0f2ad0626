/**
 * A view in the form that is easy to emit. Every axis adds an affine amount to the position, so the position as a whole is affine
 * in the loop indices; what is left of the axes are guards, and a guard on one loop only is a range of that loop.
 */
import type { View } from '../../program/step.js';

/** `0 <= base + Σ coefs[i]·loop[i] < extent`, over at least two loops. */
export interface Guard {
  readonly stride: number;
  readonly extent: number;
  readonly base: number;
  readonly coefs: readonly number[];
}

export interface LoopRange {
  readonly start: number;
  readonly count: number;
}

/** Reads element `offset + Σ strides[i]·(loop[i] - ranges[i].start)` inside all ranges and guards, and `fill` elsewhere. */
export interface Access {
  readonly loops: readonly number[];
  readonly ranges: readonly LoopRange[];
  readonly offset: number;
  /** 0 for a loop whose range is one index. */
  readonly strides: readonly number[];
  /** In indices counted from the ranges' starts. */
  readonly guards: readonly Guard[];
  readonly fill: number;
  /** Nothing is ever in range: all is fill. */
  readonly empty: boolean;
}

interface Interval {
  readonly first: number;
  readonly last: number;
}

/** Indices i with 0 <= base + coef·i < extent. */
function solve(coef: number, base: number, extent: number): Interval {
  const [low, high] = [-base / coef, (extent - 1 - base) / coef];
  return coef > 0
    ? { first: Math.ceil(low), last: Math.floor(high) }
    : { first: Math.ceil(high), last: Math.floor(low) };
}

const nothing = (loops: readonly number[], fill: number): Access => ({
  loops,
  ranges: loops.map((count) => ({ start: 0, count })),
  offset: 0,
  strides: loops.map(() => 0),
  guards: [],
  fill,
  empty: true,
});

/** @param loops extents of all loops of the nest, output dims first. */
export function accessOf(view: View, loops: readonly number[]): Access {
  const ranges: LoopRange[] = loops.map((count) => ({ start: 0, count }));
  const end = (i: number): number => (ranges[i] as LoopRange).start + (ranges[i] as LoopRange).count - 1;
  let guards: Guard[] = [...view.axes];
  for (let narrowed = true; narrowed; ) {
    narrowed = false;
    const left: Guard[] = [];
    for (const guard of guards) {
      let lo = guard.base;
      let hi = guard.base;
      const moving: number[] = [];
      guard.coefs.forEach((coef, i) => {
        if (coef === 0) return;
        const [first, last] = [coef * (ranges[i] as LoopRange).start, coef * end(i)];
        lo += Math.min(first, last);
        hi += Math.max(first, last);
        if (first !== last) moving.push(i);
      });
      if (hi < 0 || lo >= guard.extent) return nothing(loops, view.fill);
      if (lo >= 0 && hi < guard.extent) continue;
      if (moving.length > 1) {
        left.push(guard);
        continue;
      }
      const loop = moving[0] as number;
      const others = guard.coefs.reduce(
        (sum, c, i) => (i === loop ? sum : sum + c * (ranges[i] as LoopRange).start),
        0,
      );
      const { first, last } = solve(guard.coefs[loop] as number, guard.base + others, guard.extent);
      const start = Math.max(first, (ranges[loop] as LoopRange).start);
      const count = Math.min(last, end(loop)) - start + 1;
      if (count <= 0) return nothing(loops, view.fill);
      ranges[loop] = { start, count };
      narrowed = true;
    }
    guards = left;
  }
  const starts = ranges.map((range) => range.start);
  const total = loops.map((_, i) =>
    view.axes.reduce((sum, axis) => sum + axis.stride * (axis.coefs[i] as number), view.coefs[i] ?? 0),
  );
  const offset = view.axes.reduce((sum, axis) => sum + axis.stride * axis.base, view.offset) + dot(total, starts);
  return {
    loops,
    ranges,
    offset,
    strides: total.map((stride, i) => ((ranges[i] as LoopRange).count > 1 ? stride : 0)),
    guards: guards.map((guard) => ({ ...guard, base: guard.base + dot(guard.coefs, starts) })),
    fill: view.fill,
    empty: false,
  };
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => (x === 0 ? sum : sum + x * (b[i] as number)), 0);

/** Whether what is read depends on this loop. */
export function isActive(access: Access, loop: number): boolean {
  const { loops, ranges, strides, guards } = access;
  const extent = loops[loop] as number;
  if (extent === 1) return false;
  const narrow = (ranges[loop] as LoopRange).count < extent;
  return narrow || strides[loop] !== 0 || guards.some((guard) => guard.coefs[loop] !== 0);
}

/** Number of different combinations of the active loops among these. */
export function activeSize(access: Access, loops: readonly number[]): number {
  return loops.reduce((n, loop) => (isActive(access, loop) ? n * (access.loops[loop] as number) : n), 1);
}

/** Advances loop indices like an odometer over the loops `order`, the last of which moves fastest; wraps round at the end. */
export function advanceInOrder(at: Int32Array, order: readonly number[], dims: readonly number[]): void {
  for (let i = dims.length - 1; i >= 0; i--) {
    const loop = order[i] as number;
    at[loop] = (at[loop] as number) + 1;
    if ((at[loop] as number) < (dims[i] as number)) return;
    at[loop] = 0;
  }
}
