/** What the chain layer tells whoever runs it: news as they happen, and how things stand. Nothing here decides anything. */
import { EventEmitter } from 'node:events';
import type { Hex } from '../commit/hash.js';
import type { Timestamp } from '../units.js';
import type { Address } from './typed.js';

/** How a node is doing. Only `ok` nodes are asked while there is one; `disagrees` nodes are never asked for anything that decides. */
export type NodeState = 'ok' | 'lagging' | 'failing' | 'resting' | 'unverified' | 'disagrees';

export interface NodeHealth {
  /** Without paths and credentials: fit to be shown. */
  readonly address: string;
  readonly state: NodeState;
  /** Asked first. */
  readonly chosen: boolean;
  readonly head: number | null;
  /** Blocks behind the nodes' common head. */
  readonly lagBlocks: number | null;
  readonly requests: number;
  readonly errors: number;
  /** Of the errors, how many were "too many requests". */
  readonly rateLimited: number;
  /** Moving average of the answers' times. */
  readonly latencyMs: number | null;
  readonly lastError: string | null;
}

/**
 * Nodes that do not say the same about something that cannot change: the chain's id, the hash of a block that is older than any
 * reorganisation, a contract's code, a read or the logs at one block hash.
 */
export interface Disagreement {
  readonly about: 'chainId' | 'blockHash' | 'code' | 'read';
  /** The same for the same disagreement. */
  readonly key: string;
  /** For people: what was asked, and who said what. */
  readonly detail: string;
  /** The nodes that were not believed. */
  readonly doubted: readonly string[];
  /** More than half of the nodes said the same; otherwise the first in the operator's order was believed. */
  readonly majority: boolean;
  readonly sinceMs: number;
}

export interface PendingTransaction {
  readonly from: Address;
  readonly nonce: number;
  readonly kind: string;
  /** The newest offer. */
  readonly hash: Hex;
  readonly sentAtMs: number;
  /** Times that it was offered for more. */
  readonly replacements: number;
  readonly maxFeePerGasWei: bigint;
  readonly deadline: Timestamp | null;
}

export type CannotPayReason =
  /** Gas costs more than the limit allows: what is sent waits until it is cheaper. */
  | 'maxFee'
  /** The account has too little. */
  | 'balance';

export interface CannotPay {
  readonly account: Address;
  readonly reason: CannotPayReason;
  readonly detail: string;
}

export interface TransactionNews {
  readonly what: 'sent' | 'raised' | 'rebroadcast' | 'mined' | 'replaced' | 'reorganised';
  readonly from: Address;
  readonly kind: string;
  readonly nonce: number;
  readonly hash: Hex;
}

export interface AccountHealth {
  readonly account: Address;
  /** Calls that wait for their turn. */
  readonly queued: number;
  /** Oldest nonce first. */
  readonly pending: readonly PendingTransaction[];
  /** The oldest pending transaction is overdue: other accounts are used, where there are others. */
  readonly stuck: boolean;
  readonly cannotPay: CannotPay | null;
}

export interface NodesHealth {
  readonly nodes: readonly NodeHealth[];
  /** The highest block that was seen at a node that was not doubted. */
  readonly head: number | null;
  /** Those that last: each ends when the nodes agree again. */
  readonly disagreements: readonly Disagreement[];
}

interface ChainEventMap {
  /** A node's state has changed. */
  node: [NodeHealth];
  /** Begun, or ended: said once each. */
  disagreement: [Disagreement];
  agreement: [Disagreement];
  transaction: [TransactionNews];
  /** Begun, or ended: said once each. */
  cannotPay: [CannotPay];
  canPay: [CannotPay];
}

/** Subscribe with `events.on('disagreement', ...)`. A listener must not throw. */
export class ChainEvents extends EventEmitter<ChainEventMap> {}
