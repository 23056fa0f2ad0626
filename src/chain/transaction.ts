/** One transaction on its way: signed, sent, looked for, offered more for when it is not mined, sent again when it was lost. */
import { isError, keccak256, type TransactionReceipt, type TransactionRequest } from 'ethers';
import type { Hex } from '../commit/hash.js';
import { NetworkError } from '../errors.js';
import type { Timestamp } from '../units.js';
import type { PendingTransaction, TransactionNews } from './events.js';
import { type Fees, feesNow, patienceMs, raised, urgencyPercent } from './fees.js';
import type { Node } from './provider.js';
import type { Address, Call } from './typed.js';

/** What signs. An ethers Wallet is one. */
export interface TransactionSigner {
  readonly address: string;
  signTransaction(transaction: TransactionRequest): Promise<string>;
}

export interface Patience {
  /** Never offers more for a unit of gas. No limit when left out. */
  readonly maxFeePerGasWei?: bigint;
  /** A transaction that is not mined after this is sent again at a higher price, sooner when its deadline is near; 45 s when left out. */
  readonly raiseAfterMs?: number;
  /** Waiting for a transaction ends after this; 10 minutes when left out. */
  readonly giveUpAfterMs?: number;
}

/** By when a transaction must be mined to be of use. */
export interface Deadline {
  readonly at: Timestamp;
  /** The same instant by this machine's clock. */
  readonly ms: number;
}

const RAISE_AFTER_MS = 45_000;
const GIVE_UP_AFTER_MS = 600_000;
/** Offers are not raised faster than this: a block must have had the time to come. */
const LEAST_PATIENCE_MS = 5_000;
/** How often a node is asked whether it still has what it was sent, in polls for the receipt. */
const POLLS_BETWEEN_LOOKS = 10;
/** A nonce that was used but whose transaction cannot be seen yet is looked at so often before another one is believed to have it. */
const LOOKS_BEFORE_REPLACED = 3;

export class Transaction {
  readonly sentAtMs = Date.now();
  private readonly offers: { readonly hash: Hex; readonly signed: string }[] = [];
  private minedIn: { readonly number: number; readonly hash: string } | null = null;

  constructor(
    private readonly node: Node,
    private readonly signer: TransactionSigner,
    private readonly patience: Patience,
    readonly call: Call,
    readonly nonce: number,
    private readonly gasLimit: bigint,
    private fees: Fees,
    readonly deadline: Deadline | null,
  ) {}

  get pending(): PendingTransaction {
    return {
      from: this.signer.address as Address,
      nonce: this.nonce,
      kind: this.call.kind,
      hash: this.hash,
      sentAtMs: this.sentAtMs,
      replacements: this.offers.length - 1,
      maxFeePerGasWei: this.fees.maxFeePerGas,
      deadline: this.deadline?.at ?? null,
    };
  }

  /** Not mined although its price was raised: something holds it up. */
  get isOverdue(): boolean {
    return Date.now() - this.sentAtMs > 2 * this.raiseAfterMs;
  }

  /** Where it was mined, as it was last seen. */
  get block(): { readonly number: number; readonly hash: string } | null {
    return this.minedIn;
  }

  /** Sends it. A node that has it already, because an answer was lost on the way, is no error. */
  async broadcast(): Promise<void> {
    await this.offer(this.fees);
    this.tell('sent');
  }

  /** Waits until it is mined. A node that does not answer for a while is asked again. */
  async receipt(): Promise<TransactionReceipt> {
    const { giveUpAfterMs = GIVE_UP_AFTER_MS } = this.patience;
    const giveUpAt = Date.now() + giveUpAfterMs;
    let raiseAt = Date.now() + this.raiseAfterMs;
    for (let poll = 1; ; poll++) {
      try {
        const receipt = await this.findReceipt();
        if (receipt) return this.mined(receipt);
        if (Date.now() > raiseAt) {
          await this.requireNonce();
          await this.raise();
          raiseAt = Date.now() + this.raiseAfterMs;
        } else if (poll % POLLS_BETWEEN_LOOKS === 0) await this.sendAgainIfLost();
      } catch (error) {
        if (!(error instanceof NetworkError) || error.code === 'OG_REPLACED') throw error;
      }
      if (Date.now() > giveUpAt) throw notMined(this.hashes, giveUpAfterMs);
      await pause(this.node.pollingMs);
    }
  }

