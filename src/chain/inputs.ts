/** A job's input: posted with its request, or, when it went by its root, on demand. */
import { fromHex, type Hash, toHex } from '../commit/hash.js';
import { tensorTree } from '../commit/merkle.js';
import { inputBytes, inputFromBytes, inputRootOf, type ModelHeader } from '../commit/model.js';
import { LEAF_BYTES } from '../commit/tensor.js';
import { after, type JobId, type Timestamp, timestamp } from '../units.js';
import type { Contracts } from './contracts.js';
import type { JobRecord } from './game-log.js';
import type { Address, Call } from './typed.js';

/** Leaves of one chunk of a demanded input (Inputs.sol). */
const CHUNK_LEAVES = 128;
const CHUNK_DEPTH = 7;

/**
 * The input that stands on the chain, checked against the job's input root; null when it went by its root and was not posted
 * (wholly) on demand.
 */
export async function readPostedInput(
  contracts: Contracts,
  job: Pick<JobRecord, 'id' | 'inputRoot' | 'requestBlock' | 'isInputPosted'>,
  model: ModelHeader,
): Promise<Int32Array | null> {
  if (!job.isInputPosted) return null;
  const bytes = (await postedWithRequest(contracts, job)) ?? (await postedOnDemand(contracts, job, model));
  if (!bytes) return null;
  let input: Int32Array;
  try {
    input = inputFromBytes(model, bytes);
  } catch {
    return null;
  }
  return inputRootOf(model, input) === job.inputRoot ? input : null;
}

async function postedWithRequest(
  { jobs, logs }: Contracts,
  { id, requestBlock }: Pick<JobRecord, 'id' | 'requestBlock'>,
): Promise<Uint8Array | null> {
  const filter = { address: jobs.address, topics: jobs.topics(['JobRequested'], id) };
  const [log] = await logs.all(filter, requestBlock, requestBlock);
  const event = log && jobs.event(log);
  if (event?.name !== 'JobRequested' || event.args.input === '0x') return null;
  return fromHex(event.args.input);
}

async function postedOnDemand(
  { inputs, logs, node }: Contracts,
  { id, requestBlock }: Pick<JobRecord, 'id' | 'requestBlock'>,
  model: ModelHeader,
): Promise<Uint8Array | null> {
  const filter = { address: inputs.address, topics: inputs.topics(['InputChunkPosted'], id) };
  const bytes = new Uint8Array(model.inputElements * model.inputWidth);
  let posted = 0;
  for (const log of await logs.all(filter, requestBlock, await node.getBlockNumber())) {
    const event = inputs.event(log);
    if (event?.name !== 'InputChunkPosted') continue;
    const chunk = fromHex(event.args.data);
    bytes.set(chunk, Number(event.args.chunk) * CHUNK_LEAVES * LEAF_BYTES);
    posted += chunk.length;
  }
  return posted === bytes.length ? bytes : null;
}

/** Demands an input that cannot be had, with the stake. Until it is posted the job cannot become final. */
export function demandCall({ inputs, parameters }: Contracts, id: JobId, inputRoot: Hash): Call {
  return inputs.call('demand', [id, inputRoot], parameters.inputDemandWei);
}

/** Ends a job whose demanded input did not come in time. */
export function giveUpCall({ inputs }: Contracts, id: JobId): Call {
  return inputs.call('giveUp', [id]);
}

/** Posts the chunks of a demanded input that are not posted yet, one call each; each pays its share of the stake. */
export async function postCalls(
  contracts: Contracts,
  id: JobId,
  model: ModelHeader,
  input: Int32Array,
): Promise<Call[]> {
  const bytes = inputBytes(model, input);
  const chunkBytes = CHUNK_LEAVES * LEAF_BYTES;
  const posted = await postedChunks(contracts, id);
  const calls: Call[] = [];
  for (let chunk = 0; chunk * chunkBytes < bytes.length; chunk++) {
    if (posted.has(BigInt(chunk))) continue;
    const data = toHex(bytes.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes));
    calls.push(contracts.inputs.call('post', [id, BigInt(chunk), data, chunkProof(model, input, chunk)]));
  }
  return calls;
}

export interface InputDemand {
  readonly demander: Address;
  /** Last second in which a chunk may be posted. */
  readonly deadline: Timestamp;
  readonly complete: boolean;
}

/** Null when nobody has demanded the job's input. */
export async function readDemand({ inputs, parameters, node }: Contracts, id: JobId): Promise<InputDemand | null> {
  const { demandedAt, demander, complete } = await inputs.read('demandOf', [id], await node.decisionBlock());
  if (demandedAt === 0n) return null;
  return { demander, deadline: after(timestamp(demandedAt), parameters.inputDemandSeconds), complete };
}

async function postedChunks({ inputs, logs, node, firstBlock }: Contracts, id: JobId): Promise<Set<bigint>> {
  const filter = { address: inputs.address, topics: inputs.topics(['InputDemanded'], id) };
  const head = await node.getBlockNumber();
  const demanded = await logs.last(filter, firstBlock, head);
  if (!demanded) return new Set();
  const chunks = { address: inputs.address, topics: inputs.topics(['InputChunkPosted'], id) };
  const events = (await logs.all(chunks, demanded.blockNumber, head)).map((log) => inputs.event(log));
  return new Set(events.flatMap((event) => (event?.name === 'InputChunkPosted' ? [event.args.chunk] : [])));
}

function chunkProof(model: ModelHeader, input: Int32Array, chunk: number): Hash[] {
  const tree = tensorTree(input, model.inputWidth, model.tensorDepth);
  return tree.proof(chunk, Math.min(CHUNK_DEPTH, model.tensorDepth)).map(toHex);
}
