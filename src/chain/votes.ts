/** What several nodes answered to one question: is it the same, and which is believed? Pure. */
import type { JsonRpcPayload } from 'ethers';
import type { Answer } from './endpoint.js';

export interface Vote<N> {
  readonly node: N;
  readonly answer: Answer;
}

export interface Outcome<N> {
  readonly answer: Answer;
  /** Whoever answered otherwise. */
  readonly doubted: readonly N[];
  readonly majority: boolean;
}

/** Answers that say the same have the same key. Fields in which clients differ take no part. */
export function keyOf({ method }: JsonRpcPayload, answer: Answer): string {
  // Clients differ in how they put a refusal.
  if (!('result' in answer)) return 'error';
  const { result } = answer;
  if (method === 'eth_getLogs') return JSON.stringify((result as readonly RawLog[]).map(logKey).sort());
  if (method.startsWith('eth_getBlock')) return String((result as { hash?: string } | null)?.hash);
  return JSON.stringify(result);
}

interface RawLog {
  readonly blockHash: string;
  readonly logIndex: string;
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

const logKey = ({ blockHash, logIndex, address, topics, data }: RawLog): string =>
  [blockHash, Number(logIndex), address, ...topics, data].join().toLowerCase();

/**
 * More than half decide. Where there is no majority the first vote is believed, in the operator's order; of logs the longest answer, since
 * what is made up comes to nothing when it is looked at, and what is left out is missed.
 *
 * @param votes in the operator's order, not empty.
 */
export function outcomeOf<N>(payload: JsonRpcPayload, votes: readonly Vote<N>[]): Outcome<N> {
  const groups = new Map<string, Vote<N>[]>();
  for (const vote of votes) {
    const key = keyOf(payload, vote.answer);
    groups.set(key, [...(groups.get(key) ?? []), vote]);
  }
  const ranked = [...groups.values()].sort((x, y) => y.length - x.length);
  const largest = ranked[0] as Vote<N>[];
  const majority = largest.length * 2 > votes.length;
  const believed = majority ? largest : (groups.get(keyOf(payload, preferred(payload, votes))) as Vote<N>[]);
  return {
    answer: (believed[0] as Vote<N>).answer,
    doubted: votes.filter((vote) => !believed.includes(vote)).map(({ node }) => node),
    majority,
  };
}

function preferred<N>({ method }: JsonRpcPayload, votes: readonly Vote<N>[]): Answer {
  const [first] = votes as readonly [Vote<N>, ...Vote<N>[]];
  if (method !== 'eth_getLogs') return first.answer;
  const length = (answer: Answer): number => ('result' in answer ? (answer.result as unknown[]).length : -1);
  return votes.reduce((best, { answer }) => (length(answer) > length(best) ? answer : best), first.answer);
}
