/** The usual half of the story: nobody lies, so a claim and an end are all there is on the chain. */
import { finalizeJob, submitClaim } from '../../chain/claims.js';
import { readJob } from '../../chain/requests.js';
import { showCount, showWei } from '../amounts.js';
import { out } from '../colour.js';
import { idNumber } from '../ids.js';
import type { Json } from '../json.js';
import { traceOf } from '../trace-job.js';
import { answerOf, drawAnswer } from './answer.js';
import { FEE_WEI, finalOutput } from './ask.js';
import { beginJob, passWindow } from './job-chapter.js';
import type { Narrator } from './narrator.js';
import type { Stage } from './stage.js';
import type { Subject } from './subject.js';

export async function honestJob(stage: Stage, subject: Subject, narrator: Narrator): Promise<Json> {
  const { contracts } = stage.devnet;
  const { worker } = stage.cast;
  const { model, honest: exhibit } = subject;
  narrator.chapter('An honest job');
  const chapter = await beginJob(stage, subject, exhibit, narrator);
  const { asked, gas, ledger } = chapter;

  const trace = await traceOf(model, exhibit.packed);
  const submitted = await submitClaim(contracts, worker, await readJob(contracts, asked.jobId), trace);
  gas.add({ kind: 'submit', gasUsed: submitted.gasUsed });
  const posts = `runs the model and posts the answer with a bond of ${showWei(submitted.bondWei)}`;
  narrator.transaction({ who: 'worker', what: posts, gasUsed: submitted.gasUsed });

  await passWindow(chapter, 'nobody objects; ');
  const sent = await finalizeJob(contracts, worker, asked.jobId);
  gas.add(sent);
  const { paidWei } = ledger.ended(sent);
  const ends = `ends the job and is paid ${showWei(paidWei)}: bond and fee`;
  narrator.transaction({ who: 'worker', what: ends, gasUsed: sent.gasUsed });

  const output = (await finalOutput(stage, model, asked.jobId)) ?? trace.slots.at(-1)!;
  const answer = answerOf(model.artefact.program, output);
  narrator.line();
  narrator.line(`  The input was ${exhibit.title}; the final answer is ${out.bold(String(answer.best))}:`);
  narrator.beside(exhibit.picture, drawAnswer(answer, 'read back from the chain'));
  narrator.line(`  ${showCount(gas.total)} gas in all.`);
  return {
    jobId: idNumber(asked.jobId),
    status: (await readJob(contracts, asked.jobId)).status,
    label: exhibit.label,
    answer: answer.best,
    outputs: answer.values,
    probabilities: answer.shares,
    feeWei: FEE_WEI,
    paidWei,
    gas: gas.json(),
  };
}
