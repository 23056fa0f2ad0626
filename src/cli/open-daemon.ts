/** What og watch and og worker are started with: the chain, the account, who re-runs jobs, who looks on. */
import type { Hash } from '../commit/hash.js';
import type { Operations } from '../ops/operations.js';
import type { Store } from '../store/store.js';
import { wei } from '../units.js';
import type { ProcessVerifier } from '../verify/process-verifier.js';
import type { Log } from '../watch/line.js';
import type { WatchOptions } from '../watch/watch.js';
import { logTo } from './daemon.js';
import { obtainModelFor } from './models.js';
import { openSender, openSession, type Session } from './session.js';
import type { SettingFlags } from './settings.js';
import { openStore } from './store.js';
import { stopSignal } from './until-stopped.js';

/** What the flags of a daemon are given. */
export interface DaemonFlags extends SettingFlags {
  readonly model?: readonly string[] | undefined;
  readonly 'max-bond'?: bigint | undefined;
  readonly 'from-block'?: number | undefined;
  readonly listen?: string | undefined;
  readonly 'log-format'?: 'json' | 'text' | undefined;
  readonly webhook?: string | undefined;
  readonly 'clock-alert'?: number | undefined;
  readonly 'withdraw-from'?: bigint | undefined;
  readonly parallel?: number | undefined;
  readonly 'run-timeout'?: number | undefined;
  readonly 'run-memory'?: number | undefined;
  readonly 'dry-run': boolean;
  readonly once: boolean;
}

export interface OpenDaemon {
  readonly options: WatchOptions;
  close(): Promise<void>;
}

/** Connects, opens the account, finds the models that are named, and begins to serve metrics. */
export async function openDaemon(flags: DaemonFlags, json: boolean): Promise<OpenDaemon> {
  const session = await openSession(flags);
  const { contracts } = session;
  const [store, sender, log, { Operations }, { serveOps }, { Webhook }, { Journal }] = await Promise.all([
    openStore(flags),
    flags['dry-run'] ? null : openSender(session),
    logTo((flags['log-format'] ?? (json ? 'json' : 'text')) === 'json'),
    import('../ops/operations.js'),
    import('../ops/server.js'),
    import('../ops/webhook.js'),
    import('../watch/line.js'),
  ]);
  const models = await modelIds(session, store, flags.model ?? []);
  const loud: Log = (line) => {
    log(line);
    operations.wrote(line);
  };
  const journal = new Journal(loud);
  const webhook =
    flags.webhook === undefined
      ? null
      : new Webhook({
          url: flags.webhook,
          onFailure: ({ key }, { message }) =>
            journal.write(null, {
              level: 'error',
              decision: 'failed',
              reason: `alert ${key} was not told: ${message}`,
            }),
        });
  const verifier = await openVerifier(
    flags,
    store,
    contracts.node.isDevnet,
    () => operations,
    journal.write.bind(journal),
  );
  const operations: Operations = new Operations({
    contracts,
    sender,
    queueLength: () => verifier.queueLength,
    ...(flags['clock-alert'] === undefined ? {} : { clockAlertSeconds: flags['clock-alert'] }),
    tell: (alert) => {
      const { kind, status, message, job } = alert;
      const level = status === 'firing' ? 'error' : 'info';
      journal.write(null, { level, job, decision: 'alert', reason: `${kind} ${status}: ${message}` });
      webhook?.tell(alert);
    },
  });
  const server = flags.listen === undefined ? null : await serveOps(operations, flags.listen);
  const options: WatchOptions = {
    contracts,
    store,
    sender,
    verifier,
    observer: operations,
    log: loud,
    once: flags.once,
    signal: stopSignal(),
    ...(models.length === 0 ? {} : { models }),
    ...(flags['from-block'] === undefined ? {} : { fromBlock: flags['from-block'] }),
    ...(flags['max-bond'] === undefined ? {} : { maxAtStakeWei: wei(flags['max-bond']) }),
    ...(flags['withdraw-from'] === undefined ? {} : { withdrawFromWei: wei(flags['withdraw-from']) }),
  };
  const close = async (): Promise<void> => {
    await verifier.close();
    operations.close();
    await server?.close();
  };
  return { options, close };
}

async function openVerifier(
  flags: DaemonFlags,
  store: Store,
  isDevnet: boolean,
  operations: () => Operations,
  write: (job: null, facts: { level: 'warn'; decision: string; reason: string }) => void,
): Promise<ProcessVerifier> {
  const { ProcessVerifier } = await import('../verify/process-verifier.js');
  const { parallel, 'run-timeout': runTimeout, 'run-memory': runMemory } = flags;
  return new ProcessVerifier(store, {
    trustsPlaces: isDevnet,
    ...(parallel === undefined ? {} : { parallel }),
    ...(runTimeout === undefined ? {} : { runTimeoutMs: runTimeout * 1000 }),
    ...(runMemory === undefined ? {} : { maxRssBytes: runMemory * 2 ** 20 }),
    onRun: (report) => {
      operations().ran(report);
      const { outcome, reason, modelId } = report;
      if (outcome === 'hung' || outcome === 'died' || outcome === 'memory')
        write(null, { level: 'warn', decision: 'runKilled', reason: `a run of model ${modelId} was ended: ${reason}` });
    },
    onCacheFailure: ({ message }) =>
      write(null, { level: 'warn', decision: 'cacheFailed', reason: `a result was not kept: ${message}` }),
  });
}

async function modelIds({ contracts }: Session, store: Store, names: readonly string[]): Promise<Hash[]> {
  const models = await Promise.all(names.map((name) => obtainModelFor(name, store, contracts)));
  return models.map(({ modelId }) => modelId);
}
