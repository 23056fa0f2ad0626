/**
 * Runs a program step by step over one WebAssembly memory: matrix products in ONNX Runtime, which reads and writes that memory in
 * place, and everything else in kernels made for each step.
 */
import { stepBounds } from '../../program/bounds.js';
import type { Program } from '../../program/program.js';
import { slotShape } from '../../program/program.js';
import type { Range } from '../../program/range.js';
import { elementCount } from '../../program/step.js';
import { allocate, type Exported, instantiate, type Memory } from '../../wasm/instance.js';
import type { Limits } from '../emit/accumulate.js';
import { emitPackedStep, emitUnroundedStep, slotName } from '../emit/program.js';
import { loadRuntime, openSession, type RuntimeSession, type RuntimeTensor } from '../runtime.js';
import { finishKernel } from './finish-kernel.js';
import { type Plan, planOf } from './plan.js';
import { withoutSingleLoops } from './simplify.js';
import { gatherKernel, stepKernel } from './step-kernel.js';

export interface EngineOptions {
  readonly threads: number | undefined;
  readonly limits: Limits;
  /** Products of matrices with at least this many multiplications are for ONNX Runtime. */
  readonly leastProduct: number;
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
    for (const each of plan.dots) {
      if (!each) continue;
      const { buffer, byteOffset, byteLength } = each.dots.weights;
      new Uint8Array(memory.buffer, each.at, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    }
    const constant = (index: number): number => plan.constants.get(index) as number;
    const slot = (index: number): number => plan.slots[index] as number;
    const packing = plan.packings.flatMap((each, at) => {
      const places = { slot, constant, output: plan.packed, weights: 0 };
      return each ? [gatherKernel(`pack ${at}`, each.gather, places)] : [];
    });
    this.kernels = instantiate(
      packing.concat(
        program.steps.map((step, at) => {
          if (plan.products[at])
            return finishKernel(
              `${at}`,
              step,
              step.lookup && { lookup: step.lookup, at: constant(step.lookup.constant) },
            );
          const dots = plan.dots[at];
          const places = { slot, constant, output: slot(at + 1), weights: dots?.at ?? 0 };
          return stepKernel(`${at}`, withoutSingleLoops(step), places, dots?.dots ?? null);
        }),
      ),
      memory,
    );
  }

  /** @returns null for a program that does not fit the kernels' memory. */
  static make(program: Program, ranges: readonly Range[], options: EngineOptions): KernelEngine | null {
    const plan = planOf(program, ranges, options.leastProduct);
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
      if (this.plan.products[at]) await this.product(at);
      else this.kernel(at);
      visit(at + 1, this.slotData(at + 1));
    }
  }

  /** Runs a kernel for indices of its outermost loop, some at a time. @param each rounds of the innermost loop for one of them. */
  private inCalls(name: string, from: number, to: number, each: number, first?: number): void {
    const count = Math.max(1, Math.floor(ROUNDS_PER_CALL / each));
    const run = this.kernels[name]!;
    const more = first === undefined ? [] : [first];
    for (let at = from; at < to; at += count) run(at, Math.min(to, at + count), ...more);
  }

  private kernel(at: number): void {
    const { outDims, redDims } = withoutSingleLoops(this.program.steps[at]!);
    this.inCalls(`${at}`, 0, outDims[0] ?? 1, elementCount([...outDims.slice(1), ...redDims]));
  }

  private async product(at: number): Promise<void> {
    let opening = this.sessions.get(at);
    if (!opening) {
      opening = this.open(at);
      this.sessions.set(at, opening);
      opening.catch(() => this.sessions.delete(at));
    }
    const { session, feeds, fetches } = await opening;
    const elements = slotShape(this.program, at + 1).elements;
    const packing = this.plan.packings[at];
    if (!packing) {
      await session.run(feeds, fetches);
      this.finish(at, 0, elements);
      return;
    }
    const { gather, count } = packing;
    const extent = gather.outDims[0] as number;
    const each = elementCount(gather.outDims.slice(1));
    for (let from = 0; from < extent; from += count) {
      this.inCalls(`pack ${at}`, from, from + count, each, from);
      await session.run(feeds, fetches);
      this.finish(at, (elements / extent) * from, (elements / extent) * count);
    }
  }

  /** Rounds, clamps and stores accumulators as elements of a step's output. */
  private finish(at: number, first: number, elements: number): void {
    const { accumulators, slots } = this.plan;
    const target = (slots[at + 1] as number) + 4 * first;
    const run = this.kernels[`${at}`]!;
    for (let from = 0; from < elements; from += ROUNDS_PER_CALL)
      run(from, Math.min(elements, from + ROUNDS_PER_CALL), accumulators + 8 * from, target + 4 * from);
  }

  private async open(at: number): Promise<Product> {
    const { program, ranges, options, plan, memory } = this;
    const { Tensor } = await loadRuntime();
    const packing = plan.packings[at];
    const model = packing
      ? emitPackedStep(
          { program, ranges },
          at,
          packing.product,
          packing.elements,
          stepBounds(program, at, ranges),
          options.limits,
        )
      : emitUnroundedStep(program, ranges, at, options.limits);
    const { outDims } = packing?.product ?? program.steps[at]!;
    const sums = new Float64Array(memory.buffer, plan.accumulators, elementCount(outDims));
    const fed = (slot: number): RuntimeTensor => {
      if (!packing) return new Tensor('int32', this.slotData(slot), [slotShape(program, slot).elements]);
      const matrix = new Float64Array(memory.buffer, plan.packed, packing.elements);
      return new Tensor('float64', matrix, [packing.elements]);
    };
    return {
      session: await openSession(model.bytes, { threads: options.threads, spin: false }),
      feeds: Object.fromEntries(model.feeds.map((slot) => [slotName(slot), fed(slot)])),
      fetches: { [model.fetches[0]!.name]: new Tensor('float64', sums, [sums.length]) },
    };
  }
}
