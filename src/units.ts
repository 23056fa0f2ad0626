/**
 * Units as types, so that a claim id cannot stand where a job id belongs, nor seconds where wei do. The conversions below are
 * the only places where a plain number becomes one of these.
 */
declare const unit: unique symbol;

export type JobId = bigint & { readonly [unit]: 'job id' };
export type ClaimId = bigint & { readonly [unit]: 'claim id' };
export type MatchId = bigint & { readonly [unit]: 'match id' };
/** An amount of ether's smallest unit. */
export type Wei = bigint & { readonly [unit]: 'wei' };
/** An instant of the chain's clock: seconds since 1970. */
export type Timestamp = number & { readonly [unit]: 'timestamp' };
/** A duration in seconds. */
export type Seconds = number & { readonly [unit]: 'seconds' };

type Integer = bigint | number | string;

export const jobId = (value: Integer): JobId => natural(value, 'job id') as JobId;
export const claimId = (value: Integer): ClaimId => natural(value, 'claim id') as ClaimId;
export const matchId = (value: Integer): MatchId => natural(value, 'match id') as MatchId;
export const wei = (value: Integer): Wei => natural(value, 'amount of wei') as Wei;
export const timestamp = (value: Integer): Timestamp => small(value, 'timestamp') as Timestamp;
export const seconds = (value: Integer): Seconds => small(value, 'number of seconds') as Seconds;

const CLAIM_ID_BITS = 64n;

/** The match of two claims, the earlier one first: its id is made of theirs (IMatches.sol). */
export const matchIdOf = (claim0: ClaimId, claim1: ClaimId): MatchId => ((claim0 << CLAIM_ID_BITS) | claim1) as MatchId;
/** The claims of a match, the earlier one first. */
export const claimsOfMatch = (id: bigint): readonly [ClaimId, ClaimId] => [
  (id >> CLAIM_ID_BITS) as ClaimId,
  BigInt.asUintN(64, id) as ClaimId,
];
/** A match by its claims, "3-5": the id itself is too long for people and for JSON numbers. */
export const matchText = (id: bigint): string => claimsOfMatch(id).join('-');

/** The time `duration` after `instant`. */
export const after = (instant: Timestamp, duration: Seconds): Timestamp => (instant + duration) as Timestamp;
/** Seconds from one instant to another; negative when `to` is the earlier. */
export const elapsed = (from: Timestamp, to: Timestamp): Seconds => (to - from) as Seconds;

function natural(value: Integer, what: string): bigint {
  let integer: bigint;
  try {
    integer = BigInt(value);
  } catch {
    throw new RangeError(`"${value}" is not a ${what}: expected a whole number.`);
  }
  if (integer < 0n) throw new RangeError(`${value} is not a ${what}: it is negative.`);
  return integer;
}

function small(value: Integer, what: string): number {
  const integer = natural(value, what);
  if (integer > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} is not a ${what}: it is too large.`);
  return Number(integer);
}
