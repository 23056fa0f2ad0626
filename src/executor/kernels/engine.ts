/**
 * Runs a program step by step over one WebAssembly memory, in kernels made for each step; products of matrices that no kernel is made
 * for in ONNX Runtime, which reads and writes that memory in place.
 */
import type { Program } from '../../program/program.js';
import { slotShape } from '../../program/program.js';
import type { Range } from '../../program/range.js';
import { elementCount } from '../../program/step.js';
import type { WasmFunction } from '../../wasm/assembler.js';
import { allocate, type Exported, instantiate, type Memory } from '../../wasm/instance.js';
import type { Limits } from '../emit/accumulate.js';
import { emitUnroundedStep, slotName } from '../emit/program.js';
import { loadRuntime, openSession, type RuntimeSession, type RuntimeTensor } from '../runtime.js';
import { RECORD_BYTES } from './column-finish.js';
import { finishKernel } from './finish-kernel.js';
import { pairKernel, rowKernel } from './gather-kernel.js';
import type { MatrixProduct } from './matrix.js';
import { matrixKernel } from './matrix-kernel.js';
import { type Plan, type PlanOptions, planOf, type Way } from './plan.js';
import { withoutSingleLoops } from './simplify.js';
import { stepKernel } from './step-kernel.js';
import { windowKernel } from './window-kernel.js';

export interface EngineOptions extends PlanOptions {
  readonly threads: number | undefined;
  readonly limits: Limits;
}

/** A step's slot as it lies in the memory: valid until the next step runs. */
export type SlotListener = (slot: number, data: Int32Array) => void;

/** A session whose inputs and output lie in the kernels' memory. */
interface Product {
  readonly session: RuntimeSession;
  readonly feeds: Record<string, RuntimeTensor>;
  readonly fetches: Record<string, RuntimeTensor>;
}

/** A call of a kernel does about this many rounds of its innermost loop, so that the engine's optimised code is taken up early. */
const ROUNDS_PER_CALL = 2 ** 16;

export class KernelEngine {
  private readonly kernels: Record<string, Exported>;
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
    this.kernels = instantiate(
      program.steps.flatMap((_, at) => this.write(at)),
      memory,
    );
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
    if (way.kind === 'runtime') return [finishKernel(`${at}`, step, table)];
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
    const plan = planOf(program, ranges, options);
    return plan && new KernelEngine(program, ranges, plan, allocate(plan.bytes), options);
  }

  /** Computes all slots; runs that overlap wait for each other. @param visit gets every slot but the input, in order. */
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
  }

  private slotData(slot: number): Int32Array {
    return new Int32Array(this.memory.buffer, this.plan.slots[slot], slotShape(this.program, slot).elements);
  }

  private async computeAlone(input: Int32Array, visit: SlotListener): Promise<void> {
    this.slotData(0).set(input);
    for (let at = 0; at < this.program.steps.length; at++) {
      await this.step(at);
      visit(at + 1, this.slotData(at + 1));
    }
  }

  private async step(at: number): Promise<void> {
    const way = this.plan.ways[at]!;
    if (way.kind === 'runtime') await this.product(at);
    else if (way.kind === 'matrix') this.matrix(at, way.product);
    else {
      const { gathered } = this.plan;
      const { outDims, redDims } = withoutSingleLoops(this.program.steps[at]!);
      const parameters = way.kind === 'window' ? [gathered] : [];
      if (way.kind === 'window') {
        const { loops } = way.product.gather;
        this.inCalls(`gather ${at}`, loops[0]!, elementCount(loops.slice(1)), gathered);
      }
      this.inCalls(`${at}`, outDims[0] ?? 1, elementCount([...outDims.slice(1), ...redDims]), ...parameters);
    }
  }

  /** Runs a kernel for all indices of its outermost loop, some at a time. @param each rounds of the innermost loop for one of them. */
  private inCalls(name: string, extent: number, each: number, ...more: number[]): void {
    const count = Math.max(1, Math.floor(ROUNDS_PER_CALL / each));
    const run = this.kernels[name]!;
    for (let from = 0; from < extent; from += count) run(from, Math.min(extent, from + count), ...more);
  }

  private matrix(at: number, { gather, cut, finish, rowsEach, blockCount }: MatrixProduct): void {
    const { gathered } = this.plan;
    const extent = gather.loops[0]!;
    const groups = finish.records.length / RECORD_BYTES;
    const each = blockCount * rowsEach * cut.parts * cut.pairs;
    const count = Math.max(1, Math.floor(ROUNDS_PER_CALL / each));
    for (let from = 0; from < extent; from += blockCount) {
      const to = Math.min(extent, from + blockCount);
      this.kernels[`gather ${at}`]!(from, to, gathered);
      const multiply = (name: string, first: number, last: number): void => {
        for (let group = first; group < last; group += count)
          this.kernels[name]!(from * rowsEach, to * rowsEach, gathered, group, Math.min(last, group + count));
      };
      multiply(`${at}`, 0, finish.together);
      multiply(`apart ${at}`, finish.together, groups);
    }
  }

  private async product(at: number): Promise<void> {
    let opening = this.sessions.get(at);
    if (!opening) {
      opening = this.open(at);
      this.sessions.set(at, opening);
      opening.catch(() => this.sessions.delete(at));
    }
    const { session, feeds, fetches } = await opening;
    await session.run(feeds, fetches);
    this.finish(at, slotShape(this.program, at + 1).elements);
  }

  /** Rounds, clamps and stores accumulators as elements of a step's output. */
  private finish(at: number, elements: number): void {
    const { accumulators, slots } = this.plan;
    const target = slots[at + 1] as number;
    const run = this.kernels[`${at}`]!;
    for (let from = 0; from < elements; from += ROUNDS_PER_CALL)
      run(from, Math.min(elements, from + ROUNDS_PER_CALL), accumulators + 8 * from, target + 4 * from);
  }

  private async open(at: number): Promise<Product> {
    const { program, ranges, options, plan, memory } = this;
    const { Tensor } = await loadRuntime();
    const model = emitUnroundedStep(program, ranges, at, options.limits);
    const { outDims } = program.steps[at]!;
    const sums = new Float64Array(memory.buffer, plan.accumulators, elementCount(outDims));
    const fed = (slot: number): RuntimeTensor =>
      new Tensor('int32', this.slotData(slot), [slotShape(program, slot).elements]);
    return {
      session: await openSession(model.bytes, { threads: options.threads, spin: false }),
      feeds: Object.fromEntries(model.feeds.map((slot) => [slotName(slot), fed(slot)])),
      fetches: { [model.fetches[0]!.name]: new Tensor('float64', sums, [sums.length]) },
    };
  }
}
