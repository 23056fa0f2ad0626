/** One account that sends: one nonce after the other, what is due first goes first, and an eye on what was mined until it is certain. */
import PQueue from 'p-queue';
import type { Timestamp } from '../units.js';
import type { AccountHealth, CannotPay, CannotPayReason } from './events.js';
import type { Node } from './provider.js';
import { REORG_BLOCKS } from './survey.js';
import { nonceWasTaken, pause, type Transaction, type TransactionSigner } from './transaction.js';
import type { Address } from './typed.js';

/** Nonces that somebody else took while we signed are asked for anew this often. */
const NONCE_ATTEMPTS = 4;

export class Account {
  readonly address: Address;
  private readonly lane = new PQueue({ concurrency: 1 });
  private readonly underWay = new Set<Transaction>();
  /** Mined, but not so deep that no reorganisation can take it back; in the order of nonces. */
  private uncertain: readonly Transaction[] = [];
  private nextNonce = 0;
  private lack: CannotPay | null = null;

  constructor(
    private readonly node: Node,
    readonly signer: TransactionSigner,
  ) {
    this.address = signer.address as Address;
  }

  get health(): AccountHealth {
    const pending = [...this.underWay].map((transaction) => transaction.pending);
    pending.sort((x, y) => x.nonce - y.nonce);
    return {
      account: this.address,
      queued: this.lane.size + this.lane.pending,
      pending,
      stuck: this.isStuck,
      cannotPay: this.lack,
    };
  }

  get isStuck(): boolean {
    return [...this.underWay].some(({ isOverdue }) => isOverdue);
  }

  get canPay(): boolean {
    return this.lack === null;
  }

  /** Calls that wait and transactions that are on their way. */
  get load(): number {
    return this.lane.size + this.lane.pending + this.underWay.size;
  }

  /** One at a time; of those that wait, the one whose time ends first. */
  async inTurn<T>(deadline: Timestamp | null, task: () => Promise<T>): Promise<T> {
    return this.lane.add(task, { priority: -(deadline ?? Number.MAX_SAFE_INTEGER) });
  }

  /** Broadcasts what is made for the next nonce; with another one when somebody has taken it. Only in turn. */
  async broadcast(make: (nonce: number) => Transaction): Promise<Transaction> {
    for (let attempt = 1; ; attempt++) {
      const nonce = await this.nonce();
      const transaction = make(nonce);
      try {
        await transaction.broadcast();
        this.nextNonce = nonce + 1;
        this.underWay.add(transaction);
        return transaction;
      } catch (error) {
        if (!nonceWasTaken(error) || attempt === NONCE_ATTEMPTS) throw error;
        await pause(this.node.pollingMs);
      }
    }
  }

  /** Nothing more is waited for. @param mined it is on the chain, as far as one can see now. */
  landed(transaction: Transaction, mined: boolean): void {
    this.underWay.delete(transaction);
    if (mined) this.uncertain = [...this.uncertain, transaction].sort((x, y) => x.nonce - y.nonce);
  }

  /**
   * Sends again what a reorganisation has taken back. Where the latest is still in the chain, so is everything before it, so that mostly
   * one question is asked.
   *
   * @returns what was sent again, oldest first.
   */
  async tend(): Promise<Transaction[]> {
    const sentAgain: Transaction[] = [];
    for (const transaction of [...this.uncertain].reverse()) {
      const now = await transaction.afterMined();
      if (now === 'mined') break;
      if (now === 'sentAgain') sentAgain.unshift(transaction);
    }
    if (this.uncertain.length === 0) return [];
    const head = await this.node.getBlockNumber();
    this.uncertain = this.uncertain.filter(({ block }) => block !== null && block.number > head - REORG_BLOCKS);
    return sentAgain;
  }

  /** Said once when it begins. */
  cannotPay(reason: CannotPayReason, detail: string): void {
    if (this.lack?.reason === reason) return;
    this.paid();
    this.lack = { account: this.address, reason, detail };
    this.node.events.emit('cannotPay', this.lack);
  }

  /** Said once when it ends. */
  paid(): void {
    if (this.lack) this.node.events.emit('canPay', this.lack);
    this.lack = null;
  }

  /** Nodes behind a balancer may not know our last transaction yet, so our own count goes first while one is under way. */
  private async nonce(): Promise<number> {
    const known = await this.node.getTransactionCount(this.address, 'pending');
    return this.underWay.size > 0 ? Math.max(known, this.nextNonce) : known;
  }
}
