import type { Hash } from '../commit/hash.js';
import type { Parameters } from './game.js';

/** On whose behalf it is decided. */
export interface Party {
  /** Accounts whose claims and requests are one's own. */
  readonly addresses: readonly string[];
  /** The account that posts a counter-claim with its bond; null to put up no bond. */
  readonly bondFrom: string | null;
  /** Whether to pay the gas of ending jobs in which one has neither a claim nor the request. */
  readonly endsOthersJobs: boolean;
}

/** What the contracts are fixed to. */
export interface Deployment {
  readonly sealDomain: Hash;
  readonly parameters: Parameters;
}

export function isOwn(party: Party, address: string): boolean {
  return party.addresses.some((own) => own.toLowerCase() === address.toLowerCase());
}
