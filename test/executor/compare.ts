/** Compares the executor with the reference evaluator, every element of every slot. */
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import * as assert from 'uvu/assert';
import { LIMITS, type Limits } from '../../src/executor/emit/accumulate.js';
import { emitProgram } from '../../src/executor/emit/program.js';
import { Executor, type ExecutorOptions } from '../../src/executor/executor.js';
import { checkProgram } from '../../src/program/check.js';
import { evaluate } from '../../src/program/evaluate.js';
import type { Program } from '../../src/program/program.js';

/** Everything is unrolled and cut into small pieces: the ways that only large programs take. */
export const TINY: Limits = { piece: 24, unroll: 1, block: 24 };

/** Whole segments in ONNX Runtime. */
export const PLAIN: ExecutorOptions = { threads: 1, leastProduct: null };
export const IN_PIECES: ExecutorOptions = { threads: 2, optimize: true, limits: TINY, leastProduct: null };
/** Every step in kernels, products with constant weights in 16-bit integers. */
export const IN_KERNELS: ExecutorOptions = { threads: 1, leastProduct: Number.POSITIVE_INFINITY };
/** Every step in kernels, all in float64. */
export const IN_FLOAT_KERNELS: ExecutorOptions = { ...IN_KERNELS, integers: false };
/** Kernels run by three threads, which share whatever can be cut. */
export const IN_THREADS: ExecutorOptions = {
  threads: 3,
  leastProduct: 0,
  sharing: { leastRounds: 0, roundsPerCall: 16 },
};
/** Every product of matrices in ONNX Runtime, however small, the rest in kernels. */
export const WITH_PRODUCTS: ExecutorOptions = { threads: 1, leastProduct: 0, integers: false };
export const IN_SEGMENTS: ExecutorOptions = {
  leastProduct: null,
  threads: 2,
  limits: { ...LIMITS, unroll: 1 },
  segments: { slotBytes: 4000, constantBytes: 4000 },
};

/** The ways in which a program is run that must not change a bit of its result. */
export const WAYS: readonly ExecutorOptions[] = [
  PLAIN,
  IN_PIECES,
  IN_SEGMENTS,
  IN_KERNELS,
  IN_FLOAT_KERNELS,
  IN_THREADS,
  WITH_PRODUCTS,
];

/** @returns the number of elements that were compared. */
export async function expectSame(program: Program, input: Int32Array, ways = WAYS, label = ''): Promise<number> {
  const expected = evaluate(program, input);
  let elements = 0;
  for (const options of ways) {
    const executor = await Executor.load(program, options);
    try {
      const traced = await executor.trace(input);
      assert.is(traced.length, expected.length);
      expected.forEach((slot, k) => {
        elements += slot.length;
        const got = traced[k] as Int32Array;
        assert.is(got.length, slot.length, `${label} slot ${k}: its length`);
        const wrong = slot.findIndex((x, i) => x !== got[i]);
        const at = `${label} slot ${k} (${program.steps[k - 1]?.name}) element ${wrong}, run with ${JSON.stringify(options)}`;
        if (wrong >= 0) assert.is(got[wrong], slot[wrong], at);
      });
      if (options === IN_PIECES) continue;
      assert.equal(await executor.run(input), expected.at(-1), `${label}: the last slot when it alone is fetched`);
    } finally {
      await executor.close();
    }
  }
  return elements;
}

/** How often each ONNX operator occurs in the graph that is emitted for the whole program. */
export function operators(program: Program, limits: Limits = LIMITS): Record<string, number> {
  const segment = { from: 0, to: program.steps.length, fetch: [program.steps.length] };
  const { bytes } = emitProgram(program, checkProgram(program), segment, limits);
  const counts: Record<string, number> = {};
  for (const { opType } of fromBinary(ModelProtoSchema, bytes).graph?.node ?? [])
    counts[opType] = (counts[opType] ?? 0) + 1;
  return counts;
}
