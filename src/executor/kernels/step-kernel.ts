/**
 * Compiles one step to a WebAssembly function that runs its loop nest over int32 tensors in linear memory, in float64 arithmetic. `check.ts` has
 * proven that every intermediate value is an integer below 2^53, so float64 holds it exactly, whatever the order of a sum; and that every
 * position that is read lies in its source.
 *
 * Where the innermost output loop moves every operand by one element or not at all, elements are computed in blocks of vectors.
 */
import type { Operand, OperandName, Step } from '../../program/step.js';
import { WasmFunction } from '../../wasm/assembler.js';
import { type Cursor, ELEMENT_BYTES, forkCursor, moveCursor, pushInRange, startCursor, trackOf } from './cursor.js';
import { type Dots, LANES } from './dots.js';
import {
  emitRescale,
  emitStore,
  type FinishTerms,
  type Kind,
  OPS,
  pushNumber,
  type Table,
  type Term,
} from './finish.js';
import { PACKED_BYTES } from './pack.js';

/** Addresses of what a step reads and writes. */
export interface Places {
  slot(index: number): number;
  constant(index: number): number;
  readonly output: number;
  /** Where the weights of the step's dots lie. */
  readonly weights: number;
}

/** Vectors of a block, widest first: as many accumulators as leave room among sixteen registers. */
const BLOCKS = [4, 1] as const;

/** Groups of lanes that are computed together, most first: with two limbs or float64 sums they fill half of the registers. */
const DOT_BLOCKS = [4, 1] as const;
const LOW_HALVES = new Uint8Array(Int32Array.of(0xffff, 0xffff, 0xffff, 0xffff).buffer);
const UPPER_HALF = Array.from({ length: 16 }, (_, i) => 8 + (i % 8));

const COMBINED: Record<string, readonly OperandName[]> = { first: ['a'], select: ['a', 'b', 'c'] };
const VECTOR_COMBINES = new Set(['first', 'product', 'sum', 'max', 'min']);
const VECTOR_REDUCES = new Set(['none', 'sum', 'max', 'min']);
const FINISHING = ['mult', 'add'] as const;

/** Operands that the step looks at. */
function operandsOf(step: Step): OperandName[] {
  const names = new Set<OperandName>([...(COMBINED[step.combine] ?? ['a', 'b']), ...FINISHING]);
  if (step.post === 'divide') names.add('c');
  return [...names].filter((name) => step[name].source.kind !== 'none');
}

type Cursors = Partial<Record<OperandName, Cursor>>;

/** Whether neighbouring indices of the loop read neighbours or the same element, all in range or none. */
function movesPlainly({ track }: Cursor, loop: number): boolean {
  const by = track.coefs[loop] as number;
  return (by === 0 || by === 1) && track.guards.every((axis) => (axis.coefs[loop] ?? 0) === 0);
}

/** A function `name(from, to)` that computes the elements with these indices of the outermost output loop. */
export function stepKernel(name: string, step: Step, places: Places, dots: Dots | null): WasmFunction {
  return new StepCompiler(name, step, places, dots, 'int32').compile();
}

/**
 * A function `name(from, to, first)` that gathers the elements with these indices of the outermost output loop, as float64. Those of index
 * `first` go to the start of the output.
 */
export function gatherKernel(name: string, step: Step, places: Places): WasmFunction {
  return new StepCompiler(name, step, places, null, 'float64').compile();
}

class StepCompiler {
  private readonly f: WasmFunction;
  private readonly loops: readonly number[];
  private readonly firstReduced: number;
  private readonly table: Table | null;
  private readonly scratch: { integer: number; vector: number; number: number };
  /** Address of the next output element. */
  private readonly target: number;
  private readonly storedBytes: number;

  constructor(
    name: string,
    private readonly step: Step,
    private readonly places: Places,
    private readonly dots: Dots | null,
    private readonly stored: 'int32' | 'float64',
  ) {
    this.f = new WasmFunction(name, stored === 'int32' ? ['i32', 'i32'] : ['i32', 'i32', 'i32']);
    this.storedBytes = stored === 'int32' ? ELEMENT_BYTES : PACKED_BYTES;
    this.loops = [...step.outDims, ...step.redDims];
    this.firstReduced = step.outDims.length;
    this.table = step.lookup && { lookup: step.lookup, at: places.constant(step.lookup.constant) };
    this.scratch = { integer: this.f.local('i32'), vector: this.f.local('v128'), number: this.f.local('f64') };
    this.target = this.f.local('i32');
  }

