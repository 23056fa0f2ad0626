import { UserError } from '../errors.js';
import { type JobId, jobId, type MatchId, matchId } from '../units.js';

/** Reads a job's number from the command line. */
export const parseJobId = (text: string): JobId => jobId(positive(text, 'job'));
/** Reads a match's number from the command line. */
export const parseMatchId = (text: string): MatchId => matchId(positive(text, 'match'));

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
