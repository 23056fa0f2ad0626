/** All that a chain says of one match: the transactions that made it, as they were sent, with what they cost and what they did. */
import { Transaction, type TransactionResponse } from 'ethers';
import type { Hash, Hex } from '../commit/hash.js';
import type { ModelHeader } from '../commit/model.js';
import type { Both, ClaimState, JobView, MatchState } from '../dispute/game.js';
import { NetworkError } from '../errors.js';
import { type Timestamp, timestamp, type Wei, wei } from '../units.js';
import type { Contracts } from './contracts.js';
import type { GameEvent } from './game-log.js';
import { readModel } from './model-registry.js';

export interface Call {
  readonly to: string;
  readonly data: Hex;
}

export interface RecordedTransaction extends Call {
  readonly hash: Hash;
  readonly from: string;
  /** Its bytes with the signature, which hash to `hash`; null where the chain has transactions of a kind of its own. */
  readonly signed: Hex | null;
  readonly block: { readonly number: number; readonly hash: Hash; readonly timestamp: Timestamp };
  readonly gasUsed: bigint;
  readonly costWei: Wei;
  /** Those of the match, its claims and its job. */
  readonly events: readonly GameEvent[];
}

export interface MatchRecord {
  readonly view: JobView;
  readonly match: MatchState;
  readonly claims: Both<ClaimState>;
  readonly model: ModelHeader;
  /** What every claim put up. */
  readonly bondWei: Wei;
  /** Oldest first. */
  readonly transactions: readonly RecordedTransaction[];
}

/**
 * @param history all events of the match's job.
 * @throws NetworkError when the node does not give a transaction that it gives events of.
 */
export async function recordMatch(
  contracts: Contracts,
  view: JobView,
  match: MatchState,
  claims: Both<ClaimState>,
  history: readonly GameEvent[],
): Promise<MatchRecord> {
  const byTransaction = new Map<Hex, GameEvent[]>();
  for (const event of history) {
    if (!belongsTo(match, event)) continue;
    byTransaction.set(event.transactionHash, [...(byTransaction.get(event.transactionHash) ?? []), event]);
  }
  const [model, transactions] = await Promise.all([
    readModel(contracts, view.job.modelId),
    Promise.all([...byTransaction].map(([hash, events]) => readTransaction(contracts, hash, events))),
  ]);
  return { view, match, claims, model, bondWei: contracts.parameters.bondWei, transactions };
}

/** The job's beginning and end, the two claims, and every move. */
function belongsTo({ id, claims }: MatchState, { name, args }: GameEvent): boolean {
  if ('matchId' in args) return args.matchId === id;
  if (name === 'JobFinal' || name === 'JobVoid' || name === 'JobRequested') return true;
  return 'claimId' in args && claims.some((claim) => claim === args.claimId);
}

async function readTransaction(
  { node }: Contracts,
  hash: Hex,
  events: readonly GameEvent[],
): Promise<RecordedTransaction> {
  const [transaction, receipt] = await Promise.all([node.getTransaction(hash), node.getTransactionReceipt(hash)]);
  const block = receipt && (await node.getBlock(receipt.blockNumber));
  if (!transaction?.to || !receipt || block?.hash !== receipt.blockHash)
    throw new NetworkError(
      'OG_NO_TRANSACTION',
      `The node does not give transaction ${hash}, though it gives its events.`,
      'Try again, or use a node that keeps transactions (--rpc).',
    );
  return {
    hash,
    from: transaction.from,
    to: transaction.to,
    data: transaction.data as Hex,
    signed: signedBytes(transaction),
    block: { number: block.number, hash: block.hash as Hash, timestamp: timestamp(block.timestamp) },
    gasUsed: receipt.gasUsed,
    costWei: wei(receipt.fee),
    events,
  };
}

function signedBytes(response: TransactionResponse): Hex | null {
  try {
    const transaction = Transaction.from(response);
    return transaction.hash === response.hash ? (transaction.serialized as Hex) : null;
  } catch {
    return null; // a kind that only this chain has
  }
}

export interface SignedCall extends Call {
  readonly hash: Hash;
  /** Recovered from the signature. */
  readonly from: string;
  readonly chainId: bigint;
}

/** What a signed transaction says by itself. @throws RangeError when the bytes are not one. */
export function readSigned(signed: Hex): SignedCall {
  const { serialized, hash, from, to, data, chainId } = parsedTransaction(signed);
  // Some numbers can be written in two ways; the hash is of one of them.
  if (serialized !== signed) throw new RangeError("The transaction's bytes are not in their one form.");
  if (!hash || !from || !to) throw new RangeError('The transaction is not signed, or has no receiver.');
  return { hash: hash as Hash, from, to, data: data as Hex, chainId };
}

/** ethers says only when they are asked for that some of a transaction's fields make no sense. */
function parsedTransaction(signed: Hex) {
  try {
    const { serialized, hash, from, to, data, chainId } = Transaction.from(signed);
    return { serialized, hash, from, to, data, chainId };
  } catch (cause) {
    throw new RangeError('The bytes are not a transaction.', { cause });
  }
}
