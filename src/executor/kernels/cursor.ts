/** Where a step's operands are read while its loops run: addresses and axis coordinates in local variables, moved by additions. */
import type { Axis, Operand } from '../../program/step.js';
import type { WasmFunction } from '../../wasm/assembler.js';

/** Bytes of an element in the kernels' memory. */
export const ELEMENT_BYTES = 4;

/** The code of one operand's position: what it moves by with each loop, and the axes that can leave their range. */
export interface Track {
  readonly operand: Operand;
  /** Elements per loop index. */
  readonly coefs: readonly number[];
  readonly guards: readonly Axis[];
  /** Address of the element that is read at all loop indices 0. */
  readonly start: number;
}

/** A track at a place in the nest: its locals; null for a number that lies nowhere. */
export interface Cursor {
  readonly track: Track;
  readonly address: number;
  readonly coordinates: readonly number[];
}

/** @param at address of the operand's source. @param loops extents of all loops. */
export function trackOf(operand: Operand, at: number, loops: readonly number[]): Track {
  const { view } = operand;
  const coefs = loops.map((_, i) =>
    view.axes.reduce((sum, axis) => sum + axis.stride * (axis.coefs[i] ?? 0), view.coefs[i] ?? 0),
  );
  const offset = view.axes.reduce((sum, axis) => sum + axis.stride * axis.base, view.offset);
  return {
    operand,
    coefs,
    guards: view.axes.filter((axis) => canLeave(axis, loops)),
    start: at + ELEMENT_BYTES * offset,
  };
}

function canLeave({ base, coefs, extent }: Axis, loops: readonly number[]): boolean {
  let [lo, hi] = [base, base];
  coefs.forEach((coef, i) => {
    const reach = coef * ((loops[i] as number) - 1);
    lo += Math.min(0, reach);
    hi += Math.max(0, reach);
  });
  return lo < 0 || hi >= extent;
}

/** A cursor at all loop indices 0. Addresses wrap at 2^32, and an address that is out of range is never read. */
export function startCursor(f: WasmFunction, track: Track): Cursor {
  const address = f.local('i32');
  f.i32(track.start).set(address);
  const coordinates = track.guards.map((axis) => {
    const local = f.local('i32');
    f.i32(axis.base).set(local);
    return local;
  });
  return { track, address, coordinates };
}

/** Adds `count` indices of a loop, where `count` is a number or a local. */
function move(f: WasmFunction, local: number, by: number, index: number | null): void {
  if (by === 0) return;
  f.get(local);
  if (index === null) f.i32(by);
  else f.get(index).i32(by).op('i32.mul');
  f.op('i32.add').set(local);
}

/** Moves a cursor in place: by `by` indices of a loop, or by the number in the local `index`. */
export function moveCursor(
  f: WasmFunction,
  { track, address, coordinates }: Cursor,
  loop: number,
  by: number,
  index: number | null = null,
): void {
  move(f, address, (track.coefs[loop] as number) * ELEMENT_BYTES * by, index);
  track.guards.forEach((axis, i) => {
    move(f, coordinates[i] as number, (axis.coefs[loop] ?? 0) * by, index);
  });
}

/** A cursor that starts where this one is and can be moved with a loop; itself, where the loop does not move it. */
export function forkCursor(f: WasmFunction, cursor: Cursor, loop: number): Cursor {
  const { track } = cursor;
  const copy = (local: number): number => {
    const own = f.local('i32');
    f.get(local).set(own);
    return own;
  };
  return {
    track,
    address: track.coefs[loop] === 0 ? cursor.address : copy(cursor.address),
    coordinates: track.guards.map((axis, i) => {
      const local = cursor.coordinates[i] as number;
      return (axis.coefs[loop] ?? 0) === 0 ? local : copy(local);
    }),
  };
}

/** Pushes 1 where every coordinate is in its range. The track must have guards. */
export function pushInRange(f: WasmFunction, { track, coordinates }: Cursor): void {
  track.guards.forEach((axis, i) => {
    f.get(coordinates[i] as number)
      .i32(axis.extent)
      .op('i32.lt_u');
    if (i > 0) f.op('i32.and');
  });
}
