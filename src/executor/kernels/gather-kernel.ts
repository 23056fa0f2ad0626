/**
 * Kernels that write what a product reads as 16-bit limbs, in the order in which it is read, with the fill in its place: so the product
 * itself knows no window, no padding and no stride of memory.
 */
import type { Axis, Operand } from '../../program/step.js';
import { WasmFunction } from '../../wasm/assembler.js';
import { type Cursor, ELEMENT_BYTES, forkCursor, moveCursor, pushInRange, startCursor, trackOf } from './cursor.js';
import { LANES, limbsOf } from './limbs.js';

const LIMB_BYTES = 2;
const LOW_HALVES = new Uint8Array(Int32Array.of(0xffff, 0xffff, 0xffff, 0xffff).buffer);

/** What is gathered: the source read through the operand's view over these loops, the last fastest. */
export interface Gather {
  readonly operand: Operand;
  readonly loops: readonly number[];
  /** Bits of the low limb; 0 where elements are whole. */
  readonly sourceBits: number;
}

/** Where a gather reads. */
export interface GatherPlaces {
  readonly source: number;
  /** As many int32 as the last loop has indices, each the fill of the view. */
  readonly fill: number;
}

/** Rows of elements for a product of matrices. */
export interface RowGather extends Gather {
  /** The first loops tell rows apart, the others the terms of a row. */
  readonly rowLoops: number;
  /** Terms of a row as it is written; those that do not exist are 0. */
  readonly terms: number;
}

/** Pairs of neighbours for windows that move over the source: lanes of two limbs, those of an element and of its neighbour. */
export interface PairGather extends Gather {
  /** The neighbour is one step of this axis further on. */
  readonly axis: number;
  readonly step: number;
}

export const rowBytes = ({ terms, sourceBits }: RowGather): number => terms * LIMB_BYTES * limbsOf(sourceBits);

/** Lanes of a limb: those that do not exist are 0. */
export const pairLanes = ({ loops }: PairGather): number => Math.ceil(loops.at(-1)! / LANES) * LANES;
export const pairBytes = (gather: PairGather): number => pairLanes(gather) * ELEMENT_BYTES * limbsOf(gather.sourceBits);

/** A function `name(from, to, block)` that writes what belongs to these indices of the first loop from `block` on. */
export const rowKernel = (name: string, gather: RowGather, places: GatherPlaces): WasmFunction =>
  new RowWriter(name, gather, places).compile();

/** The same of pairs; index 0 lies at `block`, wherever it begins. */
export const pairKernel = (name: string, gather: PairGather, places: GatherPlaces): WasmFunction =>
  new PairWriter(name, gather, places).compile();

abstract class Writer<Kind extends Gather> {
  protected readonly f: WasmFunction;
  protected readonly target = 2;

  constructor(
    name: string,
    protected readonly gather: Kind,
    protected readonly places: GatherPlaces,
  ) {
    this.f = new WasmFunction(name, ['i32', 'i32', 'i32']);
  }

  /** Loops that are run one index after the other; the rest is written by `row`. */
  protected abstract readonly outerLoops: number;
  protected abstract cursors(): Cursor[];
  protected abstract row(cursors: readonly Cursor[]): void;
  protected start(): void {}

  compile(): WasmFunction {
    const { f } = this;
    const moving = this.cursors().map((cursor) => forkCursor(f, cursor, 0));
    const index = f.local('i32');
    this.start();
    for (const cursor of moving) moveCursor(f, cursor, 0, 1, 0);
    f.get(0).set(index);
    f.repeatWhile(() => {
      this.nest(moving, 1, this.outerLoops, (inside) => this.row(inside));
      for (const cursor of moving) moveCursor(f, cursor, 0, 1);
      f.get(index).i32(1).op('i32.add').tee(index).get(1).op('i32.lt_s');
    });
    return f;
  }

  protected nest(
    cursors: readonly Cursor[],
    loop: number,
    end: number,
    body: (cursors: readonly Cursor[]) => void,
  ): void {
    const { f } = this;
    if (loop >= end) {
      body(cursors);
      return;
    }
    this.repeat(this.gather.loops[loop]!, () => {
      const inside = cursors.map((cursor) => forkCursor(f, cursor, loop));
      return {
        body: () => this.nest(inside, loop + 1, end, body),
        next: () => {
          for (const cursor of inside) moveCursor(f, cursor, loop, 1);
        },
      };
    });
  }

  protected repeat(count: number, make: () => { body: () => void; next: () => void }): void {
    const { f } = this;
    const { body, next } = make();
    if (count === 1) {
      body();
      return;
    }
    const left = f.local('i32');
    f.i32(count).set(left);
    f.repeatWhile(() => {
      body();
      next();
      f.get(left).i32(1).op('i32.sub').tee(left);
    });
  }

