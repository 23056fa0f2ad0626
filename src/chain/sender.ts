/** Sending transactions from one account: tried before paid for, one nonce after the other, and followed until they are mined. */
import { formatEther, isError, type Log, type TransactionReceipt, type TransactionRequest } from 'ethers';
import type { Hex } from '../commit/hash.js';
import { UserError } from '../errors.js';
import { ContractRefusal, refusalOf } from './errors.js';
import { type Fees, feesNow } from './fees.js';
import { GasMeter, type Spent } from './gas.js';
import type { Node } from './provider.js';
import { nonceWasTaken, notMined, type Patience, pause, Transaction, type TransactionSigner } from './transaction.js';
import type { Address, Call } from './typed.js';

export type { TransactionSigner };

/** The most gas that one transaction may have (EIP-7825). */
export const TRANSACTION_GAS_CAP = 2n ** 24n;

export interface SenderOptions extends Patience {
  readonly meter?: GasMeter;
}

/** A transaction that was mined and succeeded. */
export interface Sent extends Spent {
  readonly blockNumber: number;
  readonly logs: readonly Log[];
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
    const transaction = await this.enqueue(() => this.broadcast(call));
    try {
      return await this.mined(call, await transaction.receipt());
    } finally {
      this.inFlight--;
    }
  }

  /** Waits for a transaction that somebody else signed. */
  async receipt(hash: Hex, giveUpAfterMs = this.options.giveUpAfterMs ?? 600_000): Promise<TransactionReceipt> {
    const giveUpAt = Date.now() + giveUpAfterMs;
    for (;;) {
      const receipt = await this.node.getTransactionReceipt(hash);
      if (receipt) return receipt;
      if (Date.now() > giveUpAt) throw notMined([hash], giveUpAfterMs);
      await pause(this.node.pollingMs);
    }
  }

  /**
   * Waits until nothing of this account is on its way: what a process that was killed has sent is not on the chain yet, and would
   * be decided and sent a second time. Waits a minute at most; a transaction may be stuck for ever.
   */
  async settled(timeoutMs = 60_000): Promise<void> {
    const giveUpAt = Date.now() + timeoutMs;
    while (Date.now() < giveUpAt) {
      const [sent, mined] = await Promise.all(
        (['pending', 'latest'] as const).map((tag) => this.node.getTransactionCount(this.address, tag)),
      );
      if (sent === mined) return;
      await pause(this.node.pollingMs);
    }
  }

  async balance(): Promise<bigint> {
    return this.node.getBalance(this.address);
  }

  private request({ to, data, valueWei }: Call): TransactionRequest {
    return { from: this.address, to, data, value: valueWei ?? 0n };
  }

  private async enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.queue.then(task, task);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private async broadcast(call: Call): Promise<Transaction> {
    const { fees, gasLimit } = await this.priced(call);
    for (let attempt = 1; ; attempt++) {
      const nonce = await this.nonce();
      const transaction = new Transaction(this.node, this.signer, this.options, call, nonce, gasLimit, fees);
      try {
        await transaction.broadcast();
        this.nextNonce = nonce + 1;
        this.inFlight++;
        return transaction;
      } catch (error) {
        if (!nonceWasTaken(error) || attempt === NONCE_ATTEMPTS) throw this.explained(error, call);
        await pause(this.node.pollingMs);
      }
    }
  }

  /** Nodes behind a balancer may not know our last transaction yet, so our own count goes first while one is under way. */
  private async nonce(): Promise<number> {
    const known = await this.node.getTransactionCount(this.address, 'pending');
    return this.inFlight > 0 ? Math.max(known, this.nextNonce) : known;
  }

  /** Tries the call, and sees that the account can pay for it. What a person can mend is said first. */
  private async priced(call: Call): Promise<{ fees: Fees; gasLimit: bigint }> {
    const valueWei = call.valueWei ?? 0n;
    const [balance, tried, gas, fees] = await Promise.allSettled([
      this.balance(),
      this.simulate(call),
      this.gasLimit(call),
      feesNow(this.node, this.options.maxFeePerGasWei),
    ]);
    const balanceWei = resultOf(balance);
    if (balanceWei < valueWei) throw this.insufficient(call, balanceWei, valueWei);
    resultOf(tried);
    const priced = { fees: resultOf(fees), gasLimit: resultOf(gas) };
    const neededWei = valueWei + priced.gasLimit * priced.fees.maxFeePerGas;
    if (balanceWei < neededWei) throw this.insufficient(call, balanceWei, neededWei);
    return priced;
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
    if (!isError(error, 'INSUFFICIENT_FUNDS')) return error;
    return new UserError(
      'OG_INSUFFICIENT_FUNDS',
      `The account ${this.address} cannot pay for "${call.kind}" on chain ${this.node.chainId}.`,
      'Send it some ETH, or wait until its other transactions are mined.',
    );
  }
}

function resultOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
