/** Asking for an inference, and reading the answer. */
import { ZeroAddress } from 'ethers';
import { asHash, fromHex, type Hash, toHex } from '../commit/hash.js';
import { inputBytes, inputRootOf, type ModelHeader, modelIdOf } from '../commit/model.js';
import { JOB_STATUSES, type JobState } from '../dispute/game.js';
import { UserError } from '../errors.js';
import { claimId, type JobId, jobId, type Seconds, type Wei } from '../units.js';
import { outputOfClaim } from './claims.js';
import type { Contracts } from './contracts.js';
import type { Sender } from './sender.js';
import { readJobState } from './states.js';
import type { Address } from './typed.js';

export interface InferenceRequest {
  readonly model: ModelHeader;
  /** Slot 0: the packed input. */
  readonly input: Int32Array;
  readonly feeWei: Wei;
  /** How long a first claim may take. */
  readonly claimSeconds: Seconds;
  /** Contract to call back once the job is final. */
  readonly consumer?: Address;
  /** Show only the input's root, even when the input would fit. An input that does not fit always goes by its root. */
  readonly byRoot?: boolean;
}

export interface Requested {
  readonly jobId: JobId;
  readonly inputRoot: Hash;
  /** The input is not in the transaction: keep it, somebody may demand it. */
  readonly byRoot: boolean;
  readonly txHash: Hash;
  readonly gasUsed: bigint;
}

export async function requestInference(
  contracts: Contracts,
  sender: Sender,
  { model, input, feeWei, claimSeconds, consumer, byRoot = false }: InferenceRequest,
): Promise<Requested> {
  const { jobs, parameters } = contracts;
  const modelId = modelIdOf(model);
  const bytes = inputBytes(model, input);
  const inputRoot = inputRootOf(model, input);
  const onlyRoot = byRoot || bytes.length > parameters.maxInputBytes;
  const [seconds, callback] = [BigInt(claimSeconds), consumer ?? (ZeroAddress as Address)];
  const call = onlyRoot
    ? jobs.call('requestByRoot', [modelId, inputRoot, seconds, callback], feeWei)
    : jobs.call('request', [modelId, toHex(bytes), seconds, callback], feeWei);
  const { logs, txHash, gasUsed } = await sender.send(call);
  const event = jobs.find(logs, 'JobRequested');
  if (!event) throw new Error(`The request ${txHash} was mined without an event.`);
  return { jobId: jobId(event.args.jobId), inputRoot, byRoot: onlyRoot, txHash, gasUsed };
}

/** A job as it stands now. @throws UserError when there is none. */
export async function readJob(contracts: Contracts, id: JobId): Promise<JobState> {
  await requireJob(contracts, id);
  return readJobState(contracts, id, await contracts.node.getBlockNumber());
}

/** @throws UserError when the deployment has no such job. */
export async function requireJob({ jobs, node, address }: Contracts, id: JobId): Promise<void> {
  const count = await jobs.read('jobCount', []);
  if (id >= 1n && id <= count) return;
  const last = count === 0n ? 'it has no jobs yet' : `the last one is ${count}`;
  throw new UserError(
    'OG_UNKNOWN_JOB',
    `There is no job ${id} in the deployment ${address} on chain ${node.chainId}: ${last}.`,
    'See `og jobs`.',
  );
}

/** The newest jobs, newest first. */
export async function readJobs(contracts: Contracts, limit = 20): Promise<JobState[]> {
  const blockNumber = await contracts.node.getBlockNumber();
  const count = await contracts.jobs.read('jobCount', [], blockNumber);
  const ids = Array.from({ length: Math.min(limit, Number(count)) }, (_, i) => jobId(count - BigInt(i)));
  return Promise.all(ids.map((id) => readJobState(contracts, id, blockNumber)));
}

export interface JobOutput {
  readonly outputRoot: Hash;
  /** Null when the output goes by its root. */
  readonly bytes: Uint8Array | null;
}

/** The output of a final job. @throws UserError when it is not final (yet). */
export async function readOutput(contracts: Contracts, id: JobId): Promise<JobOutput> {
  const { jobs } = contracts;
  await requireJob(contracts, id);
  const job = await jobs.read('getJob', [id]);
  const status = JOB_STATUSES[Number(job.status)];
  if (status !== 'final')
    throw new UserError(
      'OG_NOT_FINAL',
      status === 'void' ? `Job ${id} is void: nobody gave an answer that held.` : `Job ${id} has no final answer yet.`,
      status === 'void' ? 'Ask again with `og request`.' : `See \`og job ${id}\`.`,
    );
  const outputRoot = asHash(await jobs.read('outputRootOf', [id]));
  if (job.outputBytes === 0n) return { outputRoot, bytes: null };
  const output = await outputOfClaim(contracts, id, claimId(job.firstClaim));
  return { outputRoot, bytes: fromHex(output) };
}