  compile(): WasmFunction {
    const { f, step } = this;
    const cursors: Cursors = {};
    for (const name of operandsOf(step)) {
      const { source } = step[name];
      const at =
        source.kind === 'slot'
          ? this.places.slot(source.index)
          : this.places.constant((source as { index: number }).index);
      cursors[name] = startCursor(f, trackOf(step[name], at, this.loops));
    }
    const inner = step.outDims.slice(1).reduce((n, dim) => n * dim, 1);
    f.get(0);
    if (this.stored === 'float64') f.get(2).op('i32.sub');
    f.i32(inner * this.storedBytes)
      .op('i32.mul')
      .i32(this.places.output)
      .op('i32.add')
      .set(this.target);
    if (step.outDims.length === 0) this.element(cursors, 'scalar', 1);
    else if (step.outDims.length === 1) this.innermost(cursors, 0, true);
    else {
      const index = f.local('i32');
      const moving = this.fork(cursors, 0);
      for (const cursor of Object.values(moving)) moveCursor(f, cursor, 0, 1, 0);
      f.get(0).set(index);
      f.repeatWhile(() => {
        this.outer(moving, 1);
        for (const cursor of Object.values(moving)) moveCursor(f, cursor, 0, 1);
        f.get(index).i32(1).op('i32.add').tee(index).get(1).op('i32.lt_s');
      });
    }
    return f;
  }

  private fork(cursors: Cursors, loop: number): Cursors {
    return Object.fromEntries(
      Object.entries(cursors).map(([name, cursor]) => [name, forkCursor(this.f, cursor, loop)]),
    );
  }

  /** Runs `body` for `count` blocks of `by` indices of a loop. */
  private loop(cursors: Cursors, loop: number, count: number, by: number, body: (cursors: Cursors) => void): void {
    const { f } = this;
    if (count === 1) {
      body(cursors);
      return;
    }
    const moving = this.fork(cursors, loop);
    const left = f.local('i32');
    f.i32(count).set(left);
    f.repeatWhile(() => {
      body(moving);
      for (const cursor of Object.values(moving)) moveCursor(f, cursor, loop, by);
      f.get(left).i32(1).op('i32.sub').tee(left);
    });
  }

  private outer(cursors: Cursors, loop: number): void {
    if (loop === this.firstReduced - 1) this.innermost(cursors, loop, false);
    else this.loop(cursors, loop, this.loops[loop] as number, 1, (inside) => this.outer(inside, loop + 1));
  }

  /** The innermost output loop. @param cut whether it is the one that the parameters cut: then its length is known at run time only. */
  private innermost(cursors: Cursors, loop: number, cut: boolean): void {
    const { f } = this;
    const blocks = this.isVectorised(cursors, loop) ? BLOCKS : [];
    const moving = this.fork(cursors, loop);
    const left = f.local('i32');
    if (cut) {
      for (const cursor of Object.values(moving)) moveCursor(f, cursor, loop, 1, 0);
      f.get(1, 0).op('i32.sub').set(left);
    } else f.i32(this.loops[loop] as number).set(left);
    const run = (elements: number, kind: Kind, vectors: number): void => {
      f.get(left).i32(elements).op('i32.ge_s');
      f.when(() => {
        f.repeatWhile(() => {
          this.element(moving, kind, vectors);
          for (const cursor of Object.values(moving)) moveCursor(f, cursor, loop, elements);
          f.get(this.target)
            .i32(elements * this.storedBytes)
            .op('i32.add')
            .set(this.target);
          f.get(left).i32(elements).op('i32.sub').tee(left).i32(elements).op('i32.ge_s');
        });
      });
    };
    if (this.dots && !cut && this.finishMovesPlainly(cursors, loop))
      this.dotBlocks(this.dots, cursors, moving, loop, left);
    for (const vectors of blocks) run(2 * vectors, 'pair', vectors);
    run(1, 'scalar', 1);
  }

