/** A devnet with the small model registered on it, for tests: one for a file, taken back to its beginning between tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callOf } from '../../src/chain/actions.js';
import { submitClaim } from '../../src/chain/claims.js';
import { type Devnet, type DevnetOptions, startDevnet } from '../../src/chain/devnet.js';
import { registerModel } from '../../src/chain/model-registry.js';
import { currentView, readerOfJob } from '../../src/chain/reader.js';
import { type InferenceRequest, readJob, requestInference } from '../../src/chain/requests.js';
import type { Hash } from '../../src/commit/hash.js';
import type { ClaimState } from '../../src/dispute/game.js';
import type { TraceSource } from '../../src/dispute/trace.js';

import { type Model, Store } from '../../src/store/store.js';
import { type ClaimId, type JobId, seconds, wei } from '../../src/units.js';
import { ProcessVerifier } from '../../src/verify/process-verifier.js';
import { attackOn } from '../helpers/attack.js';
import { smallArtefact, smallInput, smallTrace } from './small-model.js';

/** Who is who among the devnet's accounts. */
export const DEPLOYER = 0;
export const CLIENT = 1;
export const WORKER = 2;
export const WATCHTOWER = 3;
export const LIAR = 4;

const NO_HASH: Hash = `0x${'00'.repeat(32)}`;

export class World {
  private constructor(
    readonly devnet: Devnet,
    readonly store: Store,
    readonly model: Model,
    /** What the model gives for `smallInput()`. */
    readonly truth: TraceSource,
    /** Shared by all that run in a test. */
    readonly verifier: ProcessVerifier,
    private snapshot: string,
  ) {}

  static async create(options: DevnetOptions = {}): Promise<World> {
    const devnet = await startDevnet(options);
    const store = new Store(mkdtempSync(join(tmpdir(), 'og-test-')));
    const model = await store.putArtefact(smallArtefact());
    const uri = store.artefactPath(model.modelId);
    const provenance = { sourceSha256: NO_HASH, fidelityHash: NO_HASH, uri };
    await registerModel(devnet.contracts, devnet.sender(DEPLOYER), model.commitment.model, provenance);
    const snapshot = (await devnet.node.send('evm_snapshot', [])) as string;
    const verifier = new ProcessVerifier(store, { parallel: 1, trustsPlaces: true });
    return new World(devnet, store, model, smallTrace(), verifier, snapshot);
  }

  get contracts() {
    return this.devnet.contracts;
  }

  async reset(): Promise<void> {
    await this.devnet.node.send('evm_revert', [this.snapshot]);
    this.snapshot = (await this.devnet.node.send('evm_snapshot', [])) as string;
  }

  async stop(): Promise<void> {
    await this.verifier.close();
    await this.devnet.stop();
    rmSync(this.store.folder, { recursive: true });
  }

  /** The client asks for the small model's answer to `smallInput()`. */
  async request(changes: Partial<InferenceRequest> = {}): Promise<JobId> {
    const { jobId } = await requestInference(this.contracts, this.devnet.sender(CLIENT), {
      model: this.model.commitment.model,
      input: smallInput(),
      feeWei: wei(10n ** 15n),
      claimSeconds: seconds(600),
      ...changes,
    });
    return jobId;
  }

  async claim(account: number, job: JobId, trace: TraceSource = this.truth): Promise<ClaimId> {
    const submitted = await submitClaim(
      this.contracts,
      this.devnet.sender(account),
      await readJob(this.contracts, job),
      trace,
    );
    return submitted.claimId;
  }

  /** A liar challenges a job's first claim with this trace. */
  async challenge(account: number, job: JobId, trace: TraceSource): Promise<void> {
    const { contracts, devnet } = this;
    const sender = devnet.sender(account);
    const view = await currentView(await readerOfJob(contracts, job), job);
    const action = attackOn(contracts, view, view.claims[0] as ClaimState, sender.address, trace);
    await sender.send(callOf(contracts, action));
  }

  /** Until the challenge window is over. */
  async passWindow(): Promise<void> {
    await this.devnet.passSeconds(this.contracts.parameters.challengeWindowSeconds + 1);
  }
}

/** The code of the error that a promise ends with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await errorOf(promise)).code ?? 'an error without a code';
}

export async function errorOf(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; hint?: string; exitCode?: number }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail.');
}

/** Asks again and again until it holds. The limit only ends a test that failed: it is far above what a busy machine needs. */
export async function eventually(holds: () => Promise<boolean> | boolean, timeoutMs = 120_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It did not come true in ${timeoutMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
