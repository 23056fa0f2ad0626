import type { Requested } from '../chain/requests.js';
import type { Sender } from '../chain/sender.js';
import type { Model, Store } from '../store/store.js';
import { seconds, wei } from '../units.js';
import { addressOf, type Session } from './session.js';

export interface AskOptions {
  readonly feeWei: bigint;
  readonly claimSeconds: number;
  readonly consumer?: string | undefined;
  readonly byRoot?: boolean;
}

/** How long a first claim may take unless it is said. */
export const USUAL_CLAIM_SECONDS = 3600;

/** Posts a request. The input is kept in the store first: when it goes by its root, this may be the only copy. */
export async function askFor(
  { contracts }: Session,
  sender: Sender,
  store: Store,
  { commitment }: Model,
  input: Int32Array,
  { feeWei, claimSeconds, consumer, byRoot = false }: AskOptions,
): Promise<Requested> {
  const { requestInference } = await import('../chain/requests.js');
  await store.putInput(commitment.model, input);
  return requestInference(contracts, sender, {
    model: commitment.model,
    input,
    feeWei: wei(feeWei),
    claimSeconds: seconds(claimSeconds),
    byRoot,
    ...(consumer === undefined ? {} : { consumer: await addressOf(consumer, '--consumer') }),
  });
}
