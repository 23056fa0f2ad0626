import type { Contracts } from '../chain/contracts.js';
import type { JobState } from '../dispute/game.js';
import type { TraceSource } from '../dispute/trace.js';
import { UserError } from '../errors.js';
import type { Model, Store } from '../store/store.js';
import { obtainModelFor } from './models.js';
import { packedInput } from './packed-input.js';

/** What a job asks to run: its model, and its packed input from the chain, the store or `--input` files. */
export async function jobToRun(
  contracts: Contracts,
  store: Store,
  job: JobState,
  inputFlags: readonly string[],
): Promise<{ model: Model; input: Int32Array }> {
  const model = await obtainModelFor(job.modelId, store, contracts);
  const input =
    inputFlags.length > 0 ? await givenInput(model, job, inputFlags) : await findInput(contracts, store, job, model);
  return { model, input };
}

async function givenInput(model: Model, job: JobState, flags: readonly string[]): Promise<Int32Array> {
  const { inputRootOf } = await import('../commit/model.js');
  const input = await packedInput(model.artefact.program, flags);
  const root = inputRootOf(model.commitment.model, input);
  if (root === job.inputRoot) return input;
  throw new UserError(
    'OG_OTHER_INPUT',
    `This is not the input of job ${job.id}: its root is ${root}, the job asks for ${job.inputRoot}.`,
  );
}

async function findInput(
  contracts: Contracts,
  store: Store,
  job: JobState,
  { commitment }: Model,
): Promise<Int32Array> {
  const [{ readPostedInput }, { readerOfJob }] = await Promise.all([
    import('../chain/inputs.js'),
    import('../chain/reader.js'),
  ]);
  const reader = await readerOfJob(contracts, job.id);
  await reader.refresh();
  const record = reader.log.record(job.id);
  const posted = record && (await readPostedInput(contracts, record, commitment.model));
  const input = posted ?? (await store.input(commitment.model, job.inputRoot));
  if (input) return input;
  throw new UserError(
    'OG_NO_INPUT',
    `The input of job ${job.id} went by its hash, and it is neither on the chain nor on this machine.`,
    'Get the array files from the requester and give them with --input.',
  );
}

/** Runs a model and keeps every step's output. */
export async function traceOf({ artefact, commitment }: Model, input: Int32Array): Promise<TraceSource> {
  const [{ Executor }, { runTrace }] = await Promise.all([
    import('../executor/executor.js'),
    import('../dispute/trace.js'),
  ]);
  const executor = await Executor.load(artefact.program);
  try {
    return await runTrace(commitment, executor, input);
  } finally {
    await executor.close();
  }
}
