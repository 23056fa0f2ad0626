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

/** Addresses of what a step reads and writes. */
export interface Places {
  slot(index: number): number;
  constant(index: number): number;
  readonly output: number;
}

/** Vectors of a block, widest first: as many accumulators as leave room among sixteen registers. */
const BLOCKS = [4, 1] as const;

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
export function stepKernel(name: string, step: Step, places: Places): WasmFunction {
  return new StepCompiler(name, step, places).compile();
}

class StepCompiler {
  private readonly f: WasmFunction;
  private readonly loops: readonly number[];
  private readonly firstReduced: number;
  private readonly table: Table | null;
  private readonly scratch: { integer: number; vector: number; number: number };
  /** Address of the next output element. */
  private readonly target: number;

  constructor(
    name: string,
    private readonly step: Step,
    private readonly places: Places,
  ) {
    this.f = new WasmFunction(name, ['i32', 'i32']);
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
    f.get(0)
      .i32(inner * ELEMENT_BYTES)
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
            .i32(elements * ELEMENT_BYTES)
            .op('i32.add')
            .set(this.target);
          f.get(left).i32(elements).op('i32.sub').tee(left).i32(elements).op('i32.ge_s');
        });
      });
    };
    for (const vectors of blocks) run(2 * vectors, 'pair', vectors);
    run(1, 'scalar', 1);
  }

  private isVectorised(cursors: Cursors, loop: number): boolean {
    const { combine, reduce, outDims } = this.step;
    if (!VECTOR_COMBINES.has(combine) || !VECTOR_REDUCES.has(reduce) || (outDims[loop] as number) < 2) return false;
    return Object.values(cursors).every((cursor) => movesPlainly(cursor, loop));
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