  /** Blocks of dots, as many as there are; twice, so that where no tap can leave its source none is asked whether it does. */
  private dotBlocks(dots: Dots, cursors: Cursors, moving: Cursors, loop: number, left: number): void {
    const { f } = this;
    const weights = f.local('i32');
    f.i32(this.places.weights).set(weights);
    const groups = Math.floor((this.loops[loop] as number) / LANES);
    const groupBytes = dots.weights.byteLength / groups;
    const blocks = (guarded: boolean): void => {
      for (const groups of DOT_BLOCKS) {
        const elements = LANES * groups;
        if ((this.loops[loop] as number) < elements) continue;
        f.get(left).i32(elements).op('i32.ge_s');
        f.when(() => {
          f.repeatWhile(() => {
            if (dots.limbs === null) this.floatBlock(dots, moving, weights, groups, guarded);
            else this.integerBlock(dots, dots.limbs, moving, weights, groups, guarded);
            for (const cursor of Object.values(moving)) moveCursor(f, cursor, loop, elements);
            f.get(this.target)
              .i32(elements * ELEMENT_BYTES)
              .op('i32.add')
              .set(this.target);
            f.get(weights)
              .i32(groups * groupBytes)
              .op('i32.add')
              .set(weights);
            f.get(left).i32(elements).op('i32.sub').tee(left).i32(elements).op('i32.ge_s');
          });
        });
      }
    };
    const cursor = cursors[dots.source]!;
    if (cursor.track.guards.length === 0) {
      blocks(false);
      return;
    }
    // A coordinate is affine in the indices, so where the least and the greatest of the taps are in range, all are.
    cursor.track.guards.forEach((axis, i) => {
      const reach = axis.coefs.slice(this.firstReduced).map((coef, k) => coef * ((this.step.redDims[k] as number) - 1));
      const ends = [Math.min, Math.max].map((choose) => reach.reduce((sum, x) => sum + choose(0, x), 0));
      ends.forEach((by, end) => {
        f.get(cursor.coordinates[i]!).i32(by).op('i32.add').i32(axis.extent).op('i32.lt_u');
        if (i > 0 || end > 0) f.op('i32.and');
      });
    });
    f.when(
      () => blocks(false),
      () => blocks(true),
    );
  }

  private integerBlock(
    { source, by, taps }: Dots,
    limbs: 1 | 2,
    cursors: Cursors,
    weights: number,
    groups: number,
    guarded: boolean,
  ): void {
    const { f } = this;
    const moves = by === 1;
    const cursor = cursors[source]!;
    const pairs = Math.ceil(taps.length / 2);
    const sums = Array.from({ length: groups * limbs }, () => f.local('v128'));
    const own = moves ? groups : 1;
    const [first, second] = [0, 1].map(() => Array.from({ length: own }, () => f.local(moves ? 'v128' : 'i32')));
    const together = moves ? null : f.local('v128');
    for (const sum of sums) f.v128(new Uint8Array(16)).set(sum);
    for (let pair = 0; pair < pairs; pair++) {
      const two = [taps[2 * pair]!, taps[2 * pair + 1]];
      this.tap(cursor, two[0]!, first!, moves, guarded);
      if (two[1]) this.tap(cursor, two[1], second!, moves, guarded);
      for (let i = 0; i < own; i++) {
        if (moves) {
          f.get(first![i]!).v128(LOW_HALVES).op('v128.and');
          if (two[1]) f.get(second![i]!).i32(16).op('i32x4.shl', 'v128.or');
          f.set(first![i]!);
        } else {
          f.get(first![i]!).i32(0xffff).op('i32.and');
          if (two[1]) f.get(second![i]!).i32(16).op('i32.shl', 'i32.or');
          f.op('i32x4.splat').set(together!);
        }
      }
      for (let group = 0; group < groups; group++)
        for (let limb = 0; limb < limbs; limb++) {
          const sum = sums[group * limbs + limb]!;
          f.get(sum, moves ? first![group]! : together!).get(weights);
          f.memory('v128.load', 16 * ((group * pairs + pair) * limbs + limb)).op('i32x4.dot_i16x8_s', 'i32x4.add');
          f.set(sum);
        }
    }
    this.finishBlock(cursors, 2 * groups, (half) => {
      const push = (limb: number): void => {
        const sum = sums[(half >> 1) * limbs + limb]!;
        f.get(sum);
        if (half % 2 === 1) f.get(sum).shuffle(UPPER_HALF);
        f.op('f64x2.convert_low_i32x4_s');
      };
      push(0);
      if (limbs === 2) {
        f.f64(256).op('f64x2.splat', 'f64x2.mul');
        push(1);
        f.op('f64x2.add');
      }
    });
  }

