/** The contracts' structs as the types that decisions are made on. */
import { asHash, type Hash, type Hex } from '../commit/hash.js';
import {
  CLAIM_STATUSES,
  type ClaimState,
  ENDINGS,
  JOB_STATUSES,
  type JobState,
  type MatchState,
  PHASES,
  type Side,
} from '../dispute/game.js';
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
    winner: claimId(job.winner),
    outputBytes: Number(job.outputBytes),
    feeWei: wei(job.feeWei),
    potWei: wei(job.potWei),
    consumer: job.consumer,
    inputOutstanding,
  };
}

export async function readClaimState(contracts: Contracts, id: ClaimId, at: BlockId | number): Promise<ClaimState> {
  const claim = await contracts.jobs.read('getClaim', [id], at);
  return {
    id,
    jobId: jobId(claim.jobId),
    claimant: claim.claimant,
    status: named(CLAIM_STATUSES, claim.status),
    target: claimId(claim.target),
    seal: asHash(claim.seal),
    outputRoot: asHash(claim.outputRoot),
    revealed: claim.revealedAt === 0n ? null : { traceRoot: asHash(claim.traceRoot), at: timestamp(claim.revealedAt) },
  };
}

/** What only the events of a match say. */
export interface Posted {
  /** The last node that side 0 has opened. */
  readonly opened: { readonly height: number; readonly position: number; readonly children: readonly Hash[] } | null;
  readonly leaves: readonly [Hex | null, Hex | null];
}

export async function readMatchState(
  contracts: Contracts,
  id: MatchId,
  posted: Posted,
  at: BlockId | number,
): Promise<MatchState> {
  const match = await contracts.matches.read('getMatch', [id], at);
  const [height, position] = [Number(match.height), Number(match.position)];
  const { opened } = posted;
  const answers = match.turn === 1n && opened?.height === height && opened.position === position;
  return {
    id,
    claims: [claimId(match.claims[0]), claimId(match.claims[1])],
    phase: named(PHASES, match.phase),
    ending: named(ENDINGS, match.ending),
    height,
    position,
    turn: Number(match.turn) as Side,
    leafPosted: bits(match.leafPosted),
    losers: bits(match.losers),
    clockStartedAt: timestamp(match.clockStartedAt),
    remainingSeconds: [seconds(match.remainingSeconds[0]), seconds(match.remainingSeconds[1])],
    nodes: [asHash(match.nodes[0]), asHash(match.nodes[1])],
    opened: answers ? opened.children : null,
    leaves: posted.leaves,
  };
}

const bits = (mask: bigint): readonly [boolean, boolean] => [(mask & 1n) !== 0n, (mask & 2n) !== 0n];

function named<const T extends readonly string[]>(names: T, value: bigint): T[number] {
  const name = names[Number(value)];
  if (name === undefined)
    throw new RangeError(`The contract gave enum value ${value}; there are only ${names.length}.`);
  return name;
}
