/** A job about which somebody lies and a watchtower objects, played on a devnet until nobody has anything left to do. */
import { submitClaim } from '../../src/chain/claims.js';
import type { Devnet } from '../../src/chain/devnet.js';
import { registerModel } from '../../src/chain/model-registry.js';
import { readJob, requestInference } from '../../src/chain/requests.js';
import { playDispute } from '../../src/cli/demo/play-match.js';
import type { JobView } from '../../src/dispute/game.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { type ClaimId, type JobId, seconds, wei } from '../../src/units.js';

export interface Transaction {
  readonly kind: string;
  readonly gas: number;
  readonly calldataBytes: number;
}

export interface PlayedLie {
  readonly jobId: JobId;
  /** The liar's. */
  readonly claimId: ClaimId;
  readonly submitGas: number;
  /** From the challenge to the proof. */
  readonly match: readonly Transaction[];
  readonly matchGas: number;
  readonly view: JobView;
}

const NO_HASH = `0x${'00'.repeat(32)}` as const;

export async function playLie(devnet: Devnet, truth: TraceSource, lie: TraceSource): Promise<PlayedLie> {
  const { contracts } = devnet;
  const [client, liar, watchtower] = [devnet.sender(1), devnet.sender(2), devnet.sender(3)];
  const { model } = truth.commitment;
  await registerModel(contracts, client, model, { sourceSha256: NO_HASH, fidelityHash: NO_HASH, uri: '' });
  const request = { model, input: truth.slots[0]!, feeWei: wei(0n), claimSeconds: seconds(600) };
  const { jobId } = await requestInference(contracts, client, request);
  const { claimId, gasUsed } = await submitClaim(contracts, liar, await readJob(contracts, jobId), lie);
  const match: Transaction[] = [];
  const players = {
    watchtower: { sender: watchtower, trace: truth },
    liar: { sender: liar, trace: lie, claim: claimId },
  };
  const view = await playDispute(contracts, jobId, players, ({ sent }) => {
    match.push({ kind: sent.kind, gas: Number(sent.gasUsed), calldataBytes: sent.calldataBytes });
  });
  const matchGas = match.reduce((sum, { gas }) => sum + gas, 0);
  return { jobId, claimId, submitGas: Number(gasUsed), match, matchGas, view };
}
