/** The other half of the story: a worker lies in one element of one layer, is found out, and pays. */
import { readJob } from '../../chain/requests.js';
import { matchText } from '../../units.js';
import type { Lie } from '../../worker/tamper.js';
import { idNumber } from '../ids.js';
import type { Json } from '../json.js';
import { catchLiar } from './caught.js';
import { beginJob } from './job-chapter.js';
import { tellLie } from './lie.js';
import type { Narrator } from './narrator.js';
import { settle } from './settled.js';
import type { Stage } from './stage.js';
import type { Subject } from './subject.js';

export async function fraudulentJob(
  stage: Stage,
  subject: Subject,
  wantedLie: Lie | undefined,
  narrator: Narrator,
): Promise<Json> {
  narrator.chapter('A lie');
  const chapter = await beginJob(stage, subject, subject.disputed, narrator);
  const told = await tellLie(chapter, wantedLie);
  narrator.chapter('The watchtower notices');
  const caught = await catchLiar(chapter, told);
  narrator.chapter('The right answer becomes final');
  const settled = await settle(chapter, told, caught);

  const { jobId } = chapter.asked;
  const { slot, element } = told.lie;
  return {
    jobId: idNumber(jobId),
    status: (await readJob(stage.devnet.contracts, jobId)).status,
    matchId: matchText(caught.matchId),
    label: subject.disputed.label,
    liarStep: slot,
    liarElement: element,
    liarStepName: subject.model.artefact.program.steps[slot - 1]!.name,
    foundStep: caught.found.slot,
    foundElement: caught.found.element,
    computed: Number(caught.found.computed),
    liedValue: told.liedValue,
    rounds: caught.rounds,
    liedAnswer: told.liedAnswer.best,
    answer: settled.answer.best,
    gas: chapter.gas.json(),
    winner: settled.winner,
    winnerAddress: stage.cast.watchtower.address,
    slashedWei: caught.burnedWei + caught.potWei,
    burnedWei: caught.burnedWei,
    potWei: caught.potWei,
    paidWei: settled.paidWei,
    payments: chapter.ledger.payments.map((payment) => ({ ...payment })),
  };
}