  /** Sums of both halves of each group in float64. A tap that is out of range and filled with 0 is left out. */
  private floatBlock(
    { source, by, taps }: Dots,
    cursors: Cursors,
    weights: number,
    groups: number,
    guarded: boolean,
  ): void {
    const { f } = this;
    const cursor = cursors[source]!;
    const { fill } = cursor.track.operand.view;
    const sums = Array.from({ length: 2 * groups }, () => f.local('v128'));
    const shared = f.local('v128');
    for (const sum of sums) f.v128(new Uint8Array(16)).set(sum);
    taps.forEach((index, tap) => {
      const offset = this.along(index, cursor.track.coefs) * ELEMENT_BYTES;
      const address = (): void => {
        f.get(cursor.address).i32(offset).op('i32.add');
      };
      const addAll = (push: (half: number) => void): void =>
        sums.forEach((sum, half) => {
          push(half);
          f.get(weights).memory('v128.load', 16 * (((half >> 1) * taps.length + tap) * 2 + (half % 2)));
          f.op('f64x2.mul').get(sum).op('f64x2.add').set(sum);
        });
      const inside = (): void => {
        if (by === 0) {
          address();
          f.memory('i32.load').op('f64.convert_i32_s', 'f64x2.splat').set(shared);
          addAll(() => f.get(shared));
        } else addAll((half) => this.pairAt(address, 2 * half * by, by));
      };
      if (!guarded) inside();
      else {
        this.pushTapInRange(cursor, index);
        if (fill === 0) f.when(inside);
        else f.when(inside, () => addAll(() => f.f64(fill).op('f64x2.splat')));
      }
    });
    this.finishBlock(cursors, 2 * groups, (half) => f.get(sums[half]!));
  }

  /** Pushes two elements as float64, `by` elements apart, the first `from` elements after an address. */
  private pairAt(address: () => void, from: number, by: number): void {
    const { f } = this;
    if (by === 1) {
      address();
      f.memory('v128.load64_zero', from * ELEMENT_BYTES);
    } else {
      // An offset of an instruction is not negative and does not wrap: the sum is made beforehand.
      const at = (elements: number): void => {
        address();
        f.i32(elements * ELEMENT_BYTES).op('i32.add');
      };
      at(from + by);
      f.set(this.scratch.integer);
      at(from);
      f.memory('v128.load32_zero').set(this.scratch.vector);
      f.get(this.scratch.integer, this.scratch.vector).laneMemory('v128.load32_lane', 1);
    }
    f.op('f64x2.convert_low_i32x4_s');
  }

  /** Weighs, rescales and stores the sums that `push` pushes, one pair of neighbours after the other. */
  private finishBlock(cursors: Cursors, vectors: number, push: (vector: number) => void): void {
    const terms = this.finishTerms(cursors, 'pair', vectors);
    for (let i = 0; i < vectors; i++) {
      push(i);
      this.weigh('pair');
      emitRescale(this.f, 'pair', this.step, terms(i));
      emitStore(this.f, 'pair', this.step, this.table, this.target, 2 * ELEMENT_BYTES * i, this.scratch);
    }
  }

  /** What reduction indices add to an affine number. */
  private along(index: readonly number[], coefs: readonly number[]): number {
    return index.reduce((sum, i, k) => sum + i * (coefs[this.firstReduced + k] ?? 0), 0);
  }

  /** Pushes 1 where the tap with these reduction indices is in range. */
  private pushTapInRange({ track, coordinates }: Cursor, index: readonly number[]): void {
    const { f } = this;
    track.guards.forEach((axis, i) => {
      f.get(coordinates[i]!).i32(this.along(index, axis.coefs)).op('i32.add').i32(axis.extent).op('i32.lt_u');
      if (i > 0) f.op('i32.and');
    });
  }

  /** Reads one tap of a block into locals: vectors of neighbours, or one number for all. */
  private tap(
    cursor: Cursor,
    index: readonly number[],
    into: readonly number[],
    moves: boolean,
    guarded: boolean,
  ): void {
    const { f } = this;
    const { track } = cursor;
    const load = (): void =>
      into.forEach((local, i) => {
        f.get(cursor.address)
          .i32(this.along(index, track.coefs) * ELEMENT_BYTES)
          .op('i32.add');
        f.memory(moves ? 'v128.load' : 'i32.load', 16 * i).set(local);
      });
    if (!guarded) {
      load();
      return;
    }
    this.pushTapInRange(cursor, index);
    f.when(load, () => {
      for (const local of into) {
        f.i32(track.operand.view.fill);
        if (moves) f.op('i32x4.splat');
        f.set(local);
      }
    });
  }

