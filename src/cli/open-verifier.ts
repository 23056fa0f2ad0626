/** Who re-runs jobs for a daemon: processes of this machine and, when queues are named, runners. */
import type { Operations } from '../ops/operations.js';
import type { RemoteRun } from '../queue/run-queue.js';
import type { Store } from '../store/store.js';
import type { ProcessVerifier, ProcessVerifierOptions } from '../verify/process-verifier.js';
import type { RunReport, Verifier } from '../verify/verifier.js';
import type { Facts } from '../watch/line.js';

/** What the flags of runs are given. */
export interface RunFlags {
  readonly parallel?: number | undefined;
  readonly 'run-timeout'?: number | undefined;
  readonly 'run-memory'?: number | undefined;
}

export interface OpenVerifierOptions {
  readonly flags: RunFlags;
  readonly store: Store;
  readonly isDevnet: boolean;
  /** Addresses of queues. */
  readonly queues: readonly string[];
  readonly operations: Operations;
  readonly write: (facts: Facts) => void;
}

export type OpenVerifier = Verifier & { readonly queueLength: number; readonly unchecked?: number };

export async function openVerifier(options: OpenVerifierOptions): Promise<OpenVerifier> {
  const { flags, store, isDevnet, queues, operations, write } = options;
  const own = await openProcesses(store, flags, {
    trustsPlaces: isDevnet,
    onRun: (report) => {
      operations.ran(report);
      if (wasKilled(report)) write(killed(report));
    },
    onCacheFailure: ({ message }) =>
      write({ level: 'warn', decision: 'cacheFailed', reason: `a result was not kept: ${message}` }),
  });
  if (queues.length === 0) return own;

  const [{ SharedVerifier }, { RunQueue }] = await Promise.all([
    import('../verify/shared-verifier.js'),
    import('../queue/run-queue.js'),
  ]);
  const onRun = (run: RemoteRun): void => {
    operations.remoteRan(run);
    if (run.outcome === 'done') return;
    const reason = `a run that was given to ${run.queue} came to nothing: ${run.reason}`;
    write({ level: 'warn', decision: 'runnerFailed', reason });
  };
  const shared = new SharedVerifier({
    own,
    queues: queues.map((url) => new RunQueue({ url, onRun, onState: (state) => operations.queueIs(state) })),
    onContradiction: (contradiction) => operations.contradicted(contradiction),
    onRechecked: (same) => operations.rechecked(same),
  });
  write({ decision: 'shareRuns', reason: `what waits here is also given to ${shared.names.join(' and ')}` });
  return shared;
}

/** Processes of this machine, bounded by flags. */
export async function openProcesses(
  store: Store,
  { parallel, 'run-timeout': runTimeout, 'run-memory': runMemory }: RunFlags,
  options: ProcessVerifierOptions,
): Promise<ProcessVerifier> {
  const { ProcessVerifier } = await import('../verify/process-verifier.js');
  return new ProcessVerifier(store, {
    ...(parallel === undefined ? {} : { parallel }),
    ...(runTimeout === undefined ? {} : { runTimeoutMs: runTimeout * 1000 }),
    ...(runMemory === undefined ? {} : { maxRssBytes: runMemory * 2 ** 20 }),
    ...options,
  });
}

export const wasKilled = ({ outcome }: RunReport): boolean => outcome !== 'done' && outcome !== 'refused';

export function killed({ modelId, reason }: RunReport): Facts {
  return { level: 'warn', decision: 'runKilled', reason: `a run of model ${modelId} was ended: ${reason}` };
}
