/** The contracts' structs as the types that decisions are made on. */
import { asHash, fromHex, type Hash, type Hex } from '../commit/hash.js';
import { keccakHex } from '../commit/keccak.js';
import { termsHash } from '../commit/seal.js';
import type { Terms } from '../dispute/actions.js';
import {
  CLAIM_STATUSES,
  type ClaimState,
  ENDINGS,
  JOB_STATUSES,
  type JobState,
  type MatchState,
  PHASES,
  potShareWei,
  type Side,
} from '../dispute/game.js';
import type { Opened } from '../dispute/stands-at.js';
import { NetworkError } from '../errors.js';
import { type ClaimId, claimId, type JobId, jobId, type MatchId, seconds, timestamp, wei } from '../units.js';
import type { Contracts } from './contracts.js';
import type { BlockId } from './provider.js';

export async function readJobState(contracts: Contracts, id: JobId, at: BlockId | number): Promise<JobState> {
  const [job, inputOutstanding] = await Promise.all([
    contracts.jobs.read('getJob', [id], at),
    contracts.inputs.read('isOutstanding', [id], at),
  ]);
  return {
    id,
    modelId: asHash(job.modelId),
    inputRoot: asHash(job.inputRoot),
    requester: job.requester,
    status: named(JOB_STATUSES, job.status),
    claimBy: timestamp(job.claimBy),
    windowEndsAt: timestamp(job.windowEndsAt),
    firstClaim: claimId(job.firstClaim),
    winner: claimId(JOB_STATUSES[Number(job.status)] === 'final' ? job.firstClaim : 0n),
    lastClaim: claimId(job.lastClaim),
    agreedUpTo: claimId(job.agreedUpTo),
    outputBytes: Number(job.outputBytes),
    feeWei: wei(job.feeWei),
    potWei: wei(job.lostClaims * potShareWei(contracts.parameters)),
    consumer: job.consumer,
    inputOutstanding,
  };
}

/**
 * @param terms what the claim's event says.
 * @throws NetworkError when the contract keeps the hash of other terms: the node's events and its state do not belong together.
 */
export async function readClaimState(
  contracts: Contracts,
  id: ClaimId,
  terms: Terms,
  at: BlockId | number,
): Promise<ClaimState> {
  const [claim, traceRoot] = await Promise.all([
    contracts.jobs.read('getClaim', [id], at),
    contracts.matches.read('traceRootOf', [id], at),
  ]);
  const status = named(CLAIM_STATUSES, claim.status);
  const commitment = status === 'final' ? terms.outputRoot : termsHash(terms.seal, terms.outputRoot, terms.target);
  if (commitment !== claim.commitment)
    throw new NetworkError('OG_REORG', `The event of claim ${id} is not that of the claim in the state.`, 'Try again.');
  return {
    id,
    jobId: jobId(claim.jobId),
    claimant: claim.claimant,
    status,
    target: terms.target,
    seal: terms.seal,
    outputRoot: terms.outputRoot,
    traceRoot: BigInt(traceRoot) === 0n ? null : asHash(traceRoot),
  };
}

/** What only the events of a match say. */
export interface Posted {
  /** Each side's node where the match stood after the last move; null at the root. */
  readonly nodes: readonly [Hash, Hash] | null;
  /** What the side that moved last has opened. */
  readonly opened: Opened | null;
  readonly leaves: readonly [Hex | null, Hex | null];
  readonly computed: MatchState['computed'];
}

export async function readMatchState(
  contracts: Contracts,
  id: MatchId,
  posted: Posted,
  at: BlockId | number,
): Promise<MatchState> {
  const match = await contracts.matches.read('getMatch', [id], at);
  const [height, position] = [Number(match.height), Number(match.position)];
  const phase = named(PHASES, match.phase);
  const { opened, nodes } = posted;
  const answers = phase === 'descend' && opened?.height === height && opened.position === position;
  return {
    id,
    claims: [claimId(match.claims[0]), claimId(match.claims[1])],
    phase,
    ending: named(ENDINGS, match.ending),
    height,
    position,
    turn: Number(match.turn) as Side,
    losers: bits(match.losers),
    clockStartedAt: timestamp(match.clockStartedAt),
    remainingSeconds: [seconds(match.remainingSeconds[0]), seconds(match.remainingSeconds[1])],
    nodes: nodes && keccakHex(Buffer.concat(nodes.map(fromHex))) === match.nodesHash ? nodes : null,
    opened: answers ? opened.children : null,
    leaves: posted.leaves,
    computed: posted.computed,
  };
}

const bits = (mask: bigint): readonly [boolean, boolean] => [(mask & 1n) !== 0n, (mask & 2n) !== 0n];

function named<const T extends readonly string[]>(names: T, value: bigint): T[number] {
  const name = names[Number(value)];
  if (name === undefined)
    throw new RangeError(`The contract gave enum value ${value}; there are only ${names.length}.`);
  return name;
}
