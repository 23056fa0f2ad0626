/** One transaction on its way: signed, sent, looked for, offered more for when it is not mined. */
import { isError, keccak256, type TransactionReceipt, type TransactionRequest } from 'ethers';
import type { Hex } from '../commit/hash.js';
import { NetworkError } from '../errors.js';
import { type Fees, raised } from './fees.js';
import type { Node } from './provider.js';
import type { Call } from './typed.js';

/** What signs. An ethers Wallet is one. */
export interface TransactionSigner {
  readonly address: string;
  signTransaction(transaction: TransactionRequest): Promise<string>;
}

export interface Patience {
  /** Never offers more for a unit of gas. No limit when left out. */
  readonly maxFeePerGasWei?: bigint;
  /** A transaction that is not mined after this is sent again at a higher price; 45 s when left out. */
  readonly raiseAfterMs?: number;
  /** Waiting for a transaction ends after this; 10 minutes when left out. */
  readonly giveUpAfterMs?: number;
}

const RAISE_AFTER_MS = 45_000;
const GIVE_UP_AFTER_MS = 600_000;

export class Transaction {
  private readonly hashes: Hex[] = [];

  constructor(
    private readonly node: Node,
    private readonly signer: TransactionSigner,
    private readonly patience: Patience,
    readonly call: Call,
    readonly nonce: number,
    private readonly gasLimit: bigint,
    private fees: Fees,
  ) {}

  /** Sends it. A node that has it already, because an answer was lost on the way, is no error. */
  async broadcast(fees: Fees = this.fees): Promise<void> {
    const { to, data, valueWei } = this.call;
    const { node, nonce, gasLimit } = this;
    const signed = await this.signer.signTransaction({
      from: this.signer.address,
      to,
      data,
      value: valueWei ?? 0n,
      nonce,
      gasLimit,
      chainId: node.chainId,
      ...fees.fields,
    });
    const hash = keccak256(signed) as Hex;
    try {
      await node.send('eth_sendRawTransaction', [signed]);
    } catch (error) {
      if (!(await this.isKnown(hash))) throw error;
    }
    this.hashes.push(hash);
    this.fees = fees;
  }

  /** Waits until it is mined. A node that does not answer for a while is asked again. */
  async receipt(): Promise<TransactionReceipt> {
    const { raiseAfterMs = RAISE_AFTER_MS, giveUpAfterMs = GIVE_UP_AFTER_MS } = this.patience;
    const giveUpAt = Date.now() + giveUpAfterMs;
    let raiseAt = Date.now() + raiseAfterMs;
    for (;;) {
      try {
        const receipt = await this.findReceipt();
        if (receipt) return receipt;
        if (Date.now() > raiseAt) {
          await this.requireNonce();
          await this.raise();
          raiseAt = Date.now() + raiseAfterMs;
        }
      } catch (error) {
        if (!(error instanceof NetworkError) || error.code === 'OG_REPLACED') throw error;
      }
      if (Date.now() > giveUpAt) throw notMined(this.hashes, giveUpAfterMs);
      await pause(this.node.pollingMs);
    }
  }

  private async findReceipt(): Promise<TransactionReceipt | null> {
    for (const hash of this.hashes) {
      const receipt = await this.node.getTransactionReceipt(hash);
      if (receipt) return receipt;
    }
    return null;
  }

  /** Another process with the same key may have used the nonce; then this one will never be mined. */
  private async requireNonce(): Promise<void> {
    const { node, nonce, call, signer } = this;
    if ((await node.getTransactionCount(signer.address, 'latest')) <= nonce || (await this.findReceipt())) return;
    throw new NetworkError(
      'OG_REPLACED',
      `The transaction "${call.kind}" of ${signer.address} will not be mined: another one took its nonce (${nonce}).`,
      'Use the account in one process only.',
    );
  }

  /** Offers more for the same nonce. A node that refuses is asked again later: an earlier offer may be mined still. */
  private async raise(): Promise<void> {
    const fees = raised(this.fees, this.patience.maxFeePerGasWei);
    if (!fees) return;
    const neededWei = (this.call.valueWei ?? 0n) + this.gasLimit * fees.maxFeePerGas;
    if ((await this.node.getBalance(this.signer.address)) < neededWei) return;
    try {
      await this.broadcast(fees);
    } catch (error) {
      if (error instanceof NetworkError) throw error;
    }
  }

  private async isKnown(hash: Hex): Promise<boolean> {
    return (await this.node.getTransaction(hash).catch(() => null)) !== null;
  }
}

/** Somebody else has used the nonce while this one was being signed. */
export function nonceWasTaken(error: unknown): boolean {
  return isError(error, 'NONCE_EXPIRED') || isError(error, 'REPLACEMENT_UNDERPRICED');
}

export function notMined(hashes: readonly Hex[], afterMs: number): NetworkError {
  const [first, ...others] = hashes;
  const replaced = others.length > 0 ? ` (sent again as ${others.join(', ')})` : '';
  return new NetworkError(
    'OG_NOT_MINED',
    `The transaction ${first}${replaced} was not mined in ${afterMs / 1000} s.`,
    'It may be mined still. Check the chain before you send it again.',
  );
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
