/**
 * Runs a program step by step over one WebAssembly memory, in kernels made for each step; products of matrices that no kernel is made
 * for in ONNX Runtime.
 */
import { HASH_BYTES } from '../../commit/keccak.js';
import { hashFunction, roundConstants } from '../../commit/keccak-kernel.js';
import { HASHING, type Hashing } from '../../commit/merkle.js';
import { packFunction } from '../../commit/pack-kernel.js';
import { LEAF_BYTES, leafCount } from '../../commit/tensor.js';
import type { Program } from '../../program/program.js';
import { slotShape } from '../../program/program.js';
import type { Range } from '../../program/range.js';
import { elementCount } from '../../program/step.js';
import type { WasmFunction } from '../../wasm/assembler.js';
import { allocate, compileModule, type Memory } from '../../wasm/instance.js';
import type { Limits } from '../emit/accumulate.js';
import { emitUnroundedStep, slotName } from '../emit/program.js';
import { loadRuntime, openSession, type RuntimeSession, type RuntimeTensor } from '../runtime.js';
import { RECORD_BYTES } from './column-finish.js';
import { Crew } from './crew.js';
import type { Stage } from './crew-member.js';
import { finishKernel } from './finish-kernel.js';
import { pairKernel, rowKernel } from './gather-kernel.js';
import type { MatrixProduct } from './matrix.js';
import { matrixKernel } from './matrix-kernel.js';
import { LEAVES_EACH, type Plan, type PlanOptions, planOf, sharesColumns, type Way } from './plan.js';
import { withoutSingleLoops } from './simplify.js';
import { stepKernel } from './step-kernel.js';
import { turnKernel } from './turn-kernel.js';
import { windowKernel } from './window-kernel.js';

export interface EngineOptions extends PlanOptions {
  readonly sharing: Sharing;
  readonly limits: Limits;
}

/** A step's slot as it lies in the memory: valid until the next step runs. */
export type SlotListener = (slot: number, data: Int32Array) => void;

/** A session with the slots that it reads, and what it gives. */
interface Product {
  readonly session: RuntimeSession;
  readonly feeds: readonly number[];
  readonly output: string;
}

export interface Sharing {
  /** Rounds of innermost loops below which a program's threads would take longer to begin than it takes. */
  readonly leastRounds: number;
  /**
   * Rounds that a call of a kernel does, about: calls are what threads share, and the engine takes up its optimised code between them.
   */
  readonly roundsPerCall: number;
}

export const SHARING: Sharing = { leastRounds: 2 ** 23, roundsPerCall: 2 ** 16 };
/** Kernels of a legal program do not trap. */
const BROKEN = 'A kernel went wrong in one of its threads.';
/** Nodes that a thread hashes at a time. */
const NODES_EACH = 128;

