import type { Hash } from '../commit/hash.js';
import type { Store } from '../store/store.js';
import { wei } from '../units.js';
import type { Log } from '../watch/line.js';
import type { WatchOptions } from '../watch/watch.js';
import { obtainModelFor } from './models.js';
import { openSender, openSession, type Session } from './session.js';
import type { SettingFlags } from './settings.js';
import { openStore } from './store.js';
import { stopSignal } from './until-stopped.js';

/** What the flags of a daemon are given. */
export interface DaemonFlags extends SettingFlags {
  readonly model?: readonly string[] | undefined;
  readonly 'max-at-stake'?: bigint | undefined;
  readonly 'from-block'?: number | undefined;
  readonly 'dry-run': boolean;
  readonly once: boolean;
}

/** Connects, opens the account, and finds the models that are named. */
export async function openDaemon(flags: DaemonFlags, log: Log): Promise<WatchOptions> {
  const session = await openSession(flags);
  const store = await openStore(flags);
  const models = await modelIds(session, store, flags.model ?? []);
  return {
    contracts: session.contracts,
    store,
    sender: flags['dry-run'] ? null : await openSender(session),
    log,
    once: flags.once,
    signal: stopSignal(),
    ...(models.length === 0 ? {} : { models }),
    ...(flags['from-block'] === undefined ? {} : { fromBlock: flags['from-block'] }),
    ...(flags['max-at-stake'] === undefined ? {} : { maxAtStakeWei: wei(flags['max-at-stake']) }),
  };
}

async function modelIds({ contracts }: Session, store: Store, names: readonly string[]): Promise<Hash[]> {
  const models = await Promise.all(names.map((name) => obtainModelFor(name, store, contracts)));
  return models.map(({ modelId }) => modelId);
}
