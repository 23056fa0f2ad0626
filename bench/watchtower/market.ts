/**
 * Requests and claims by the thousand: sent by anvil's own accounts, without waiting for one another, and mined a few jobs to a block. One
 * account asks and answers, so that its nonces keep a request before its claim.
 */
import PQueue from 'p-queue';
import type { Devnet } from '../../src/chain/devnet.js';
import type { Address, Call } from '../../src/chain/typed.js';
import { type Hash, toHex } from '../../src/commit/hash.js';
import { inputBytes, inputRootOf, outputBytes } from '../../src/commit/model.js';
import { sealOf } from '../../src/commit/seal.js';
import type { Model } from '../../src/store/store.js';
import { claimId, type JobId, jobId } from '../../src/units.js';
import type { BareAnswer } from './bare.js';

export interface Posted {
  readonly id: JobId;
  readonly seal: Hash;
  readonly outputRoot: Hash;
  readonly output: `0x${string}`;
}

/** What is asked and answered. */
export interface Question {
  readonly input: Int32Array;
  /** What its claim says. */
  readonly answer: BareAnswer;
}

const FEE_WEI = 10n ** 12n;
const CLAIM_SECONDS = 600n;
const GAS = '0x800000';
const NOBODY: Address = `0x${'00'.repeat(20)}`;
/** Of transactions that end jobs. */
const ENDS_A_BLOCK = 50;
const MINED_AT_ONCE = 25;

export class Market {
  private jobs = 0n;
  /** anvil stops answering when it is asked to mine twice at once. */
  private readonly lane = new PQueue({ concurrency: 1 });
  private readonly nonces = new Map<Address, number>();

  private constructor(
    private readonly devnet: Devnet,
    private readonly model: Model,
    private readonly jobsABlock: number,
  ) {}

  static async open(devnet: Devnet, model: Model, jobsABlock: number): Promise<Market> {
    const market = new Market(devnet, model, jobsABlock);
    market.jobs = await devnet.contracts.jobs.read('jobCount', []);
    await devnet.node.send('evm_setAutomine', [false]);
    return market;
  }

  /** Whether inputs are posted with their requests, or go by their roots. */
  get postsInputs(): boolean {
    const { inputElements, inputWidth } = this.model.commitment.model;
    return inputElements * inputWidth <= this.devnet.contracts.parameters.maxInputBytes;
  }

  /** Asks and claims, block after block. */
  async post(from: Address, questions: readonly Question[]): Promise<Posted[]> {
    const posted: Posted[] = [];
    for (let at = 0; at < questions.length; at += this.jobsABlock) {
      const calls: Call[] = [];
      for (const question of questions.slice(at, at + this.jobsABlock)) {
        const job = this.terms(from, jobId(++this.jobs), question.answer);
        calls.push(this.request(question.input), this.submit(job, question.input));
        posted.push(job);
      }
      await this.send(from, calls);
      await this.mine();
    }
    return posted;
  }

  async finalize(from: Address, all: readonly Posted[]): Promise<void> {
    for (let at = 0; at < all.length; at += ENDS_A_BLOCK) {
      const calls = all
        .slice(at, at + ENDS_A_BLOCK)
        .map(({ id, seal, outputRoot, output }) =>
          this.devnet.contracts.jobs.call('finalize', [id, { seal, outputRoot, target: claimId(0) }, output]),
        );
      await this.send(from, calls);
      await this.mine();
    }
  }

  async mine(blocks = 1): Promise<void> {
    for (let left = blocks; left > 0; left -= MINED_AT_ONCE) {
      const count = Math.min(left, MINED_AT_ONCE);
      await this.lane.add(async () => this.devnet.node.send('anvil_mine', [`0x${count.toString(16)}`]));
    }
  }

  /** Nothing is mined any more. */
  async close(): Promise<void> {
    this.lane.clear();
    await this.lane.onIdle();
  }

  async pass(seconds: number): Promise<void> {
    await this.devnet.node.send('evm_increaseTime', [seconds]);
    await this.mine();
  }

  private terms(claimant: Address, id: JobId, { traceRoot, outputRoot, output }: BareAnswer): Posted {
    const { model } = this.model.commitment;
    const posts = outputBytes(model, output).length <= this.devnet.contracts.parameters.maxOutputBytes;
    return {
      id,
      seal: sealOf(this.devnet.contracts.sealDomain, id, claimant, traceRoot),
      outputRoot,
      output: posts ? toHex(outputBytes(model, output)) : '0x',
    };
  }

  private request(input: Int32Array): Call {
    const { jobs } = this.devnet.contracts;
    const { modelId, commitment } = this.model;
    if (this.postsInputs)
      return jobs.call(
        'request',
        [modelId, toHex(inputBytes(commitment.model, input)), CLAIM_SECONDS, NOBODY],
        FEE_WEI,
      );
    return jobs.call('requestByRoot', [modelId, inputRootOf(commitment.model, input), CLAIM_SECONDS, NOBODY], FEE_WEI);
  }

  private submit({ id, seal, outputRoot, output }: Posted, input: Int32Array): Call {
    const { jobs, parameters } = this.devnet.contracts;
    const { modelId, commitment } = this.model;
    const inputRoot = inputRootOf(commitment.model, input);
    return jobs.call('submit', [id, modelId, inputRoot, seal, outputRoot, output], parameters.bondWei);
  }

  private async send(from: Address, calls: readonly Call[]): Promise<void> {
    const { node } = this.devnet;
    let nonce = this.nonces.get(from) ?? (await node.getTransactionCount(from));
    this.nonces.set(from, nonce + calls.length);
    await Promise.all(
      calls.map(({ to, data, valueWei = 0n }) =>
        node.send('eth_sendTransaction', [
          { from, to, data, value: `0x${valueWei.toString(16)}`, gas: GAS, nonce: `0x${(nonce++).toString(16)}` },
        ]),
      ),
    );
  }
}
