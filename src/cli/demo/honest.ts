/** First chapter: nobody lies, so a claim and an end are all there is on the chain. */
import { finalizeJob, submitClaim } from '../../chain/claims.js';
import { readJob } from '../../chain/requests.js';
import { showCount, showWei } from '../amounts.js';
import { out } from '../colour.js';
import { showSeconds } from '../durations.js';
import { idNumber } from '../ids.js';
import type { Json } from '../json.js';
import { traceOf } from '../trace-job.js';
import { answerOf, drawAnswer } from './answer.js';
import { ask, FEE_WEI, finalOutput } from './ask.js';
import { GasBook } from './gas.js';
import { Ledger } from './ledger.js';
import type { Narrator } from './narrator.js';
import type { Stage } from './stage.js';
import type { Subject } from './subject.js';

export async function honestJob(stage: Stage, { model, honest: exhibit }: Subject, narrator: Narrator): Promise<Json> {
  const { devnet, cast } = stage;
  const { contracts } = devnet;
  const { program } = model.artefact;
  const [gas, ledger] = [new GasBook(), new Ledger(stage)];

  narrator.chapter('An honest job');
  const asked = await ask(stage, model, exhibit.packed);
  gas.add({ kind: 'request', gasUsed: asked.gasUsed });
  narrator.transaction({
    who: 'client',
    what: `asks for job ${asked.jobId} and puts up ${showWei(FEE_WEI)}`,
    gasUsed: asked.gasUsed,
  });

  const trace = await traceOf(model, exhibit.packed);
  const submitted = await submitClaim(contracts, cast.worker, await readJob(contracts, asked.jobId), trace);
  gas.add({ kind: 'submit', gasUsed: submitted.gasUsed });
  const bond = `runs the model and posts the answer with a bond of ${showWei(submitted.bondWei)}`;
  narrator.transaction({ who: 'worker', what: bond, gasUsed: submitted.gasUsed });
  ledger.pay('worker', 'bond', submitted.bondWei, 'comes back with the answer');

  const windowSeconds = contracts.parameters.challengeWindowSeconds;
  narrator.aside(
    `nobody objects; the devnet's clock is moved ${showSeconds(windowSeconds)} ahead, past the challenge window`,
  );
  await devnet.passSeconds(windowSeconds + 1);

  const sent = await finalizeJob(contracts, cast.worker, asked.jobId);
  gas.add(sent);
  const { paidWei } = ledger.ended(sent);
  narrator.transaction({
    who: 'worker',
    what: `ends the job and is credited ${showWei(paidWei)}: bond and fee`,
    gasUsed: sent.gasUsed,
  });

  const output = (await finalOutput(stage, model, asked.jobId)) ?? trace.slots.at(-1)!;
  const answer = answerOf(program, output);
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
