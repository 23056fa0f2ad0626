import type { Submitted } from '../chain/claims.js';
import type { Sender } from '../chain/sender.js';
import type { JobState } from '../dispute/game.js';
import type { TraceSource } from '../dispute/trace.js';
import { UserError } from '../errors.js';
import type { Model, Store } from '../store/store.js';
import type { JobId } from '../units.js';
import type { Lie } from '../worker/tamper.js';
import { askFor, USUAL_CLAIM_SECONDS } from './ask-for.js';
import { obtainModelFor } from './models.js';
import { packedInput } from './packed-input.js';
import type { Session } from './session.js';
import { parseLie } from './tamper.js';
import { jobToRun, traceOf } from './trace-job.js';

export interface SubmitOptions {
  readonly job?: JobId | undefined;
  readonly model?: string | undefined;
  /** `--input` flags. */
  readonly inputs: readonly string[];
  /** `<step>[:<element>]`: lie there. Only on a devnet. */
  readonly tamper?: string | undefined;
  readonly note: (text: string) => void;
}

/** One wrong element, with what it should be. */
export interface ToldLie {
  readonly step: number;
  readonly element: number;
  readonly value: number;
  readonly truth: number;
}

export interface SubmittedFor {
  readonly submitted: Submitted;
  readonly sender: Sender;
  /** What the claim was made from. */
  readonly trace: TraceSource;
  readonly lie: ToldLie | null;
}

/** Runs a model and posts the claim: for an open job, or for a job that is made for it. */
export async function submitFor(
  session: Session,
  openSender: () => Promise<Sender>,
  store: Store,
  options: SubmitOptions,
): Promise<SubmittedFor> {
  const { contracts } = session;
  const { note } = options;
  if (options.tamper !== undefined && !contracts.node.isDevnet) throw noTamper(contracts.node.chainId);
  const [{ readJob }, { submitClaim }] = await Promise.all([
    import('../chain/requests.js'),
    import('../chain/claims.js'),
  ]);

  const asked = options.job === undefined ? null : await readJob(contracts, options.job);
  if (asked) await requireClaimable(session, asked);
  const { model, input } = asked
    ? await jobToRun(contracts, store, asked, options.inputs)
    : await ownToRun(session, store, options);
  const sender = await openSender();
  note(`running ${model.artefact.program.steps.length} steps`);
  const honest = await traceOf(model, input);
  const lie = options.tamper === undefined ? null : parseLie(options.tamper, model.artefact.program, '--tamper');
  const trace = lie ? await lying(honest, lie) : honest;

  const job = asked ?? (await ownJob(session, sender, store, model, input, note));
  note(`posting the claim for job ${job.id}`);
  const submitted = await submitClaim(contracts, sender, job, trace);
  return { submitted, sender, trace, lie: lie && toldLie(honest, trace, lie) };
}

async function ownToRun({ contracts }: Session, store: Store, { model: name, inputs }: SubmitOptions) {
  if (name === undefined) {
    throw new UserError(
      'OG_USAGE',
      'Neither --job nor --model is given.',
      'og submit --job <number>, or og submit --model <artefact> --input <file>.',
    );
  }
  const model = await obtainModelFor(name, store, contracts);
  return { model, input: await packedInput(model.artefact.program, inputs) };
}

async function ownJob(
  session: Session,
  sender: Sender,
  store: Store,
  model: Model,
  input: Int32Array,
  note: (text: string) => void,
): Promise<JobState> {
  const { readJob } = await import('../chain/requests.js');
  note('making a job for it, without a fee');
  const { jobId } = await askFor(session, sender, store, model, input, {
    feeWei: 0n,
    claimSeconds: USUAL_CLAIM_SECONDS,
  });
  return readJob(session.contracts, jobId);
}

/** Says at once what the contract would say after the model has run. */
async function requireClaimable({ contracts }: Session, job: JobState): Promise<void> {
  if (job.status !== 'open')
    throw new UserError('OG_JOB_ENDED', `Job ${job.id} is ${job.status}: it takes no claim any more.`);
  const { liveClaims } = await contracts.jobs.read('getJob', [job.id]);
  if (liveClaims > 0n) {
    throw new UserError(
      'OG_JOB_CLAIMED',
      `Job ${job.id} has a claim already; only the first one is submitted.`,
      `If that claim is wrong: og challenge ${job.id}`,
    );
  }
}

function noTamper(chainId: bigint): UserError {
  return new UserError(
    'OG_DEVNET_ONLY',
    `--tamper exists only on chain id 31337, the devnet; this node is on chain ${chainId}.`,
  );
}

async function lying(honest: TraceSource, lie: Lie): Promise<TraceSource> {
  const { tamper } = await import('../worker/tamper.js');
  return tamper(honest, lie);
}

function toldLie(honest: TraceSource, lying: TraceSource, { slot, element }: Lie): ToldLie {
  return { step: slot, element, value: lying.slots[slot]![element]!, truth: honest.slots[slot]![element]! };
}
