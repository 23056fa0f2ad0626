/** The client's part: asking, and reading the final answer. */
import type { Requested } from '../../chain/requests.js';
import { readOutput, requestInference } from '../../chain/requests.js';
import { outputFromBytes } from '../../commit/model.js';
import type { Model } from '../../store/store.js';
import { type JobId, seconds, type Wei, wei } from '../../units.js';
import { USUAL_CLAIM_SECONDS } from '../ask-for.js';
import type { Stage } from './stage.js';

export const FEE_WEI: Wei = wei(10n ** 15n);

export async function ask(stage: Stage, { commitment }: Model, input: Int32Array): Promise<Requested> {
  return requestInference(stage.devnet.contracts, stage.cast.client, {
    model: commitment.model,
    input,
    feeWei: FEE_WEI,
    claimSeconds: seconds(USUAL_CLAIM_SECONDS),
  });
}

/** The packed output that stands on the chain; null when it is too large for it. */
export async function finalOutput({ devnet }: Stage, { commitment }: Model, id: JobId): Promise<Int32Array | null> {
  const { bytes } = await readOutput(devnet.contracts, id);
  return bytes && outputFromBytes(commitment.model, bytes);
}
