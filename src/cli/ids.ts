import { UserError } from '../errors.js';
import { claimId, type JobId, jobId, type MatchId, matchIdOf } from '../units.js';

/** Reads a job's number from the command line. */
export const parseJobId = (text: string): JobId => jobId(positive(text, 'job'));
/** Reads a match from the command line: its claims' numbers, the earlier one first. */
export function parseMatchId(text: string): MatchId {
  const [claim0, claim1, ...rest] = text.split('-');
  if (claim0 && claim1 && rest.length === 0) {
    const [first, second] = [positive(claim0, 'claim'), positive(claim1, 'claim')];
    if (first < second) return matchIdOf(claimId(first), claimId(second));
  }
  throw new UserError(
    'OG_BAD_ID',
    `"${text}" is not a match.`,
    'A match is named by the numbers of its two claims, the lower one first: 3-5. See `og job <number>`.',
  );
}

function positive(text: string, what: string): bigint {
  if (/^\d{1,15}$/.test(text) && BigInt(text) > 0n) return BigInt(text);
  const hint = text.startsWith('0x') ? ' An id that starts with 0x is a model id, a hash or an address.' : '';
  throw new UserError(
    'OG_BAD_ID',
    `"${text}" is not the number of a ${what}.`,
    `${capital(what)}s are numbered from 1.${hint}`,
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Ids are counted up by the contracts, so that they fit a JSON number. */
export const idNumber = (id: bigint): number => Number(id);

/** Null for the contracts' "none". */
export const idOrNull = (id: bigint): number | null => (id === 0n ? null : Number(id));

export const isModelId = (text: string): text is `0x${string}` => /^0x[0-9a-f]{64}$/i.test(text);

/** First and last digits: enough to tell hashes and addresses apart on one screen. */
export const short = (hex: string): string => (hex.length <= 14 ? hex : `${hex.slice(0, 8)}…${hex.slice(-4)}`);