  /** After it was mined: whether it still is. Where the chain has taken it back, it is sent again, unless another one has its nonce. */
  async afterMined(): Promise<'mined' | 'sentAgain' | 'gone'> {
    const receipt = await this.findReceipt();
    if (receipt) {
      this.minedIn = { number: receipt.blockNumber, hash: receipt.blockHash };
      return 'mined';
    }
    this.tell('reorganised');
    if ((await this.nonceNow()) > this.nonce) return 'gone';
    await this.sendAgain();
    return 'sentAgain';
  }

  private get hash(): Hex {
    return this.offers.at(-1)?.hash ?? '0x';
  }

  private get hashes(): Hex[] {
    return this.offers.map(({ hash }) => hash);
  }

  private get secondsLeft(): number | null {
    return secondsLeftUntil(this.deadline);
  }

  private get raiseAfterMs(): number {
    return patienceWith(this.patience, this.deadline);
  }

  private async offer(fees: Fees): Promise<void> {
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
    this.offers.push({ hash, signed });
    this.fees = fees;
  }

  private mined(receipt: TransactionReceipt): TransactionReceipt {
    this.minedIn = { number: receipt.blockNumber, hash: receipt.blockHash };
    this.tell('mined', receipt.hash as Hex);
    return receipt;
  }

  private async findReceipt(): Promise<TransactionReceipt | null> {
    for (const hash of this.hashes) {
      const receipt = await this.node.getTransactionReceipt(hash);
      if (receipt) return receipt;
    }
    return null;
  }

  private async nonceNow(): Promise<number> {
    return this.node.getTransactionCount(this.signer.address, 'latest');
  }

  /** Another process with the same key may have used the nonce; then this one will never be mined. */
  private async requireNonce(): Promise<void> {
    const { nonce, call, signer } = this;
    for (let look = 1; (await this.nonceNow()) > nonce && !(await this.findReceipt()); look++) {
      if (look < LOOKS_BEFORE_REPLACED) {
        await pause(this.node.pollingMs);
        continue;
      }
      this.tell('replaced');
      throw new NetworkError(
        'OG_REPLACED',
        `The transaction "${call.kind}" of ${signer.address} will not be mined: another one took its nonce (${nonce}).`,
        'Use the account in one process only.',
      );
    }
  }

  /** Offers more for the same nonce. A node that refuses is asked again later: an earlier offer may be mined still. */
  private async raise(): Promise<void> {
    const { maxFeePerGasWei } = this.patience;
    const market = await feesNow(this.node, maxFeePerGasWei);
    const fees = raised(this.fees, market.fees, urgencyPercent(this.secondsLeft), maxFeePerGasWei);
    const neededWei = (this.call.valueWei ?? 0n) + this.gasLimit * (fees?.maxFeePerGas ?? 0n);
    if (!fees || (await this.node.getBalance(this.signer.address)) < neededWei) return this.sendAgainIfLost();
    try {
      await this.offer(fees);
      this.tell('raised');
    } catch (error) {
      if (error instanceof NetworkError) throw error;
    }
  }

  private async sendAgainIfLost(): Promise<void> {
    const { hash } = this;
    if ((await this.node.getTransaction(hash)) === null && (await this.nonceNow()) <= this.nonce)
      await this.sendAgain();
  }

  /** The newest offer, as it was signed: it cannot be done twice. */
  private async sendAgain(): Promise<void> {
    const signed = this.offers.at(-1)?.signed;
    try {
      await this.node.send('eth_sendRawTransaction', [signed]);
      this.tell('rebroadcast');
    } catch (error) {
      if (error instanceof NetworkError) throw error; // otherwise the node has it, or what came in its place
    }
  }

  private async isKnown(hash: Hex): Promise<boolean> {
    return (await this.node.getTransaction(hash).catch(() => null)) !== null;
  }

  private tell(what: TransactionNews['what'], hash = this.hash): void {
    const { nonce, call } = this;
    this.node.events.emit('transaction', { what, from: this.signer.address as Address, kind: call.kind, nonce, hash });
  }
}

/** Null when there is no deadline. */
export function secondsLeftUntil(deadline: Deadline | null): number | null {
  return deadline && (deadline.ms - Date.now()) / 1000;
}

/** How long a transaction is given to be mined before more is offered. */
export function patienceWith({ raiseAfterMs = RAISE_AFTER_MS }: Patience, deadline: Deadline | null): number {
  return patienceMs(secondsLeftUntil(deadline), raiseAfterMs, Math.min(LEAST_PATIENCE_MS, raiseAfterMs));
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

export function notSettled(account: Address, { kind }: Call): NetworkError {
  return new NetworkError(
    'OG_NOT_SETTLED',
    `"${kind}" was not sent: transactions of ${account} that another process sent are not mined yet, or not read.`,
    'It is tried again. Use the account in one process only.',
  );
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
