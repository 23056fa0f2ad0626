/**
 * Whether this machine computes what every machine must: a program whose sums, quotients and roots come close to 2^53, against known
 * results. A machine that fails would lose bonds.
 */
import type { Hash } from '../commit/hash.js';
import { commitModel } from '../commit/model.js';
import { runTrace } from '../dispute/trace.js';
import { Executor } from '../executor/executor.js';
import type { Program } from '../program/program.js';
import { NO_VIEW, type Operand, type Step, scalar, type View } from '../program/step.js';
import { requireEvaluatorAgrees } from './spot-check.js';

const INPUTS = 1024;
const OUTPUTS = 96;
const TABLE = 4096;

/** Trace root of the program below, by the reference evaluator. */
export const KNOWN_TRACE_ROOT: Hash = '0x14e21f342584c852622069e9c75135948402253dd71f03e1f7facb2c724a7077';

/** Whole numbers that are the same everywhere: a linear congruence. */
function numbers(count: number, most: number, seed: number): Int32Array {
  let state = seed;
  return Int32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * (2 * most + 1)) - most;
  });
}

export function selfTestProgram(): Program {
  const across: View = { ...NO_VIEW, coefs: [0, 1] };
  const along: View = { ...NO_VIEW, coefs: [1] };
  const slot = (index: number, view: View): Operand => ({ source: { kind: 'slot', index }, weight: 1, view });
  const constant = (index: number, view: View): Operand => ({ source: { kind: 'constant', index }, weight: 1, view });
  const step = (name: string, changes: Partial<Step>): Step => ({
    name,
    origin: { node: name, operator: 'SelfTest' },
    outDims: [OUTPUTS],
    redDims: [],
    combine: 'first',
    reduce: 'none',
    a: scalar(0),
    b: scalar(0),
    c: scalar(0),
    mult: scalar(1),
    add: scalar(0),
    index: { stride: 0, extent: 0 },
    shift: 0,
    post: 'none',
    lo: -(2 ** 31),
    hi: 2 ** 31 - 1,
    lookup: null,
    width: 4,
    ...changes,
  });
  const rows = constant(0, { ...NO_VIEW, coefs: [INPUTS, 1] });
  return {
    input: { elements: INPUTS, width: 4 },
    inputs: [{ name: 'x', shape: [INPUTS], type: 'int32', scale: 1, offset: 0 }],
    outputs: [{ name: 'y', shape: [OUTPUTS], type: 'int32', scale: 1, offset: 0 }],
    constants: [
      { name: 'weights', width: 2, data: numbers(INPUTS * OUTPUTS, 2047, 7) },
      { name: 'table', width: 2, data: numbers(TABLE, 32_767, 11) },
    ],
    steps: [
      step('sums', { redDims: [INPUTS], combine: 'product', reduce: 'sum', a: slot(0, across), b: rows, shift: 24 }),
      step('clamped', { a: slot(1, along), lo: -(2 ** 22), hi: 2 ** 22 }),
      step('root', {
        outDims: [1],
        redDims: [OUTPUTS],
        combine: 'product',
        reduce: 'sum',
        a: slot(2, across),
        b: slot(2, across),
        post: 'sqrt',
      }),
      step('quotients', {
        a: slot(2, along),
        mult: scalar(2 ** 29 + 1),
        post: 'divide',
        c: slot(3, { ...NO_VIEW, coefs: [0] }),
      }),
      step('table', {
        a: slot(4, along),
        shift: 16,
        lo: -(TABLE / 2),
        hi: TABLE / 2 - 1,
        lookup: { constant: 1, base: -(TABLE / 2), length: TABLE },
        width: 2,
      }),
    ],
  };
}

export const selfTestInput = (): Int32Array => numbers(INPUTS, 2 ** 31 - 1, 3);

/** @throws Error that says what this machine computes otherwise. */
export async function requireExactArithmetic(): Promise<void> {
  const program = selfTestProgram();
  const commitment = commitModel(program);
  for (const threads of [1, undefined]) {
    const executor = await Executor.load(program, threads === undefined ? {} : { threads });
    try {
      const trace = await runTrace(commitment, executor, selfTestInput());
      requireEvaluatorAgrees(trace);
      if (trace.answer.traceRoot !== KNOWN_TRACE_ROOT)
        throw new Error(`The trace root is ${trace.answer.traceRoot} and not ${KNOWN_TRACE_ROOT}.`);
    } finally {
      await executor.close();
    }
  }
}