  private isVectorised(cursors: Cursors, loop: number): boolean {
    const { combine, reduce, outDims } = this.step;
    if (!VECTOR_COMBINES.has(combine) || !VECTOR_REDUCES.has(reduce) || (outDims[loop] as number) < 2) return false;
    return Object.values(cursors).every((cursor) => movesPlainly(cursor, loop));
  }

  private finishMovesPlainly(cursors: Cursors, loop: number): boolean {
    const names: OperandName[] = this.step.post === 'divide' ? [...FINISHING, 'c'] : [...FINISHING];
    return names.every((name) => !cursors[name] || movesPlainly(cursors[name], loop));
  }

  /** One element, or a block of `vectors` pairs of neighbours: reduce, finish, store. */
  private element(cursors: Cursors, kind: Kind, vectors: number): void {
    const { f, step } = this;
    const ops = OPS[kind];
    const type = kind === 'pair' ? 'v128' : 'f64';
    const accumulators = Array.from({ length: vectors }, () => f.local(type));
    const argument = step.reduce === 'argMax' || step.reduce === 'argMin';
    const position = argument ? { now: f.local('f64'), best: f.local('f64') } : null;
    if (step.reduce === 'none') this.combined(cursors, kind, vectors, (i) => f.set(accumulators[i]!));
    else {
      const neutral =
        step.reduce === 'sum'
          ? 0
          : step.reduce === 'max' || step.reduce === 'argMax'
            ? Number.NEGATIVE_INFINITY
            : Number.POSITIVE_INFINITY;
      for (const accumulator of accumulators) {
        pushNumber(f, kind, neutral);
        f.set(accumulator);
      }
      if (position) f.f64(0).set(position.now).f64(0).set(position.best);
      this.reduction(cursors, this.firstReduced, (inside) =>
        this.combined(inside, kind, vectors, (i) => {
          if (position) this.better(accumulators[i]!, position);
          else {
            const join = step.reduce === 'sum' ? ops.add : step.reduce === 'max' ? ops.max : ops.min;
            f.get(accumulators[i]!).op(join).set(accumulators[i]!);
          }
        }),
      );
    }
    if (this.stored === 'float64') {
      const store = kind === 'pair' ? 'v128.store' : 'f64.store';
      accumulators.forEach((accumulator, i) => {
        f.get(this.target, accumulator).memory(store, 2 * PACKED_BYTES * i);
      });
      return;
    }
    const terms = this.finishTerms(cursors, kind, vectors);
    accumulators.forEach((accumulator, i) => {
      f.get(position ? position.best : accumulator);
      if (!position) this.weigh(kind);
      emitRescale(f, kind, step, terms(i));
      emitStore(f, kind, step, this.table, this.target, 2 * ELEMENT_BYTES * i, this.scratch);
    });
  }

  /** Keeps the candidate on the stack and its position, if it is strictly better than the accumulator. */
  private better(accumulator: number, { now, best }: { now: number; best: number }): void {
    const { f, step, scratch } = this;
    f.tee(scratch.number)
      .get(accumulator)
      .op(step.reduce === 'argMax' ? 'f64.gt' : 'f64.lt');
    f.when(() => f.get(scratch.number).set(accumulator).get(now).set(best));
    f.get(now).f64(1).op('f64.add').set(now);
  }

  private reduction(cursors: Cursors, loop: number, body: (cursors: Cursors) => void): void {
    if (loop === this.loops.length) body(cursors);
    else this.loop(cursors, loop, this.loops[loop] as number, 1, (inside) => this.reduction(inside, loop + 1, body));
  }

  /** Sums of products are weighted after the reduction. */
  private get weighsLate(): boolean {
    return this.step.combine === 'product' && (this.step.reduce === 'sum' || this.step.reduce === 'none');
  }

  private weigh(kind: Kind): void {
    const weight = this.step.a.weight * this.step.b.weight;
    if (!this.weighsLate || weight === 1) return;
    pushNumber(this.f, kind, weight);
    this.f.op(OPS[kind].multiply);
  }