export class KernelEngine {
  private readonly crew: Crew;
  private readonly sessions = new Map<number, Promise<Product>>();
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly program: Program,
    private readonly ranges: readonly Range[],
    private readonly plan: Plan,
    private readonly memory: Memory,
    private readonly options: EngineOptions,
  ) {
    for (const [constant, at] of plan.constants) {
      const { data } = program.constants[constant]!;
      new Int32Array(memory.buffer, at, data.length).set(data);
    }
    for (const way of plan.ways) if (way.kind === 'matrix' || way.kind === 'window') this.place(way);
    const constants = roundConstants();
    new BigUint64Array(memory.buffer, plan.hashing.constants, constants.length).set(constants);
    const functions = [
      ...program.steps.flatMap((_, at) => this.write(at)),
      ...([1, 2, 4] as const).map(packFunction),
      hashFunction('leaves', LEAF_BYTES, plan.hashing.constants),
      hashFunction('nodes', 2 * HASH_BYTES, plan.hashing.constants),
    ];
    const module = compileModule(functions, memory.buffer.byteLength, options.threads > 1);
    this.crew = new Crew(module, memory, options.threads);
  }

  /** Puts down what a product reads besides its source. */
  private place({ product, places }: Extract<Way, { kind: 'matrix' | 'window' }>): void {
    const { weights, finish, gather } = product;
    const { buffer } = this.memory;
    new Int32Array(buffer, places.weights, weights.length).set(weights);
    new Uint8Array(buffer, places.records, finish.records.length).set(finish.records);
    if (places.fill > 0) new Int32Array(buffer, places.fill, gather.loops.at(-1)!).fill(gather.operand.view.fill);
    if ('rowOffsets' in product && typeof product.rowOffsets !== 'number')
      new Int32Array(buffer, places.offsets, product.rowOffsets.length).set(product.rowOffsets);
  }

  /** The kernels of a step. */
  private write(at: number): WasmFunction[] {
    const { program, plan } = this;
    const way = plan.ways[at]!;
    const step = withoutSingleLoops(program.steps[at]!);
    const constant = (index: number): number => plan.constants.get(index) as number;
    const slot = (index: number): number => plan.slots[index] as number;
    const output = slot(at + 1);
    const table = step.lookup && { lookup: step.lookup, at: constant(step.lookup.constant) };
    if (way.kind === 'nest') return [stepKernel(`${at}`, step, { slot, constant, output })];
    if (way.kind === 'turn') return [turnKernel(`${at}`, step, way.turn, { source: slot(way.turn.slot), output })];
    if (way.kind === 'runtime') return [finishKernel(`${at}`, step, table, plan.accumulators, output)];
    const { product, places } = way;
    const source = (product.gather.operand.source as { index: number }).index;
    const reading = { source: slot(source), fill: places.fill };
    const writing = { ...places, output };
    if (way.kind === 'window')
      return [
        pairKernel(`gather ${at}`, way.product.gather, reading),
        windowKernel(`${at}`, step, table, way.product, writing),
      ];
    const { together, records } = product.finish;
    return [
      rowKernel(`gather ${at}`, way.product.gather, reading),
      ...(together > 0 ? [matrixKernel(`${at}`, step, table, way.product, writing, true)] : []),
      ...(together * RECORD_BYTES < records.length
        ? [matrixKernel(`apart ${at}`, step, table, way.product, writing, false)]
        : []),
    ];
  }

  /** @returns null for a program that does not fit the kernels' memory. */
  static make(program: Program, ranges: readonly Range[], options: EngineOptions): KernelEngine | null {
    const rounds = program.steps.reduce((sum, step) => sum + elementCount([...step.outDims, ...step.redDims]), 0);
    const threads = rounds < options.sharing.leastRounds ? 1 : options.threads;
    const plan = planOf(program, ranges, { ...options, threads });
    return plan && new KernelEngine(program, ranges, plan, allocate(plan.bytes, threads > 1), { ...options, threads });
  }

  /** Computes all slots; runs that overlap wait for each other. @param visit gets every slot, in order. */
  compute(input: Int32Array, visit: SlotListener): Promise<void> {
    const result = this.last.then(() => this.computeAlone(input, visit));
    this.last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.last;
    const open = [...this.sessions.values()];
    this.sessions.clear();
    for (const product of open) await (await product).session.release();
    await this.crew.close();
  }

  private slotData(slot: number): Int32Array {
    return new Int32Array(this.memory.buffer, this.plan.slots[slot], slotShape(this.program, slot).elements);
  }

  private async computeAlone(input: Int32Array, visit: SlotListener): Promise<void> {
    this.slotData(0).set(input);
    visit(0, this.slotData(0));
    for (let at = 0; at < this.program.steps.length; at++) {
      await this.step(at);
      visit(at + 1, this.slotData(at + 1));
    }
  }

  private async step(at: number): Promise<void> {
    const way = this.plan.ways[at]!;
    if (way.kind === 'runtime') {
      await this.product(at);
      return;
    }
    if (way.kind === 'matrix') {
      this.matrix(at, way.product);
      return;
    }
    if (way.kind === 'window') {
      const { loops } = way.product.gather;
      this.loop(`gather ${at}`, loops[0]!, elementCount(loops.slice(1)));
    }
    const { outDims, redDims } = withoutSingleLoops(this.program.steps[at]!);
    this.loop(`${at}`, outDims[0] ?? 1, elementCount([...outDims.slice(1), ...redDims]));
  }

  /** Runs a kernel for all indices of its outermost loop. @param each rounds of the innermost loop for one of them. */
  private loop(name: string, extent: number, each: number): void {
    const stage: Stage = [0, this.crew.kernel(name), this.plan.gathered];
    if (!this.crew.run(stage, extent, this.callsOf(each))) throw new Error(BROKEN);
  }

  /** Indices of a loop in one call. @param each rounds of one of them. */
  private callsOf(each: number): number {
    return Math.max(1, Math.floor(this.options.sharing.roundsPerCall / each));
  }

  private matrix(at: number, product: MatrixProduct): void {
    const { crew } = this;
    const { gathered } = this.plan;
    const { gather, cut, finish, rowsEach, blockCount, blockBytes } = product;
    const groups = finish.records.length / RECORD_BYTES;
    const [gathering, beside, apart] = [`gather ${at}`, `${at}`, `apart ${at}`].map((name) => crew.kernel(name)) as [
      number,
      number,
      number,
    ];
    const extent = gather.loops[0]!;
    const roundsOf = (count: number): number => count * rowsEach * cut.parts * cut.pairs;
    const run = (stage: Stage, indices: number, size: number): void => {
      if (!crew.run(stage, indices, size)) throw new Error(BROKEN);
    };
    if (!sharesColumns(product, crew.threads)) {
      const columns = [beside, apart, finish.together, groups, this.callsOf(roundsOf(blockCount)), rowsEach];
      run([1, gathering, gathered, blockBytes, ...columns], extent, blockCount);
      return;
    }
    // The first index of what is gathered goes to the start of the place: so all at once.
    run([0, gathering, gathered], extent, extent);
    const rows = extent * rowsEach;
    const each = this.callsOf(roundsOf(extent));
    run([2, beside, rows, gathered, 0], finish.together, each);
    run([2, apart, rows, gathered, finish.together], groups - finish.together, each);
  }

  /** Hashes trees of slots that lie in the memory, with all threads. */
  readonly hashing: Hashing = {
    leaves: (data, width) => {
      const { crew, memory, plan } = this;
      const { leaves: at, nodes } = plan.hashing;
      const perLeaf = LEAF_BYTES / width;
      const whole = Math.floor(data.length / perLeaf);
      const into = nodes[0];
      const kernels = [crew.kernel(`pack${width}`), crew.kernel('leaves')];
      const ratio = data.BYTES_PER_ELEMENT / width;
      const stage: Stage = [3, ...kernels, data.byteOffset, ratio, into, at, (LEAVES_EACH + 1) * LEAF_BYTES];
      if (!crew.run(stage, whole, LEAVES_EACH)) return null;
      const hashes = new Uint8Array(memory.buffer, into, leafCount(data.length, width) * HASH_BYTES).slice();
      if (whole * perLeaf < data.length) {
        const last = HASHING.leaves(data.subarray(whole * perLeaf), width);
        if (!last) return null;
        hashes.set(last, whole * HASH_BYTES);
      }
      return hashes;
    },
    nodes: (level) => {
      const { crew, memory, plan } = this;
      const [source, into] = plan.hashing.nodes;
      new Uint8Array(memory.buffer, source, level.length).set(level);
      crew.run([4, crew.kernel('nodes'), source, into], level.length / 2 / HASH_BYTES, NODES_EACH);
      return new Uint8Array(memory.buffer, into, level.length / 2).slice();
    },
  };

  private async product(at: number): Promise<void> {
    let opening = this.sessions.get(at);
    if (!opening) {
      opening = this.open(at);
      this.sessions.set(at, opening);
      opening.catch(() => this.sessions.delete(at));
    }
    const { session, feeds, output } = await opening;
    const { Tensor } = await loadRuntime();
    // ONNX Runtime takes no memory that threads share.
    const fed = (slot: number): RuntimeTensor =>
      new Tensor('int32', this.slotData(slot).slice(), [slotShape(this.program, slot).elements]);
    const results = await session.run(Object.fromEntries(feeds.map((slot) => [slotName(slot), fed(slot)])));
    const sums = results[output]!.data as Float64Array;
    new Float64Array(this.memory.buffer, this.plan.accumulators, sums.length).set(sums);
    this.loop(`${at}`, sums.length, 1);
  }

  private async open(at: number): Promise<Product> {
    const { program, ranges, options } = this;
    const { bytes, feeds, fetches } = emitUnroundedStep(program, ranges, at, options.limits);
    const session = await openSession(bytes, { threads: options.threads, spin: false });
    return { session, feeds, output: fetches[0]!.name };
  }
}
