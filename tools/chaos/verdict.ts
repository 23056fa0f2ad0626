/** What has come of it, read from the chain. */
import type { GameReader } from '../../src/chain/reader.js';
import { isCorrect } from '../../src/dispute/judge.js';
import type { JobId } from '../../src/units.js';
import type { PlannedJob } from './plan.js';

export interface ChaosVerdict {
  readonly jobs: number;
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
  const count = { jobs: 0, lies: 0, slashed: 0, honestBondsLost: 0, stuck: 0, wrongFinal: 0, doubleBonds: 0, void: 0 };
  const missing = plan.filter(({ inputRoot }) => !reader.log.jobs().some((id) => rootOf(reader, id) === inputRoot));
  for (const { index } of missing) problems.push(`planned job ${index} never came to the chain`);
  for (const id of reader.log.jobs()) {
    const job = planned.get(rootOf(reader, id) ?? '');
    if (!job) continue;
    count.jobs++;
    const view = await reader.view(id);
    const told = `job ${id} (${job.strategy?.name ?? 'honest'})`;
    if (view.job.status === 'open') {
      count.stuck++;
      problems.push(`${told} is open still`);
    }
    if (view.job.status === 'void') {
      count.void++;
      problems.push(`${told} is void: nobody answered it`);
    }
    for (const claim of view.claims) {
      const right = isCorrect(claim, job.truth, reader.contracts.sealDomain);
      if (!right) count.lies++;
      if (!right && claim.status === 'lost') count.slashed++;
      if (!right && claim.status !== 'lost') problems.push(`${told}: the lie in claim ${claim.id} is ${claim.status}`);
      if (!right && view.job.winner === claim.id) count.wrongFinal++;
      if (honest.includes(claim.claimant) && (claim.status === 'lost' || !right)) {
        count.honestBondsLost++;
        problems.push(`${told}: claim ${claim.id} of ${claim.claimant}, who is honest, is ${claim.status}`);
      }
    }
    for (const account of honest) {
      const own = view.claims.filter(({ claimant }) => claimant === account);
      if (own.length < 2) continue;
      count.doubleBonds += own.length - 1;
      problems.push(
        `${told}: ${account} has put up ${own.length} bonds (claims ${own.map((each) => each.id).join(', ')})`,
      );
    }
  }
  return { ...count, problems };
}

const rootOf = (reader: GameReader, id: JobId): string | undefined => reader.log.record(id)?.inputRoot;
