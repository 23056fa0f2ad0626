/** What has come of it, read from the chain. */
import type { GameReader } from '../../src/chain/reader.js';
import { isCorrect } from '../../src/dispute/judge.js';
import type { JobId } from '../../src/units.js';
import type { PlannedJob } from './plan.js';

export interface ChaosVerdict {
  readonly jobs: number;
  /** Lies that were to be told, and those that came to the chain. */
  readonly planned: number;
  readonly lies: number;
  readonly slashed: number;
  readonly honestBondsLost: number;
  readonly stuck: number;
  readonly wrongFinal: number;
  readonly doubleBonds: number;
  readonly void: number;
  /** What is not as it should be, in sentences. */
  readonly problems: readonly string[];
}

/** @param honest accounts of the daemons. */
export async function verdictOf(
  reader: GameReader,
  plan: readonly PlannedJob[],
  honest: readonly string[],
): Promise<ChaosVerdict> {
  const planned = new Map(plan.map((job) => [job.inputRoot, job]));
  const problems: string[] = [];
  const count = {
    jobs: 0,
    planned: 0,
    lies: 0,
    slashed: 0,
    honestBondsLost: 0,
    stuck: 0,
    wrongFinal: 0,
    doubleBonds: 0,
    void: 0,
  };
  const missing = plan.filter(({ inputRoot }) => !reader.log.jobs().some((id) => rootOf(reader, id) === inputRoot));
  for (const { index } of missing) problems.push(`planned job ${index} never came to the chain`);
  const told = new Map<PlannedJob, number>();
  for (const id of reader.log.jobs()) {
    const job = planned.get(rootOf(reader, id) ?? '');
    if (!job) continue;
    count.jobs++;
    const view = await reader.view(id);
    const name = `job ${id} (${job.strategy?.name ?? 'honest'})`;
    if (view.job.status === 'open') {
      count.stuck++;
      problems.push(`${name} is open still`);
    }
    if (view.job.status === 'void') {
      count.void++;
      problems.push(`${name} is void: nobody answered it`);
    }
    for (const claim of view.claims) {
      const right = isCorrect(claim, job.truth, reader.contracts.sealDomain);
      if (!right) count.lies++;
      if (!right) told.set(job, (told.get(job) ?? 0) + 1);
      if (!right && claim.status === 'lost') count.slashed++;
      if (!right && claim.status !== 'lost') problems.push(`${name}: the lie in claim ${claim.id} is ${claim.status}`);
      if (!right && view.job.winner === claim.id) count.wrongFinal++;
      if (honest.includes(claim.claimant) && (claim.status === 'lost' || !right)) {
        count.honestBondsLost++;
        problems.push(`${name}: claim ${claim.id} of ${claim.claimant}, who is honest, is ${claim.status}`);
      }
    }
    for (const account of honest) {
      const own = view.claims.filter(({ claimant }) => claimant === account);
      if (own.length < 2) continue;
      count.doubleBonds += own.length - 1;
      problems.push(
        `${name}: ${account} has put up ${own.length} bonds (claims ${own.map((each) => each.id).join(', ')})`,
      );
    }
  }
  for (const job of plan) {
    if (!job.strategy) continue;
    const liars = job.strategy.crowd ?? 1;
    count.planned += liars;
    const missed = liars - (told.get(job) ?? 0);
    if (missed > 0) problems.push(`planned job ${job.index} (${job.strategy.name}): ${missed} lies were never told`);
  }
  return { ...count, problems };
}

const rootOf = (reader: GameReader, id: JobId): string | undefined => reader.log.record(id)?.inputRoot;
