/** Posting a claim, ending a job, taking out what is credited. What the game asks for goes by actions.ts. */
import { asHash, type Hash, type Hex } from '../commit/hash.js';
import { sealOf } from '../commit/seal.js';
import { voidAction } from '../dispute/ending.js';
import type { JobState } from '../dispute/game.js';
import { termsOf } from '../dispute/moves.js';
import { type Answered, postedOutput } from '../dispute/trace.js';
import { UserError } from '../errors.js';
import { type ClaimId, claimId, type JobId, type Timestamp, timestamp, type Wei, wei } from '../units.js';
import { callOf } from './actions.js';
import type { Contracts } from './contracts.js';
import { currentView, readerOfJob } from './reader.js';
import type { Sender, Sent } from './sender.js';
import type { Address, Call } from './typed.js';

export interface Submitted {
  readonly jobId: JobId;
  readonly claimId: ClaimId;
  readonly outputRoot: Hash;
  readonly seal: Hash;
  readonly bondWei: Wei;
  readonly windowEndsAt: Timestamp;
  readonly txHash: Hash;
  readonly gasUsed: bigint;
}

/** Posts a job's first claim, with the bond. @throws ContractRefusal when somebody was faster; that costs nothing but gas. */
export async function submitClaim(
  contracts: Contracts,
  sender: Sender,
  job: JobState,
  trace: Answered,
): Promise<Submitted> {
  const { logs, txHash, gasUsed } = await sender.send(submitCall(contracts, sender.address, job, trace));
  const event = contracts.jobs.find(logs, 'Claimed');
  if (!event) throw new Error(`The claim ${txHash} was mined without an event.`);
  return {
    jobId: job.id,
    claimId: claimId(event.args.claimId),
    outputRoot: asHash(event.args.outputRoot),
    seal: asHash(event.args.seal),
    bondWei: contracts.parameters.bondWei,
    windowEndsAt: timestamp(event.args.windowEndsAt),
    txHash,
    gasUsed,
  };
}

/** @param claimant the account that must send it: the seal holds for no other. */
export function submitCall(
  { jobs, parameters, sealDomain }: Contracts,
  claimant: Address,
  job: JobState,
  trace: Answered,
): Call {
  const seal = sealOf(sealDomain, job.id, claimant, trace.answer.traceRoot);
  const { id, modelId, inputRoot } = job;
  return jobs.call(
    'submit',
    [id, modelId, inputRoot, seal, trace.answer.outputRoot, postedOutput(trace, job)],
    parameters.bondWei,
  );
}

/**
 * Ends a job whose outcome is decided, with the output that the winning claim has posted. Whether that output is right is not looked
 * at: use `challengeJob` first.
 */
export async function finalizeJob(contracts: Contracts, sender: Sender, id: JobId): Promise<Sent> {
  const { job, claims } = await currentView(await readerOfJob(contracts, id), id);
  if (job.status !== 'open') throw new UserError('OG_JOB_ENDED', `Job ${id} is ${job.status} already.`);
  const first = claims.find(({ status }) => status === 'live');
  if (!first) {
    if ((await contracts.node.now()) <= job.claimBy)
      throw new UserError(
        'OG_TOO_EARLY',
        `Job ${id} has no live claim, and a first claim may come until ${new Date(job.claimBy * 1000).toISOString()}.`,
        'After that, `og finalize` gives the fee back.',
      );
    return sender.send(callOf(contracts, voidAction(id)));
  }
  const output = job.outputBytes > 0 ? await outputOfClaim(contracts, id, first.id) : '0x';
  return sender.send(callOf(contracts, { kind: 'finalize', jobId: id, terms: termsOf(first), output }));
}

/** The output bytes that were posted with a claim. */
export async function outputOfClaim(
  { jobs, logs, node, firstBlock }: Contracts,
  id: JobId,
  claim: ClaimId,
): Promise<Hex> {
  const filter = { address: jobs.address, topics: jobs.topics(['Claimed'], id, claim) };
  const log = await logs.last(filter, firstBlock, await node.getBlockNumber());
  const event = log && jobs.event(log);
  if (event?.name !== 'Claimed') throw new UserError('OG_UNKNOWN_CLAIM', `Job ${id} has no claim ${claim}.`);
  return event.args.output;
}

export interface Withdrawal {
  readonly amountWei: Wei;
  readonly txHash: Hash;
  readonly gasUsed: bigint;
}

/** Takes out everything that is credited to the sender's account. */
export async function withdraw({ jobs }: Contracts, sender: Sender): Promise<Withdrawal> {
  const { logs, txHash, gasUsed } = await sender.send(jobs.call('withdraw', []));
  return { amountWei: wei(jobs.find(logs, 'Withdrawn')?.args.amountWei ?? 0n), txHash: asHash(txHash), gasUsed };
}

export async function creditOf({ jobs, node }: Contracts, account: Address): Promise<Wei> {
  return wei(await jobs.read('creditOf', [account], await node.decisionBlock()));
}
