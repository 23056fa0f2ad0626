/**
 * Runs programs in ONNX Runtime. The graph is emitted from the program, in float64, and every value in it is an integer below
 * 2^53 (times a power of two): so the result is that of the reference evaluator, bit for bit, on every machine, with any
 * number of threads.
 */
import { availableParallelism } from 'node:os';
import { type Hashing, type MerkleTree, tensorTree } from '../commit/merkle.js';
import type { SlotTrees } from '../commit/model.js';
import { OgError, UserError } from '../errors.js';
import { checkProgram } from '../program/check.js';
import { type Program, slotShape } from '../program/program.js';
import { type Range, rangeOf, widthRange } from '../program/range.js';
import { LIMITS, type Limits } from './emit/accumulate.js';
import { type EmittedModel, emitProgram, placeOf, type Segment, slotName } from './emit/program.js';
import { KernelEngine, SHARING, type Sharing, type SlotListener } from './kernels/engine.js';
import { loadRuntime, nodeOf, openSession, type RuntimeSession, sentenceOf } from './runtime.js';
import { runSegments, SEGMENT_LIMITS, type SegmentLimits, traceSegments } from './segments.js';

export interface ExecutorOptions {
  /** Threads inside an operator; all cores unless told. The result does not depend on it. */
  readonly threads?: number;
  /**
   * Whether ONNX Runtime may simplify the graph (its level "basic"). Off unless told: nothing is gained, and the levels above are
   * wrong for exact numbers (MatMulScaleFusion of 1.30 takes a float64 factor for a float32).
   */
  readonly optimize?: boolean;
  readonly limits?: Limits;
  readonly segments?: SegmentLimits;
  /**
   * Products of matrices of which no side is constant, and others that the kernels are not made for, are for ONNX Runtime where they have at
   * least this many multiplications; `null` for whole segments of steps in ONNX Runtime, as programs are run that need more memory
   * than the kernels can address.
   */
  readonly leastProduct?: number | null;
  /** How threads share the kernels' work. */
  readonly sharing?: Sharing;
  /** Whether products with constant weights are computed in 16-bit integers where that is exact; so unless told. */
  readonly integers?: boolean;
}

/** Below this a call of ONNX Runtime costs more than the product. */
const LEAST_PRODUCT = 2 ** 15;

/** A segment with its session open. */
interface Part {
  readonly model: Omit<EmittedModel, 'bytes'>;
  readonly session: RuntimeSession;
}

/** ONNX Runtime failed, which a legal program does not make it do. */
export class ExecutionError extends UserError {
  /** @param place `Step 3 ("conv1")`, or the program as a whole. */
  constructor(
    readonly place: string,
    error: unknown,
  ) {
    super(
      'OG_EXECUTION_FAILED',
      `${place} could not be run by ONNX Runtime: ${sentenceOf(error)}`,
      'Memory may have run out: try a machine with more of it, or close other programs.',
      { cause: error },
    );
  }
}

export class Executor {
  private kernels: KernelEngine | null | undefined;
  private running: Promise<Part[]> | null = null;
  private tracing: Promise<Part[]> | null = null;

  private constructor(
    readonly program: Program,
    private readonly ranges: readonly Range[],
    private readonly options: ExecutorOptions,
  ) {}

  /** @throws ProgramError when the program is not legal; nothing that fails the check is ever run. */
  static async load(program: Program, options: ExecutorOptions = {}): Promise<Executor> {
    const ranges = checkProgram(program);
    return new Executor(program, ranges, options);
  }

  /** The last slot. @param input the packed input, slot 0. */
  async run(input: Int32Array): Promise<Int32Array> {
    this.checkInput(input);
    const last = this.program.steps.length;
    let output: Int32Array | null = null;
    const { engine } = this;
    if (engine) {
      await this.computed(engine, input, (slot, data) => {
        if (slot === last) output = data.slice();
      });
      return output!;
    }
    this.running ??= this.open(runSegments(this.program, this.limits));
    const slots = await this.compute(await this.running, input);
    return slots.get(this.program.steps.length)!;
  }

  /** All slots: index 0 the input, k the output of step k - 1. */
  async trace(input: Int32Array): Promise<Int32Array[]> {
    const { engine } = this;
    if (!engine) return this.traceSegments(input);
    this.checkInput(input);
    const traced: Int32Array[] = [];
    await this.computed(engine, input, (slot, data) => traced.push(slot === 0 ? input : data.slice()));
    return traced;
  }

