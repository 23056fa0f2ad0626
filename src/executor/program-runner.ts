/** Runs the programs that a compilation tries, one after the other, for its fidelity report. */
import type { Program } from '../program/program.js';
import { Executor } from './executor.js';

export interface ProgramRunner {
  /** Packed input to packed output. */
  readonly runProgram: (program: Program, input: Int32Array) => Promise<Int32Array>;
  /** Packed input to all slots. */
  readonly traceProgram: (program: Program, input: Int32Array) => Promise<Int32Array[]>;
  close(): Promise<void>;
}

/** One program is open at a time, the last that was asked for: each holds its weights once more. */
export function programRunner(): ProgramRunner {
  let open: Executor | null = null;
  const close = async (): Promise<void> => {
    const executor = open;
    open = null;
    await executor?.close();
  };
  const executorOf = async (program: Program): Promise<Executor> => {
    if (open?.program !== program) {
      await close();
      open = await Executor.load(program);
    }
    return open!;
  };
  return {
    runProgram: async (program, input) => (await executorOf(program)).run(input),
    traceProgram: async (program, input) => (await executorOf(program)).trace(input),
    close,
  };
}