  /** Whether the last loop's elements lie side by side and are in range together. */
  protected isPlain({ track }: Cursor): boolean {
    const last = this.gather.loops.length - 1;
    return track.coefs[last] === 1 && track.guards.every((axis) => (axis.coefs[last] ?? 0) === 0);
  }

  /** A local with the address of the elements of the last loop, or of fills where they are out of range. */
  protected plainAddress(cursor: Cursor): number {
    const { f } = this;
    const address = f.local('i32');
    f.get(cursor.address);
    if (cursor.track.guards.length > 0) {
      f.i32(this.places.fill);
      pushInRange(f, cursor);
      f.op('select');
    }
    f.set(address);
    return address;
  }

  /** Pushes one element. */
  protected element(cursor: Cursor): void {
    const { f } = this;
    const load = (): void => {
      f.get(cursor.address).memory('i32.load');
    };
    if (cursor.track.guards.length === 0) {
      load();
      return;
    }
    pushInRange(f, cursor);
    f.when(load, () => f.i32(this.gather.operand.view.fill), 'i32');
  }

  protected advance(local: number, bytes: number): void {
    this.f.get(local).i32(bytes).op('i32.add').set(local);
  }
}

class RowWriter extends Writer<RowGather> {
  private readonly value = this.f.local('i32');
  private readonly vectors = [this.f.local('v128'), this.f.local('v128')] as const;

  protected get outerLoops(): number {
    return this.gather.rowLoops;
  }

  protected cursors(): Cursor[] {
    const { operand, loops } = this.gather;
    return [startCursor(this.f, trackOf(operand, this.places.source, loops))];
  }

  protected row(cursors: readonly Cursor[]): void {
    const { f, target } = this;
    const { loops, rowLoops, terms, sourceBits } = this.gather;
    const last = loops.length - 1;
    const count = loops[last]!;
    this.nest(cursors, rowLoops, last, ([cursor]) => {
      if (this.isPlain(cursor!)) this.plainRun(this.plainAddress(cursor!), count);
      else
        this.nest([cursor!], last, last + 1, ([each]) => {
          this.element(each!);
          f.set(this.value);
          this.storeOne();
        });
    });
    const existing = loops.slice(rowLoops).reduce((n, extent) => n * extent, 1);
    for (let i = existing; i < terms; i++) {
      f.i32(0).set(this.value);
      this.storeOne();
    }
    if (sourceBits > 0) this.advance(target, terms * LIMB_BYTES);
  }

  private get lowAt(): number {
    return this.gather.terms * LIMB_BYTES;
  }

  /** Writes the limbs of the local value. */
  private storeOne(): void {
    const { f, target, value } = this;
    const { sourceBits } = this.gather;
    f.get(target, value);
    if (sourceBits > 0) f.i32(sourceBits).op('i32.shr_s');
    f.memory('i32.store16');
    if (sourceBits > 0)
      f.get(target, value)
        .i32(2 ** sourceBits - 1)
        .op('i32.and')
        .memory('i32.store16', this.lowAt);
    this.advance(target, LIMB_BYTES);
  }

  private plainRun(address: number, count: number): void {
    const { f, target } = this;
    const inVectors = (elements: 8 | 4, times: number): void => {
      if (times === 0) return;
      this.repeat(times, () => ({
        body: () => {
          this.storeVectors(address, elements);
          this.advance(address, elements * ELEMENT_BYTES);
          this.advance(target, elements * LIMB_BYTES);
        },
        next: () => undefined,
      }));
    };
    inVectors(8, count >> 3);
    inVectors(4, (count >> 2) & 1);
    for (let i = 0; i < (count & 3); i++) {
      f.get(address)
        .memory('i32.load', i * ELEMENT_BYTES)
        .set(this.value);
      this.storeOne();
    }
  }

  /** Writes the limbs of eight or four elements. */
  private storeVectors(address: number, elements: 8 | 4): void {
    const { f, target, vectors } = this;
    const { sourceBits } = this.gather;
    const [x, y] = [vectors[0], elements === 8 ? vectors[1] : vectors[0]];
    f.get(address).memory('v128.load').set(x);
    if (elements === 8) f.get(address).memory('v128.load', 16).set(y);
    const store = (offset: number, limb: () => void): void => {
      f.get(target);
      for (const local of [x, y]) {
        f.get(local);
        limb();
      }
      f.op('i16x8.narrow_i32x4_s');
      if (elements === 8) f.memory('v128.store', offset);
      else f.set(vectors[1]).get(vectors[1]).laneMemory('v128.store64_lane', 0, offset);
    };
    if (sourceBits === 0) {
      store(0, () => undefined);
      return;
    }
    store(0, () => f.i32(sourceBits).op('i32x4.shr_s'));
    store(this.lowAt, () =>
      f
        .i32(2 ** sourceBits - 1)
        .op('i32x4.splat')
        .op('v128.and'),
    );
  }
}

