/** The right answer becomes final, and everybody is paid what is theirs. */
import { finalizeJob } from '../../chain/claims.js';
import { showCount, showWei } from '../amounts.js';
import { out } from '../colour.js';
import { type Answer, answerOf } from './answer.js';
import { FEE_WEI, finalOutput } from './ask.js';
import type { Caught } from './caught.js';
import { type JobChapter, passWindow } from './job-chapter.js';
import type { ToldLie } from './lie.js';

export interface Settled {
  readonly answer: Answer;
  /** The name of whoever's claim became final, and what it was paid. */
  readonly winner: string;
  readonly paidWei: bigint;
}

export async function settle(chapter: JobChapter, { truth }: ToldLie, { potWei }: Caught): Promise<Settled> {
  const { stage, subject, narrator, asked, gas, ledger } = chapter;
  const { contracts } = stage.devnet;
  await passWindow(chapter);
  const sent = await finalizeJob(contracts, stage.cast.watchtower, asked.jobId);
  gas.add(sent);
  const { winner, paidWei } = ledger.ended(sent);
  const what = `ends the job and is paid ${showWei(paidWei)}: bond, pot and fee`;
  narrator.transaction({ who: 'watchtower', what, gasUsed: sent.gasUsed });
  ledger.pay('client', winner, FEE_WEI, 'the fee');
  ledger.pay('pot', winner, potWei, 'for being right');
  ledger.pay('bond', winner, contracts.parameters.bondWei, 'its own, back');

  const output = (await finalOutput(stage, subject.model, asked.jobId)) ?? truth.slots.at(-1)!;
  const answer = answerOf(truth.commitment.program, output);
  narrator.line();
  narrator.lines([
    `The final answer is ${out.bold(String(answer.best))}; ${showCount(gas.total)} gas in all. Who paid whom:`,
    ...ledger.show().split('\n'),
  ]);
  return { answer, winner, paidWei };
}