  /** Pushes the combined value of each vector in turn and calls `use` for it. */
  private combined(cursors: Cursors, kind: Kind, vectors: number, use: (vector: number) => void): void {
    const { f, step } = this;
    const ops = OPS[kind];
    const weighted = !this.weighsLate;
    if (step.combine === 'indexed') {
      this.indexed(cursors);
      use(0);
      return;
    }
    const names = COMBINED[step.combine] ?? (['a', 'b'] as const);
    const values = Object.fromEntries(names.map((name) => [name, this.read(cursors, name, kind, vectors, weighted)]));
    const push = (name: OperandName, i: number): void => {
      const term = values[name]!(i);
      if (typeof term === 'number') pushNumber(f, kind, term);
      else term();
    };
    for (let i = 0; i < vectors; i++) {
      if (step.combine === 'first') push('a', i);
      else if (step.combine === 'select') {
        push('b', i);
        push('c', i);
        push('a', i);
        f.f64(0).op('f64.ne', 'select');
      } else {
        push('a', i);
        push('b', i);
        if (step.combine === 'product') f.op(ops.multiply);
        else if (step.combine === 'sum') f.op(ops.add);
        else if (step.combine === 'max') f.op(ops.max);
        else if (step.combine === 'min') f.op(ops.min);
        else {
          const compare = { less: 'f64.lt', lessOrEqual: 'f64.le', equal: 'f64.eq' } as const;
          f.op(compare[step.combine], 'f64.convert_i32_s');
        }
      }
      use(i);
    }
  }

  /** a, read further on by what b says. */
  private indexed(cursors: Cursors): void {
    const { f, step, scratch } = this;
    const { stride, extent } = step.index;
    const { weight, view } = step.a;
    const cursor = cursors.a;
    if (!cursor) {
      f.f64(weight);
      return;
    }
    const b = this.read(cursors, 'b', 'scalar', 1, true)(0);
    const load = (): void => {
      if (typeof b === 'number') f.f64(b);
      else b();
      f.f64(0)
        .op('f64.max')
        .f64(extent - 1)
        .op('f64.min', 'i32.trunc_f64_s');
      f.i32(stride * ELEMENT_BYTES)
        .op('i32.mul')
        .get(cursor.address)
        .op('i32.add');
      f.memory('i32.load').op('f64.convert_i32_s').set(scratch.number);
    };
    if (cursor.track.guards.length === 0) load();
    else {
      pushInRange(f, cursor);
      f.when(load, () => f.f64(view.fill).set(scratch.number));
    }
    f.get(scratch.number);
    if (weight !== 1) f.f64(weight).op('f64.mul');
  }

  private finishTerms(cursors: Cursors, kind: Kind, vectors: number): (vector: number) => FinishTerms {
    const { step } = this;
    const read = (name: OperandName): ((vector: number) => Term) => this.read(cursors, name, kind, vectors, true);
    const [mult, add] = [read('mult'), read('add')];
    const divisor = step.post === 'divide' ? read('c') : () => 1;
    return (i) => ({ mult: mult(i), add: add(i), divisor: divisor(i) });
  }

  /** Reads an operand into locals, and says how to push each vector of it. */
  private read(
    cursors: Cursors,
    name: OperandName,
    kind: Kind,
    vectors: number,
    weighted: boolean,
  ): (vector: number) => Term {
    const { f, step } = this;
    const operand: Operand = step[name];
    const cursor = cursors[name];
    if (!cursor) return () => (weighted ? operand.weight : 1);
    const weight = weighted ? operand.weight : 1;
    const innermost = this.firstReduced - 1;
    const still = kind === 'scalar' || cursor.track.coefs[innermost] === 0;
    const locals = Array.from({ length: still ? 1 : vectors }, () => f.local(kind === 'pair' ? 'v128' : 'f64'));
    const scaled = (): void => {
      if (weight === 1) return;
      pushNumber(f, kind, weight);
      f.op(OPS[kind].multiply);
    };
    const load = (): void => {
      locals.forEach((local, i) => {
        f.get(cursor.address);
        if (kind === 'scalar') f.memory('i32.load').op('f64.convert_i32_s');
        else {
          f.memory(still ? 'v128.load32_splat' : 'v128.load64_zero', 2 * ELEMENT_BYTES * i);
          f.op('f64x2.convert_low_i32x4_s');
        }
        scaled();
        f.set(local);
      });
    };
    if (cursor.track.guards.length === 0) load();
    else {
      pushInRange(f, cursor);
      f.when(load, () => {
        for (const local of locals) {
          pushNumber(f, kind, operand.view.fill * weight);
          f.set(local);
        }
      });
    }
    return (vector) => () => f.get(locals[still ? 0 : vector]!);
  }
}
