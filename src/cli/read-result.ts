import type { Contracts } from '../chain/contracts.js';
import type { Hash } from '../commit/hash.js';
import type { JobState } from '../dispute/game.js';
import type { Store } from '../store/store.js';
import type { JobId } from '../units.js';
import { obtainModelFor } from './models.js';
import type { Outputs } from './outputs.js';

export interface JobResult {
  readonly job: JobState;
  /** Null until the job is final. */
  readonly outputRoot: Hash | null;
  /** Null until the job is final, and for an output that goes by its root. */
  readonly outputs: Outputs | null;
}

/** A job's final output, unpacked by its model's layout. */
export async function readResult(contracts: Contracts, store: Store, id: JobId): Promise<JobResult> {
  const [{ readJob, readOutput }, { outputFromBytes }, { unpackOutputs }] = await Promise.all([
    import('../chain/requests.js'),
    import('../commit/model.js'),
    import('../program/layout.js'),
  ]);
  const job = await readJob(contracts, id);
  if (job.status !== 'final') return { job, outputRoot: null, outputs: null };
  const { outputRoot, bytes } = await readOutput(contracts, id);
  if (!bytes) return { job, outputRoot, outputs: null };
  const { artefact, commitment } = await obtainModelFor(job.modelId, store, contracts);
  return { job, outputRoot, outputs: unpackOutputs(artefact.program, outputFromBytes(commitment.model, bytes)) };
}
