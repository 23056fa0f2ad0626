/** One watchtower, as people start it, on an anvil of its own; a market that keeps it busy; and the bare loop that it is compared with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, startDevnet } from '../../src/chain/devnet.js';
import { registerModel } from '../../src/chain/model-registry.js';
import type { Address } from '../../src/chain/typed.js';
import type { Hash } from '../../src/commit/hash.js';
import { type Model, Store } from '../../src/store/store.js';
import type { BareAnswer } from './bare.js';
import { BareLoop } from './bare-loop.js';
import { Market, type Question } from './market.js';
import { compileInto, inputOf } from './subject.js';
import { Tower } from './tower.js';

/** Another than a devnet's, so that the watchtower does as it does on real chains. */
const CHAIN_ID = 31_338;
const [REGISTRANT, WORKER, WATCHTOWER, LIAR] = [0, 1, 2, 3];
const BLOCK_GAS = 10_000_000_000;
const NO_HASH: Hash = `0x${'00'.repeat(32)}`;

export interface StageOptions {
  /** Part of the model's name. */
  readonly model: string;
  /** Runs at the same time. */
  readonly parallel: number;
  readonly jobsABlock: number;
  /** The address at which the watchtower finds the node; the node's own when left out. */
  readonly nodeFor?: (url: string) => Promise<string>;
}

export class Stage {
  private constructor(
    readonly folder: string,
    readonly store: Store,
    readonly modelName: string,
    readonly model: Model,
    readonly threads: number,
    readonly devnet: Devnet,
    readonly market: Market,
    readonly bare: BareLoop,
    readonly tower: Tower,
  ) {}

  static async open({ model: part, parallel, jobsABlock, nodeFor }: StageOptions): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'og-watchtower-'));
    const store = new Store(join(folder, 'tower'));
    const bareStore = new Store(join(folder, 'bare'));
    const { name, model } = await compileInto([store, bareStore], part);
    const threads = Math.max(1, Math.floor(availableParallelism() / parallel));
    const devnet = await startDevnet({ chainId: CHAIN_ID, gasLimit: BLOCK_GAS });
    const { contracts, url } = devnet;
    const provenance = { sourceSha256: NO_HASH, fidelityHash: NO_HASH, uri: '' };
    await registerModel(contracts, devnet.sender(REGISTRANT), model.commitment.model, provenance);
    const market = await Market.open(devnet, model, jobsABlock);
    const bare = new BareLoop(bareStore.folder, parallel, threads);
    const tower = new Tower(
      [
        ['--rpc', nodeFor ? await nodeFor(url) : url],
        ['--deployment', contracts.address],
        ['--hold-off', '0s'],
        ['--parallel', String(parallel)],
      ].flat(),
      { OG_HOME: store.folder, OG_PRIVATE_KEY: devnet.accounts[WATCHTOWER]?.privateKey ?? '' },
      join(folder, 'tower.log'),
    );
    return new Stage(folder, store, name, model, threads, devnet, market, bare, tower);
  }

  get worker(): Address {
    return this.address(WORKER);
  }

  get watchtower(): Address {
    return this.address(WATCHTOWER);
  }

  get liar(): Address {
    return this.address(LIAR);
  }

  /** So many questions with the right answers, which the bare loop gives. Their inputs are in the watchtower's store if they go by their roots. */
  async questions(count: number): Promise<Question[]> {
    const inputs = Array.from({ length: count }, (_, i) => inputOf(this.model, i + 1));
    const { answers } = await this.bare.run(this.model.modelId, inputs);
    if (!this.market.postsInputs)
      for (const input of inputs) await this.store.putInput(this.model.commitment.model, input);
    return inputs.map((input, i) => ({ input, answer: answers[i] as BareAnswer }));
  }

  /** What the watchtower has kept of its runs on disk is deleted. */
  forgetRuns(): void {
    rmSync(join(this.store.folder, 'runs'), { recursive: true, force: true });
  }

  async until(holds: () => boolean, doing: string, timeoutMs = 600_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!holds()) {
      if (this.tower.ended) throw new Error(`${doing}: the watchtower has ended; its log is in ${this.folder}`);
      if (Date.now() > end) throw new Error(`${doing}: not in ${timeoutMs / 1000} s; the log is in ${this.folder}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** @param keep leave the watchtower's log behind. @param stopped is called before the chain ends. */
  async close(keep: boolean, stopped: () => void = () => undefined): Promise<void> {
    await this.tower.stop();
    stopped();
    await this.market.close();
    this.bare.close();
    await this.devnet.stop();
    if (!keep) rmSync(this.folder, { recursive: true });
  }

  private address(account: number): Address {
    return this.devnet.accounts[account]?.address as Address;
  }
}

/** The right output under a seal that opens to nothing. */
export function lieOf({ input, answer }: Question): Question {
  return { input, answer: { ...answer, traceRoot: NO_HASH } };
}
