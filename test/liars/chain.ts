/** The chain as a strategy sees it: its clock, its pool of transactions, its reorganisations. */
import { type TransactionReceipt, Wallet } from 'ethers';
import type { Contracts } from '../../src/chain/contracts.js';
import { type Devnet, type DevnetOptions, startDevnet } from '../../src/chain/devnet.js';
import { DEVNET_PARAMETERS } from '../../src/chain/parameters.js';
import type { Address, Call } from '../../src/chain/typed.js';
import type { Hex } from '../../src/commit/hash.js';
import type { Timestamp } from '../../src/units.js';

/** Enough for every call that the contracts take. */
const GAS_LIMIT = 6_000_000n;
/** More than any block asks: a liar does not mind. */
const USUAL_FEE_WEI = 10n ** 12n;
const USUAL_TIP_WEI = 10n ** 9n;
const WAIT_MS = 10_000;

export interface PooledTransaction {
  readonly from: string;
  readonly to: string;
  readonly input: Hex;
  readonly value: string;
  readonly hash: string;
  readonly maxFeePerGas?: string;
  readonly gasPrice?: string;
}

export interface SendOptions {
  /** Time of the block that it is to be in. */
  readonly at?: Timestamp;
  /** What is offered for gas, in wei; the usual when left out. */
  readonly feeWei?: bigint;
  readonly gasLimit?: bigint;
}

export class Chain {
  /** Whether blocks are only mined when a strategy says so. */
  private manual = false;

  private constructor(readonly devnet: Devnet) {}

  static async start(options: DevnetOptions = {}): Promise<Chain> {
    return new Chain(await startDevnet({ parameters: DEVNET_PARAMETERS, ...options }));
  }

  get contracts(): Contracts {
    return this.devnet.contracts;
  }

  get isManual(): boolean {
    return this.manual;
  }

  now(): Promise<Timestamp> {
    return this.devnet.node.now();
  }

  /** Moves the chain's clock to this second, by an empty block. */
  async advanceTo(time: Timestamp): Promise<void> {
    const { timestamp } = await this.devnet.node.latestBlock();
    await this.rpc('evm_setNextBlockTimestamp', [Math.max(time, timestamp + 1)]);
    await this.mine();
  }

  async mine(): Promise<void> {
    await this.rpc('evm_mine', []);
  }

  /** From now on transactions stay in the pool until `mine`, or not. */
  async holdTransactions(hold: boolean): Promise<void> {
    this.manual = hold;
    await this.rpc('evm_setAutomine', [!hold]);
    if (!hold) await this.mine();
  }

  async pool(): Promise<PooledTransaction[]> {
    const { pending, queued } = (await this.rpc('txpool_content', [])) as Record<
      'pending' | 'queued',
      Record<string, Record<string, PooledTransaction>>
    >;
    return [pending, queued].flatMap((part) => Object.values(part).flatMap((each) => Object.values(each)));
  }

  /** The last `depth` blocks go, and as many empty ones come. */
  async reorganise(depth: number): Promise<void> {
    await this.rpc('anvil_reorg', [depth, []]);
  }

  async nextBaseFee(feeWei: bigint): Promise<void> {
    await this.rpc('anvil_setNextBlockBaseFeePerGas', [`0x${feeWei.toString(16)}`]);
  }

  /**
   * Sends without trying first, as a liar does: what the contracts refuse is mined and reverts.
   *
   * @returns its receipt, or null when it is left in the pool.
   */
  async send(account: number, call: Call, options: SendOptions = {}): Promise<TransactionReceipt | null> {
    const { node, accounts } = this.devnet;
    const wallet = new Wallet(accounts[account]?.privateKey ?? '', node);
    const { feeWei, at, gasLimit = GAS_LIMIT } = options;
    if (at !== undefined) await this.rpc('evm_setNextBlockTimestamp', [at]);
    const { hash } = await wallet.sendTransaction({
      to: call.to,
      data: call.data,
      value: call.valueWei ?? 0n,
      nonce: await node.getTransactionCount(wallet.address, 'pending'),
      gasLimit,
      maxFeePerGas: feeWei ?? USUAL_FEE_WEI,
      maxPriorityFeePerGas: feeWei ?? USUAL_TIP_WEI,
    });
    return this.manual ? null : this.receipt(hash);
  }

  async receipt(hash: string): Promise<TransactionReceipt> {
    const end = Date.now() + WAIT_MS;
    for (;;) {
      const receipt = await this.devnet.node.getTransactionReceipt(hash);
      if (receipt) return receipt;
      if (Date.now() > end) throw new Error(`Transaction ${hash} was not mined.`);
      await pause(5);
    }
  }

  addressOf(account: number): Address {
    return this.devnet.accounts[account]?.address as Address;
  }

  rpc(method: string, params: unknown[]): Promise<unknown> {
    return this.devnet.node.send(method, params);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
