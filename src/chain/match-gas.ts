/** What a match has cost, both sides together. */

import type { MatchState } from '../dispute/game.js';
import type { JobId } from '../units.js';
import type { Contracts } from './contracts.js';
import type { GameReader } from './reader.js';

/** Gas of all transactions that belong to a match: the challenge, both reveals, every move. */
export async function gasOfMatch(
  { node }: Contracts,
  reader: GameReader,
  id: JobId,
  { id: match, claims }: Pick<MatchState, 'id' | 'claims'>,
): Promise<bigint> {
  const hashes = reader.log
    .history(id)
    .filter(({ name, args }) => {
      if ('matchId' in args) return args.matchId === match;
      return name === 'Revealed' && claims.some((claim) => claim === args.claimId);
    })
    .map(({ transactionHash }) => transactionHash);
  const receipts = await Promise.all([...new Set(hashes)].map((hash) => node.getTransactionReceipt(hash)));
  return receipts.reduce((sum, receipt) => sum + (receipt?.gasUsed ?? 0n), 0n);
}
