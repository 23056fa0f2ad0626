/** Sending transactions from one account: tried before paid for, one nonce after the other, and followed until they are mined. */
import { formatEther, isError, type Log, type TransactionReceipt, type TransactionRequest } from 'ethers';
import type { Hex } from '../commit/hash.js';
import { NetworkError, UserError } from '../errors.js';
import { ContractRefusal, refusalOf } from './errors.js';
import { type Fees, feesNow, raised } from './fees.js';
import { GasMeter, type Spent } from './gas.js';
import type { Node } from './provider.js';
import type { Address, Call } from './typed.js';

/** The most gas that one transaction may have (EIP-7825). */
export const TRANSACTION_GAS_CAP = 2n ** 24n;

/** What signs. An ethers Wallet is one. */
export interface TransactionSigner {
  readonly address: string;
  signTransaction(transaction: TransactionRequest): Promise<string>;
}

export interface SenderOptions {
  readonly meter?: GasMeter;
  /** Never offers more for a unit of gas. No limit when left out. */
  readonly maxFeePerGasWei?: bigint;
  /** A transaction that is not mined after this is sent again at a higher price; 45 s when left out. */
  readonly raiseAfterMs?: number;
  /** Waiting for a transaction ends after this; 10 minutes when left out. */
  readonly giveUpAfterMs?: number;
}

/** A transaction that was mined and succeeded. */
export interface Sent extends Spent {
  readonly blockNumber: number;
  readonly logs: readonly Log[];
}

interface Broadcast {
  readonly call: Call;
  readonly nonce: number;
  readonly gasLimit: bigint;
  readonly hashes: Hex[];
  fees: Fees;
}

/** Nonces that somebody else took while we signed are asked for anew this often. */
const NONCE_ATTEMPTS = 4;

/**
 * There is one Sender for an account in a process. Calls are simulated, priced and broadcast one at a time, in the order in which
 * they come; waiting for blocks goes on side by side.
 */
export class Sender {
  readonly address: Address;
  readonly meter: GasMeter;
  private queue: Promise<unknown> = Promise.resolve();
  private inFlight = 0;
  private nextNonce = 0;

  constructor(
    readonly node: Node,
    private readonly signer: TransactionSigner,
    private readonly options: SenderOptions = {},
  ) {
    this.address = signer.address as Address;
    this.meter = options.meter ?? new GasMeter();
  }

  /** Runs a call without sending it. @throws ContractRefusal when it would revert. */
  async simulate(call: Call): Promise<Hex> {
    try {
      return (await this.node.call({ ...this.request(call), blockTag: this.node.simulationTag })) as Hex;
    } catch (error) {
      throw refusalOf(error) ?? error;
    }
  }

  /**
   * Sends a call and waits until it is mined.
   *
   * @throws ContractRefusal when it would revert (nothing is sent) or did revert; UserError when the account cannot pay or the gas
   * does not fit a transaction; NetworkError when it is not mined in time.
   */
  async send(call: Call): Promise<Sent> {
    const broadcast = await this.enqueue(() => this.broadcast(call));
    try {
      return this.mined(call, await this.follow(broadcast));
    } finally {
      this.inFlight--;
    }
  }

  /** Waits for a transaction that somebody else signed. */
  async receipt(hash: Hex): Promise<TransactionReceipt> {
    const giveUpAt = Date.now() + this.giveUpAfterMs;
    for (;;) {
      const receipt = await this.node.getTransactionReceipt(hash);
      if (receipt) return receipt;
      if (Date.now() > giveUpAt) throw this.notMined([hash]);
      await pause(this.node.pollingMs);
    }
  }

  async balance(): Promise<bigint> {
    return this.node.getBalance(this.address);
  }

  private get giveUpAfterMs(): number {
    return this.options.giveUpAfterMs ?? 600_000;
  }

  private request({ to, data, valueWei }: Call): TransactionRequest {
    return { from: this.address, to, data, value: valueWei ?? 0n };
  }

  private async enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.queue.then(task, task);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private async broadcast(call: Call): Promise<Broadcast> {
    const valueWei = call.valueWei ?? 0n;
    await this.requireBalance(call, valueWei);
    await this.simulate(call);
    const gasLimit = await this.gasLimit(call);
    const fees = await feesNow(this.node, this.options.maxFeePerGasWei);
    await this.requireBalance(call, valueWei + gasLimit * fees.maxFeePerGas);
    for (let attempt = 1; ; attempt++) {
      const nonce = await this.nonce();
      const broadcast: Broadcast = { call, nonce, gasLimit, fees, hashes: [] };
      try {
        await this.sign(broadcast);
        this.nextNonce = nonce + 1;
        this.inFlight++;
        return broadcast;
      } catch (error) {
        const taken = isError(error, 'NONCE_EXPIRED') || isError(error, 'REPLACEMENT_UNDERPRICED');
        if (!taken || attempt === NONCE_ATTEMPTS) throw this.explained(error, call);
        await pause(this.node.pollingMs);
      }
    }
  }

  /** Nodes behind a balancer may not know our last transaction yet, so our own count goes first while one is under way. */
  private async nonce(): Promise<number> {
    const known = await this.node.getTransactionCount(this.address, 'pending');
    return this.inFlight > 0 ? Math.max(known, this.nextNonce) : known;
  }

