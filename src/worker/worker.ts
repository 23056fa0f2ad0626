/** The worker: answers requests for the models it has, and defends what it has answered. */
import type { Hash } from '../commit/hash.js';
import { isOwn } from '../dispute/party.js';
import { type Wei, wei } from '../units.js';
import { takeTurn } from '../watch/turn.js';
import { daemon, type WatchOptions } from '../watch/watch.js';
import { serve } from './serve.js';

export interface WorkOptions extends WatchOptions {
  /** Requests that pay less are left to others; 0 when left out. */
  readonly minFeeWei?: Wei;
}

/** How long what is in the store is taken for granted. */
const STORE_READ_EVERY_MS = 30_000;

/**
 * Works until the signal aborts, or one pass long. It serves the models in `models`, or, when that is left out, those in the store;
 * it looks at no job but those it may serve and those in which it has a claim.
 */
export async function work(options: WorkOptions): Promise<void> {
  const { once = false, minFeeWei = wei(0), models } = options;
  const served = servedModels(options);
  await daemon({ ...options, ...(models ? { models } : {}) }, (table) => async (record, now) => {
    const view = await table.reader.view(record.id);
    const party = table.party();
    const involved = isOwn(party, view.job.requester) || view.claims.some(({ claimant }) => isOwn(party, claimant));
    const live = view.claims.some(({ status }) => status === 'live');
    if (involved && (live || view.job.status !== 'open' || now > view.job.claimBy))
      return takeTurn(table, record, now, { waitForVerdict: once });
    const done = await serve(table, record, view, now, { minFeeWei, served: await served(), waitForTrace: once });
    return { view, verdict: null, isOthers: !involved, ...done };
  });
}

function servedModels({ models, store }: WorkOptions): () => Promise<ReadonlySet<Hash>> {
  if (models) return async () => new Set(models);
  let known: ReadonlySet<Hash> = new Set();
  let readAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (Date.now() - readAtMs > STORE_READ_EVERY_MS) {
      known = new Set(await store.modelIds());
      readAtMs = Date.now();
    }
    return known;
  };
}