  /** All slots and their trees, which are hashed on the way by the threads that compute. @param depth of a tree, the model's tensorDepth. */
  async traceTrees(input: Int32Array, depth: number): Promise<SlotTrees> {
    const { engine, program } = this;
    const treeOf = (slot: number, data: Int32Array, hashing?: Hashing): MerkleTree =>
      tensorTree(data, slotShape(program, slot).width, depth, hashing);
    if (!engine) {
      const slots = await this.traceSegments(input);
      return { slots, trees: slots.map((data, slot) => treeOf(slot, data)) };
    }
    this.checkInput(input);
    const slots: Int32Array[] = [];
    const trees: MerkleTree[] = [];
    await this.computed(engine, input, (slot, data) => {
      trees.push(treeOf(slot, data, engine.hashing));
      slots.push(slot === 0 ? input : data.slice());
    });
    return { slots, trees };
  }

  private async traceSegments(input: Int32Array): Promise<Int32Array[]> {
    this.checkInput(input);
    this.tracing ??= this.open(traceSegments(this.program, this.limits));
    const slots = await this.compute(await this.tracing, input);
    return Array.from({ length: this.program.steps.length + 1 }, (_, slot) => slots.get(slot)!);
  }

  /** Frees the sessions; the executor may be used again and opens them anew. */
  async close(): Promise<void> {
    const open = [this.running, this.tracing];
    [this.running, this.tracing] = [null, null];
    await this.kernels?.close();
    for (const parts of open) for (const { session } of (await parts) ?? []) await session.release();
  }

  /** Made when first needed; null where segments are run instead. */
  private get engine(): KernelEngine | null {
    const { leastProduct = LEAST_PRODUCT, integers = true, limits = LIMITS, sharing = SHARING } = this.options;
    const { threads = availableParallelism() } = this.options;
    if (this.kernels === undefined)
      this.kernels =
        leastProduct === null
          ? null
          : KernelEngine.make(this.program, this.ranges, { threads, limits, leastProduct, integers, sharing });
    return this.kernels;
  }

  private async computed(engine: KernelEngine, input: Int32Array, visit: SlotListener): Promise<void> {
    try {
      await engine.compute(input, visit);
    } catch (error) {
      throw failure(error);
    }
  }

  private get limits(): SegmentLimits {
    return this.options.segments ?? SEGMENT_LIMITS;
  }

  private checkInput(input: Int32Array): void {
    const { elements, width } = this.program.input;
    const fail = (reason: string): never => {
      throw new UserError('OG_WRONG_INPUT', `The packed input ${reason}.`, 'Pack the inputs for this very program.');
    };
    if (input.length !== elements) fail(`has ${input.length} elements and not ${elements}`);
    const { lo, hi } = widthRange(width);
    const held = rangeOf(input);
    if (held.lo >= lo && held.hi <= hi) return;
    const at = input.findIndex((x) => x < lo || x > hi);
    fail(`holds ${input[at]} at element ${at}, which does not fit ${width} byte${width === 1 ? '' : 's'}`);
  }

  private async open(segments: readonly Segment[]): Promise<Part[]> {
    const parts: Part[] = [];
    try {
      for (const segment of segments) {
        const { bytes, ...model } = emitProgram(this.program, this.ranges, segment, this.options.limits ?? LIMITS);
        const { threads, optimize } = this.options;
        parts.push({ model, session: await openSession(bytes, { threads, optimize: optimize ? 'basic' : undefined }) });
      }
      return parts;
    } catch (error) {
      for (const { session } of parts) await session.release();
      [this.running, this.tracing] = [null, null];
      throw failure(error);
    }
  }

  /** Slots by number: the input and all that the parts fetch. */
  private async compute(parts: readonly Part[], input: Int32Array): Promise<Map<number, Int32Array>> {
    const { Tensor } = await loadRuntime();
    const slots = new Map([[0, input]]);
    for (const { model, session } of parts) {
      const feeds = Object.fromEntries(
        model.feeds.map((slot) => [slotName(slot), new Tensor('int32', slots.get(slot)!, [slots.get(slot)!.length])]),
      );
      try {
        const results = await session.run(feeds);
        for (const { slot, name } of model.fetches) slots.set(slot, results[name]!.data as Int32Array);
      } catch (error) {
        throw failure(error);
      }
    }
    return slots;
  }
}

function failure(error: unknown): Error {
  if (error instanceof OgError) return error;
  return new ExecutionError(placeOf(nodeOf(error)?.name ?? ''), error);
}
