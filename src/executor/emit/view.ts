/** Emits an access: the tensor of what a view reads at every combination of loop indices. */
import { type Access, isActive, type LoopRange } from './access.js';
import { gatherIndex } from './gather-index.js';
import type { Graph, Value } from './graph.js';
import { type Digit, type Layout, layoutOf, loopsOfLayout } from './layout.js';
import { expand, flatten, gather, numberOfRank, pad, reshape, slice, transpose } from './ops.js';

/**
 * @param source of any shape; only its elements in row-major order count.
 * @param order the loops to have as axes; every active loop must be among them.
 * @returns one axis per loop of `order`: the loop's extent where it matters, 1 where it does not.
 */
export function emitAccess(g: Graph, source: Value, access: Access, order: readonly number[]): Value {
  const flat = flatten(g, source);
  if (access.empty) return numberOfRank(g, access.fill, order.length);
  const layout = layoutOf(access, flat.dims[0] as number, order);
  const { value, loops } = take(g, flat, layout, access);
  const count = (loop: number): number => (access.ranges[loop] as LoopRange).count;
  const ordered = order.filter((loop) => loops.includes(loop));
  const arranged = transpose(
    g,
    value,
    ordered.map((loop) => loops.indexOf(loop)),
  );
  const active = order.map((loop) => isActive(access, loop));
  const shaped = reshape(
    g,
    arranged,
    order.map((loop) => (loops.includes(loop) ? count(loop) : 1)),
  );
  // A loop may have a range and yet not move the position: its stride is cancelled by an axis, or it is a mask.
  const spread = expand(
    g,
    shaped,
    order.map((loop, i) => (active[i] ? count(loop) : 1)),
  );
  const before = order.map((loop, i) => (active[i] ? (access.ranges[loop] as LoopRange).start : 0));
  const after = order.map((loop, i) =>
    active[i] ? (access.loops[loop] as number) - count(loop) - (before[i] as number) : 0,
  );
  return pad(g, spread, before, after, access.fill);
}

/** The source reshaped, cut, and gathered; its axes are the returned loops. */
function take(g: Graph, flat: Value, layout: Layout, access: Access): { value: Value; loops: number[] } {
  const { digits, gather: gathered, length } = layout;
  const surplus = length - (flat.dims[0] as number);
  const fitted = surplus > 0 ? pad(g, flat, [0], [surplus], 0) : slice(g, flat, [{ start: 0, count: length, step: 1 }]);
  const shaped = reshape(
    g,
    fitted,
    digits.map((digit) => digit.size),
  );
  const cut = slice(
    g,
    shaped,
    digits.map(({ size, loop, base, step }, i) => {
      if (i === gathered?.position) return { start: 0, count: size, step: 1 };
      return loop === null
        ? { start: base, count: 1, step: 1 }
        : { start: base, count: (access.ranges[loop] as LoopRange).count, step };
    }),
  );
  const count = (loop: number): number => (access.ranges[loop] as LoopRange).count;
  const loops = loopsOfLayout(layout);
  if (!gathered) return { value: reshape(g, cut, loops.map(count)), loops };
  const { position } = gathered;
  const fillAt = (digits[position] as Digit).size;
  const coordinates = gatherIndex(access, gathered);
  const filled = coordinates.some((c) => c < 0);
  const padded = pad(
    g,
    cut,
    digits.map(() => 0),
    digits.map((_, i) => (filled && i === position ? 1 : 0)),
    access.fill,
  );
  const index = coordinates.map((c) => (c < 0 ? fillAt : c));
  const dims = gathered.loops.map(count);
  const key = `index ${JSON.stringify([access, fillAt, gathered.loops])}`;
  const picked = gather(g, padded, g.constant(index, dims, key), position);
  return { value: reshape(g, picked, loops.map(count)), loops };
}
