/** Spreads cases over child processes, as many as there are cores; a child that dies or hangs is replaced. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './outcome.js';

const TIMEOUT_MS = 120_000;
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

const startWorker = (): ChildProcess =>
  fork(WORKER, {
    execArgv: ['--import', 'tsx', '--max-old-space-size=3072'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });

function runIn(child: ChildProcess, root: string, name: string): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve) => {
    const crashed = (reason: string): void => {
      child.kill('SIGKILL');
      settle({
        case: name,
        status: 'crashed',
        reason,
        maxError: null,
        milliseconds: Math.round(performance.now() - started),
      });
    };
    const timer = setTimeout(() => crashed(`no answer in ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
    const onExit = (code: number | null, signal: string | null): void =>
      crashed(`the process ended with ${signal ?? code}`);
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      child.off('exit', onExit);
      child.off('message', settle);
      resolve(outcome);
    };
    child.once('exit', onExit);
    child.once('message', settle);
    child.send({ root, name });
  });
}

/** Calls `report` for each case as it ends. */
export async function runAll(
  root: string,
  names: readonly string[],
  report: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const queue = [...names];
  const outcomes: Outcome[] = [];
  const lane = async (): Promise<void> => {
    let child = startWorker();
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const outcome = await runIn(child, root, name);
      outcomes.push(outcome);
      report(outcome);
      if (!child.connected) child = startWorker();
    }
    child.disconnect();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return outcomes;
}