  private async sign(broadcast: Broadcast): Promise<void> {
    const { call, nonce, gasLimit, fees } = broadcast;
    const signed = await this.signer.signTransaction({
      ...this.request(call),
      nonce,
      gasLimit,
      chainId: this.node.chainId,
      ...fees.fields,
    });
    const { hash } = await this.node.broadcastTransaction(signed);
    broadcast.hashes.push(hash as Hex);
  }

  private async gasLimit(call: Call): Promise<bigint> {
    let estimate: bigint;
    try {
      estimate = await this.node.estimateGas(this.request(call));
    } catch (error) {
      throw this.explained(error, call);
    }
    if (estimate > TRANSACTION_GAS_CAP)
      throw new UserError(
        'OG_TOO_MUCH_GAS',
        `The transaction "${call.kind}" needs ${estimate} gas; a transaction may have ${TRANSACTION_GAS_CAP}.`,
      );
    const withMargin = estimate + estimate / 4n + 20_000n;
    return withMargin < TRANSACTION_GAS_CAP ? withMargin : TRANSACTION_GAS_CAP;
  }

  private async follow(broadcast: Broadcast): Promise<TransactionReceipt> {
    const giveUpAt = Date.now() + this.giveUpAfterMs;
    const raiseAfterMs = this.options.raiseAfterMs ?? 45_000;
    for (let raiseAt = Date.now() + raiseAfterMs; ; ) {
      for (const hash of broadcast.hashes) {
        const receipt = await this.node.getTransactionReceipt(hash);
        if (receipt) return receipt;
      }
      if (Date.now() > giveUpAt) throw this.notMined(broadcast.hashes);
      if (Date.now() > raiseAt) {
        await this.requireNonce(broadcast);
        await this.raise(broadcast);
        raiseAt = Date.now() + raiseAfterMs;
      }
      await pause(this.node.pollingMs);
    }
  }

  /** Another process with the same key may have used the nonce; then ours will never be mined. */
  private async requireNonce({ call, nonce, hashes }: Broadcast): Promise<void> {
    if ((await this.node.getTransactionCount(this.address, 'latest')) <= nonce) return;
    const receipts = await Promise.all(hashes.map((hash) => this.node.getTransactionReceipt(hash)));
    if (receipts.some((receipt) => receipt !== null)) return;
    throw new NetworkError(
      'OG_REPLACED',
      `The transaction "${call.kind}" of ${this.address} will not be mined: another one took its nonce (${nonce}).`,
      'Use the account in one process only.',
    );
  }

  /** Offers more for the same nonce. A node that refuses is asked again later: one of the earlier offers may be mined still. */
  private async raise(broadcast: Broadcast): Promise<void> {
    const { call, gasLimit } = broadcast;
    const fees = raised(broadcast.fees, this.options.maxFeePerGasWei);
    if (!fees) return;
    if ((await this.balance()) < (call.valueWei ?? 0n) + gasLimit * fees.maxFeePerGas) return;
    try {
      await this.sign({ ...broadcast, fees });
      broadcast.fees = fees;
    } catch (error) {
      if (error instanceof NetworkError) throw error;
    }
  }

  private async mined(call: Call, receipt: TransactionReceipt): Promise<Sent> {
    const sent: Sent = {
      kind: call.kind,
      txHash: receipt.hash as Hex,
      gasUsed: receipt.gasUsed,
      gasPriceWei: receipt.gasPrice,
      calldataBytes: (call.data.length - 2) / 2,
      blockNumber: receipt.blockNumber,
      logs: receipt.logs,
    };
    this.meter.record(sent);
    if (receipt.status === 1) return sent;
    throw await this.reverted(call, receipt);
  }

  /** It passed when it was tried: something came in between. Trying it again says what. */
  private async reverted(call: Call, receipt: TransactionReceipt): Promise<ContractRefusal> {
    try {
      await this.node.call({ ...this.request(call), blockTag: receipt.blockNumber });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return refusal;
    }
    const message = `The transaction "${call.kind}" (${receipt.hash}) was mined but reverted; another one came first, or its gas ran out.`;
    return new ContractRefusal(message, 'Reverted', {});
  }

  private async requireBalance(call: Call, neededWei: bigint): Promise<void> {
    const balance = await this.balance();
    if (balance < neededWei) throw this.insufficient(call, balance, neededWei);
  }

  private insufficient(call: Call, balance: bigint, neededWei: bigint): UserError {
    return new UserError(
      'OG_INSUFFICIENT_FUNDS',
      `The account ${this.address} has ${formatEther(balance)} ETH, but "${call.kind}" needs up to ${formatEther(neededWei)} ETH.`,
      `Send it at least ${formatEther(neededWei - balance)} ETH on chain ${this.node.chainId}.`,
    );
  }

  private explained(error: unknown, call: Call): unknown {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    if (isError(error, 'INSUFFICIENT_FUNDS'))
      return new UserError(
        'OG_INSUFFICIENT_FUNDS',
        `The account ${this.address} cannot pay for "${call.kind}" on chain ${this.node.chainId}.`,
        'Send it some ETH, or wait until its other transactions are mined.',
        { cause: error },
      );
    return error;
  }

  private notMined(hashes: readonly Hex[]): NetworkError {
    return new NetworkError(
      'OG_NOT_MINED',
      `The transaction ${hashes.join(' (replaced: ')}${hashes.length > 1 ? ')' : ''} was not mined in ${this.giveUpAfterMs / 1000} s.`,
      'It may be mined still. Check the chain before you send it again.',
    );
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
