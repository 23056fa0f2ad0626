/** Spreads tasks over child processes, as many as there are cores; a child that dies, hangs or takes too much memory is replaced. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Work<Task, Result> {
  /** A module that calls `answerTasks`. */
  readonly worker: URL;
  readonly timeoutMs: number;
  /** What a task may use up: a child with more is killed. Looked at on Linux only. */
  readonly limits?: Usage;
  /** The result of a task that its child did not survive. */
  failed(task: Task, reason: string, milliseconds: number): Result;
}

/** Of a process: it does not depend on how busy the machine is otherwise. */
export interface Usage {
  readonly processorMs: number;
  /** In memory now. */
  readonly residentBytes: number;
}

const HEAP_MEGABYTES = 3072;
const METER_EVERY_MS = 100;
const PAGE_BYTES = 4096;
const TICK_MS = 10;
const READY = 'ready';

/** In the child: answers every task with a result. */
export function answerTasks<Task, Result>(answer: (task: Task) => Promise<Result>): void {
  process.on('message', (task: Task) => {
    void answer(task).then((result) => process.send?.(result));
  });
  process.on('disconnect', () => process.exit());
  process.send?.(READY);
}

function start(worker: URL): Promise<ChildProcess> {
  const child = fork(fileURLToPath(worker), {
    execArgv: ['--import', 'tsx', `--max-old-space-size=${HEAP_MEGABYTES}`],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child));
    child.once('exit', (code, signal) => reject(new Error(`a child process did not start: ${signal ?? code}`)));
  });
}

/** Zeros where the system does not say. */
function usageOf(pid: number | undefined): Usage {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name in brackets, which may hold blanks: what follows begins with the third field.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { processorMs: (fields[11]! + fields[12]!) * TICK_MS, residentBytes: fields[21]! * PAGE_BYTES };
  } catch {
    return { processorMs: 0, residentBytes: 0 };
  }
}

function runIn<Task, Result>(child: ChildProcess, work: Work<Task, Result>, task: Task): Promise<Result> {
  const started = performance.now();
  return new Promise((resolve) => {
    const fail = (reason: string): void => {
      child.kill('SIGKILL');
      settle(work.failed(task, reason, Math.round(performance.now() - started)));
    };
    const timer = setTimeout(() => fail(`no answer in ${work.timeoutMs / 1000} s`), work.timeoutMs);
    const { limits } = work;
    const before = usageOf(child.pid).processorMs;
    const measure = ({ processorMs, residentBytes }: Usage): void => {
      const now = usageOf(child.pid);
      if (now.residentBytes > residentBytes) fail(`${now.residentBytes} bytes of memory`);
      else if (now.processorMs - before > processorMs) fail(`no answer in ${processorMs / 1000} s of processor time`);
    };
    const meter = limits && setInterval(() => measure(limits), METER_EVERY_MS);
    const onExit = (code: number | null, signal: string | null): void =>
      fail(`the process ended with ${signal ?? code}`);
    const settle = (result: Result): void => {
      clearTimeout(timer);
      clearInterval(meter);
      child.off('exit', onExit);
      child.off('message', settle);
      resolve(result);
    };
    child.once('exit', onExit);
    child.once('message', settle);
    child.send(task as object);
  });
}

/** Calls `report` for each task as it ends, in no order. */
export async function runTasks<Task, Result>(
  tasks: Iterable<Task>,
  work: Work<Task, Result>,
  report: (result: Result) => void,
): Promise<Result[]> {
  const queue = tasks[Symbol.iterator]();
  const results: Result[] = [];
  const lane = async (): Promise<void> => {
    let child = await start(work.worker);
    for (let next = queue.next(); !next.done; next = queue.next()) {
      if (!child.connected || child.killed) child = await start(work.worker);
      const result = await runIn(child, work, next.value);
      results.push(result);
      report(result);
    }
    if (child.connected) child.disconnect();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return results;
}
