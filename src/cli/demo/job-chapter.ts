/** What the chapters about one job share. */
import type { Requested } from '../../chain/requests.js';
import { showWei } from '../amounts.js';
import { showSeconds } from '../durations.js';
import { ask, FEE_WEI } from './ask.js';
import { GasBook } from './gas.js';
import { Ledger } from './ledger.js';
import type { Narrator } from './narrator.js';
import type { Stage } from './stage.js';
import type { Exhibit, Subject } from './subject.js';

export interface JobChapter {
  readonly stage: Stage;
  readonly subject: Subject;
  readonly exhibit: Exhibit;
  readonly narrator: Narrator;
  readonly asked: Requested;
  readonly gas: GasBook;
  readonly ledger: Ledger;
}

/** The client asks. */
export async function beginJob(
  stage: Stage,
  subject: Subject,
  exhibit: Exhibit,
  narrator: Narrator,
): Promise<JobChapter> {
  const [gas, ledger] = [new GasBook(), new Ledger(stage)];
  const asked = await ask(stage, subject.model, exhibit.packed);
  gas.add({ kind: 'request', gasUsed: asked.gasUsed });
  const what = `asks for job ${asked.jobId} and puts up ${showWei(FEE_WEI)}`;
  narrator.transaction({ who: 'client', what, gasUsed: asked.gasUsed });
  return { stage, subject, exhibit, narrator, asked, gas, ledger };
}

/** Nobody waits for a demonstration's challenge window. */
export async function passWindow({ stage: { devnet }, narrator }: JobChapter, prefix = ''): Promise<void> {
  const { challengeWindowSeconds } = devnet.contracts.parameters;
  narrator.aside(
    `${prefix}the devnet's clock is moved ${showSeconds(challengeWindowSeconds)} ahead, past the challenge window`,
  );
  await devnet.passSeconds(challengeWindowSeconds + 1);
}
