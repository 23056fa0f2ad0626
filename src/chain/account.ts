/** One account that sends: one nonce after the other, what is due first goes first, and an eye on what was mined until it is certain. */
import PQueue from 'p-queue';
import type { Timestamp } from '../units.js';
import type { AccountHealth, CannotPay, CannotPayReason } from './events.js';
import type { Node } from './provider.js';
import { REORG_BLOCKS } from './survey.js';
import type { Transaction, TransactionSigner } from './transaction.js';
import type { Address } from './typed.js';

/**
 * When a stranger's transaction has been pending for so long, its place is offered for at the price of now: nodes take that only where it was made
 * for a much lower price, and then it would not be mined soon. More is offered only when it has been stuck for long.
 */
const FIRST_OFFER_AFTER_MS = 3_000;

const patienceOf = (refusals: number, stuckAfterMs: number): number =>
  refusals === 0 ? Math.min(FIRST_OFFER_AFTER_MS, stuckAfterMs) : refusals * stuckAfterMs;

/** Nonces that are remembered as one's own. */
const NONCES_KEPT = 4_096;

/** Where the account's next transaction goes. */
export interface Place {
  readonly nonce: number;
  /**
   * Transactions of this account are pending that this process did not send: it was killed and started again, or there is another one with the
   * same key. They may do what is about to be done.
   */
  readonly othersPending: boolean;
  /**
   * Not null when the nonce is that of the oldest of those, which is stuck because it is too cheap: how often more was offered for its place in
   * vain.
   */
  readonly replaces: number | null;
}

export class Account {
  readonly address: Address;
  private readonly lane = new PQueue({ concurrency: 1 });
  private readonly underWay = new Set<Transaction>();
  /** Mined, but not so deep that no reorganisation can take it back; in the order of nonces. */
  private uncertain: readonly Transaction[] = [];
  /** The oldest pending transaction that is not known here, and since when it was not mined. */
  private stranger: { readonly nonce: number; readonly sinceMs: number; refusals: number } | null = null;
  /** Nonces that this process has used, oldest first. */
  private readonly own = new Set<number>();
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

  /** Where the next transaction goes. Only in turn. @param stuckAfterMs after which more is offered for what is not mined. */
  async place(stuckAfterMs: number): Promise<Place> {
    const [pending, mined] = (await Promise.all(
      ['pending', 'latest'].map((tag) => this.node.getTransactionCount(this.address, tag)),
    )) as [number, number];
    const oldest = this.unknown(mined, pending)[0] ?? null;
    const othersPending = oldest !== null;
    const { stranger } = this;
    if (oldest === null) this.stranger = null;
    else if (stranger?.nonce !== oldest) {
      // What came after one that was replaced waits for as long.
      const sinceMs = stranger && this.own.has(stranger.nonce) ? stranger.sinceMs : Date.now();
      this.stranger = { nonce: oldest, sinceMs, refusals: 0 };
    }
    if (this.stranger && Date.now() - this.stranger.sinceMs >= patienceOf(this.stranger.refusals, stuckAfterMs))
      return { nonce: this.stranger.nonce, othersPending, replaces: this.stranger.refusals };
    // Nodes behind a balancer may not know our last transaction yet, so our own count goes first while one is under way.
    const nonce = Math.max(pending, ...[...this.underWay].map((transaction) => transaction.nonce + 1));
    return { nonce, othersPending, replaces: null };
  }

  /** More must be offered for the place of the stranger's transaction that is stuck. */
  replacementRefused(): void {
    if (this.stranger) this.stranger.refusals++;
  }

  /** Whether a state shows all of this account's transactions before `nonce` but those that this process knows of. */
  async isSeenIn(block: number, nonce: number): Promise<boolean> {
    const seen = await this.node.getTransactionCount(this.address, block);
    return this.unknown(seen, nonce).length === 0;
  }

  /** Sends it. Only in turn. */
  async broadcast(transaction: Transaction): Promise<Transaction> {
    await transaction.broadcast();
    this.underWay.add(transaction);
    this.own.add(transaction.nonce);
    const [oldest] = this.own;
    if (this.own.size > NONCES_KEPT && oldest !== undefined) this.own.delete(oldest);
    return transaction;
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

  /** The nonces from `from` up to but not with `to` that this process has not used. */
  private unknown(from: number, to: number): number[] {
    return Array.from({ length: Math.max(to - from, 0) }, (_, i) => from + i).filter((nonce) => !this.own.has(nonce));
  }
}
