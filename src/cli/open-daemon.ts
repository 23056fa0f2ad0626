/** What og watch and og worker are started with: the chain, the account, who re-runs jobs, who looks on. */
import type { Hash } from '../commit/hash.js';
import type { Operations } from '../ops/operations.js';
import type { Store } from '../store/store.js';
import { wei } from '../units.js';
import type { Log } from '../watch/line.js';
import type { WatchOptions } from '../watch/watch.js';
import { logTo } from './daemon.js';
import { obtainModelFor } from './models.js';
import { type OpenVerifier, openVerifier, type RunFlags } from './open-verifier.js';
import { openSender, openSession, type Session } from './session.js';
import { listed, type SettingFlags } from './settings.js';
import { openStore } from './store.js';
import { stopSignal } from './until-stopped.js';

/** What the flags of a daemon are given. */
export interface DaemonFlags extends SettingFlags, RunFlags {
  readonly model?: readonly string[] | undefined;
  readonly 'max-bond'?: bigint | undefined;
  readonly 'from-block'?: number | undefined;
  readonly listen?: string | undefined;
  readonly 'log-format'?: 'json' | 'text' | undefined;
  readonly webhook?: string | undefined;
  readonly 'clock-alert'?: number | undefined;
  readonly 'withdraw-from'?: bigint | undefined;
  /** oclif gives a list, but a variable of the environment as it is. */
  readonly queue?: readonly string[] | string | undefined;
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
  let runs: OpenVerifier | null = null;
  const operations: Operations = new Operations({
    contracts,
    sender,
    queueLength: () => runs?.queueLength ?? 0,
    unchecked: () => runs?.unchecked ?? 0,
    ...(flags['clock-alert'] === undefined ? {} : { clockAlertSeconds: flags['clock-alert'] }),
    tell: (alert) => {
      const { kind, status, message, job } = alert;
      const level = status === 'firing' ? 'error' : 'info';
      journal.write(null, { level, job, decision: 'alert', reason: `${kind} ${status}: ${message}` });
      webhook?.tell(alert);
    },
  });
  const verifier = await openVerifier({
    flags,
    store,
    isDevnet: contracts.node.isDevnet,
    queues: listed(flags.queue) ?? [],
    operations,
    write: (facts) => journal.write(null, facts),
  });
  runs = verifier;
  const server = flags.listen === undefined ? null : await serveOps(operations, flags.listen);
  const options: WatchOptions = {
    contracts,
    store,
    sender,
    verifier,
    closesVerifier: true,
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

async function modelIds({ contracts }: Session, store: Store, names: readonly string[]): Promise<Hash[]> {
  const models = await Promise.all(names.map((name) => obtainModelFor(name, store, contracts)));
  return models.map(({ modelId }) => modelId);
}