class PairWriter extends Writer<PairGather> {
  private readonly values = [this.f.local('i32'), this.f.local('i32')] as const;
  private readonly vectors = [this.f.local('v128'), this.f.local('v128')] as const;

  protected get outerLoops(): number {
    return this.gather.loops.length - 1;
  }

  protected override start(): void {
    const { f, target, gather } = this;
    const rows = gather.loops.slice(1, -1).reduce((n, extent) => n * extent, 1);
    f.get(target, 0)
      .i32(rows * pairBytes(gather))
      .op('i32.mul', 'i32.add')
      .set(target);
  }

  protected cursors(): Cursor[] {
    const { operand, loops, axis: paired, step } = this.gather;
    const { view } = operand;
    const further = (axis: Axis, i: number): Axis => (i === paired ? { ...axis, base: axis.base + step } : axis);
    const neighbour = { ...operand, view: { ...view, axes: view.axes.map(further) } };
    return [operand, neighbour].map((each) => startCursor(this.f, trackOf(each, this.places.source, loops)));
  }

  protected row(cursors: readonly Cursor[]): void {
    const { f, target, gather } = this;
    const last = gather.loops.length - 1;
    const count = gather.loops[last]!;
    const lanes = pairLanes(gather);
    if (cursors.every((cursor) => this.isPlain(cursor))) {
      const addresses = cursors.map((cursor) => this.plainAddress(cursor));
      if (count >= LANES)
        this.repeat(count >> 2, () => ({
          body: () => {
            this.storeVector(addresses);
            for (const address of addresses) this.advance(address, LANES * ELEMENT_BYTES);
            this.advance(target, LANES * ELEMENT_BYTES);
          },
          next: () => undefined,
        }));
      for (let i = 0; i < count % LANES; i++) {
        addresses.forEach((address, k) => {
          f.get(address)
            .memory('i32.load', i * ELEMENT_BYTES)
            .set(this.values[k]!);
        });
        this.storeOne();
      }
    } else
      this.nest(cursors, last, last + 1, (each) => {
        each.forEach((cursor, k) => {
          this.element(cursor);
          f.set(this.values[k]!);
        });
        this.storeOne();
      });
    for (let lane = count; lane < lanes; lane++) {
      for (const value of this.values) f.i32(0).set(value);
      this.storeOne();
    }
    if (gather.sourceBits > 0) this.advance(target, lanes * ELEMENT_BYTES);
  }

  private get lowAt(): number {
    return pairLanes(this.gather) * ELEMENT_BYTES;
  }

  private storeOne(): void {
    const { f, target, values } = this;
    const { sourceBits } = this.gather;
    const [x, y] = values;
    const joined = (offset: number, limb: (value: number) => void): void => {
      f.get(target);
      limb(x);
      f.i32(0xffff).op('i32.and');
      limb(y);
      f.i32(16).op('i32.shl', 'i32.or').memory('i32.store', offset);
    };
    if (sourceBits === 0) joined(0, (value) => f.get(value));
    else {
      joined(0, (value) => f.get(value).i32(sourceBits).op('i32.shr_s'));
      joined(this.lowAt, (value) =>
        f
          .get(value)
          .i32(2 ** sourceBits - 1)
          .op('i32.and'),
      );
    }
    this.advance(target, ELEMENT_BYTES);
  }

  private storeVector(addresses: readonly number[]): void {
    const { f, target, vectors } = this;
    const { sourceBits } = this.gather;
    const [x, y] = vectors;
    f.get(addresses[0]!).memory('v128.load').set(x).get(addresses[1]!).memory('v128.load').set(y);
    const joined = (offset: number, limb: (vector: number) => void): void => {
      f.get(target);
      limb(x);
      f.v128(LOW_HALVES).op('v128.and');
      limb(y);
      f.i32(16).op('i32x4.shl', 'v128.or').memory('v128.store', offset);
    };
    if (sourceBits === 0) joined(0, (vector) => f.get(vector));
    else {
      joined(0, (vector) => f.get(vector).i32(sourceBits).op('i32x4.shr_s'));
      joined(this.lowAt, (vector) =>
        f
          .get(vector)
          .i32(2 ** sourceBits - 1)
          .op('i32x4.splat', 'v128.and'),
      );
    }
  }
}
