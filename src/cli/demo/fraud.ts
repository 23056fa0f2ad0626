/** Second chapter: a worker lies in one element of one layer, and is found out. */
import { finalizeJob, submitClaim } from '../../chain/claims.js';
import { readJob } from '../../chain/requests.js';
import type { TraceSource } from '../../dispute/trace.js';
import { matchId } from '../../units.js';
import { tamper } from '../../worker/tamper.js';
import { showCount, showWei } from '../amounts.js';
import { out } from '../colour.js';
import { showSeconds } from '../durations.js';
import { idNumber } from '../ids.js';
import type { Json } from '../json.js';
import { parseLie } from '../tamper.js';
import { traceOf } from '../trace-job.js';
import { answerOf, drawAnswer, verdictOf } from './answer.js';
import { ask, FEE_WEI, finalOutput } from './ask.js';
import { anyLie, chooseLie, type Told } from './choose-lie.js';
import { GasBook } from './gas.js';
import { Ledger } from './ledger.js';
import type { Narrator } from './narrator.js';
import { type Found, foundBy, moveText, nameOf, narrowedTo } from './narrowing.js';
import { type Played, playDispute } from './play-match.js';
import type { Stage } from './stage.js';
import type { Subject } from './subject.js';

/** The search for a lie that turns the answer ends after this; then any lie will do. */
const SEARCH_MS = 15_000;

export async function fraudulentJob(
  stage: Stage,
  { model, disputed: exhibit }: Subject,
  wantedLie: string | undefined,
  narrator: Narrator,
): Promise<Json> {
  const { devnet, cast } = stage;
  const { contracts } = devnet;
  const { program } = model.artefact;
  const [gas, ledger] = [new GasBook(), new Ledger(stage)];

  narrator.chapter('A lie');
  const asked = await ask(stage, model, exhibit.packed);
  gas.add({ kind: 'request', gasUsed: asked.gasUsed });
  narrator.transaction({
    who: 'client',
    what: `asks for job ${asked.jobId} and puts up ${showWei(FEE_WEI)}`,
    gasUsed: asked.gasUsed,
  });

  const truth = await traceOf(model, exhibit.packed);
  const { lie, trace: lying } = lieFor(truth, wantedLie);
  const liedValue = lying.slots[lie.slot]![lie.element]!;
  const honestAnswer = answerOf(program, truth.slots.at(-1)!);
  const liedAnswer = answerOf(program, lying.slots.at(-1)!);
  const submitted = await submitClaim(contracts, cast.liar, await readJob(contracts, asked.jobId), lying);
  gas.add({ kind: 'submit', gasUsed: submitted.gasUsed });
  ledger.pay('liar', 'bond', submitted.bondWei, 'at stake');
  const posts = `posts a wrong answer with a bond of ${showWei(submitted.bondWei)}`;
  narrator.transaction({ who: 'liar', what: posts, gasUsed: submitted.gasUsed });
  narrator.line();
  narrator.line(`  Of ${showSize(lying)} numbers that the model computes on the way, the liar changed one:`);
  const honestValue = truth.slots[lie.slot]![lie.element];
  narrator.line(
    `  ${nameOf(model.commitment, lie.slot)}, element ${lie.element}, is ${honestValue} and was made ${liedValue}.`,
  );
  narrator.line(`  The input was ${exhibit.title}.`);
  narrator.beside(
    exhibit.picture,
    drawAnswer(honestAnswer, 'what the model says'),
    drawAnswer(liedAnswer, 'what the liar says'),
  );
  if (honestAnswer.best === liedAnswer.best) narrator.aside('this lie does not turn the answer, only its numbers');

  narrator.chapter('The watchtower notices');
  let found: Found | null = null;
  let rounds = 0;
  let burned = { burnedWei: 0n, potWei: 0n };
  const tell = ({ by, action, sent }: Played): void => {
    gas.add(sent);
    if (action.kind === 'challenge') ledger.pay('watchtower', 'bond', action.bondWei, 'comes back with the answer');
    narrator.transaction({ who: by, what: moveText(action), gasUsed: sent.gasUsed });
    const narrowed = narrowedTo(sent, contracts, model.commitment);
    if (narrowed) narrator.line(`  ${out.yellow(`round ${++rounds}:`)} ${narrowed}`);
    found = foundBy(sent, contracts) ?? found;
    burned = ledger.lost(sent) ?? burned;
  };
  const players = {
    watchtower: { sender: cast.watchtower, trace: truth },
    liar: { sender: cast.liar, trace: lying, claim: submitted.claimId },
  };
  const view = await playDispute(contracts, asked.jobId, players, tell);
  const verdict = requireFound(found);
  narrator.line();
  narrator.line(
    `  The contract computed ${nameOf(model.commitment, verdict.slot)}, element ${verdict.element}: it is ${out.bold(String(verdict.computed))}.`,
  );
  narrator.line(
    `  The liar said ${verdict.claimed[0]}, the watchtower ${verdict.claimed[1]}. ${out.red('The liar loses its bond.')}`,
  );

  narrator.chapter('The right answer becomes final');
  const windowSeconds = contracts.parameters.challengeWindowSeconds;
  narrator.aside(`the devnet's clock is moved ${showSeconds(windowSeconds)} ahead, past the challenge window`);
  await devnet.passSeconds(windowSeconds + 1);
  const sent = await finalizeJob(contracts, cast.watchtower, asked.jobId);
  gas.add(sent);
  const { winner, paidWei } = ledger.ended(sent);
  narrator.transaction({
    who: 'watchtower',
    what: `ends the job and is credited ${showWei(paidWei)}: bond, pot and fee`,
    gasUsed: sent.gasUsed,
  });
  const output = (await finalOutput(stage, model, asked.jobId)) ?? truth.slots.at(-1)!;
  const finalAnswer = answerOf(program, output);
  ledger.pay('client', winner, FEE_WEI, 'the fee');
  ledger.pay('pot', winner, burned.potWei, 'for being right');
  ledger.pay('bond', winner, contracts.parameters.bondWei, 'its own, back');
  narrator.line();
  narrator.lines([
    `The final answer is ${out.bold(String(finalAnswer.best))}; ${showCount(gas.total)} gas in all. Who paid whom:`,
    ...ledger.show().split('\n'),
  ]);

  return {
    jobId: idNumber(asked.jobId),
    status: (await readJob(contracts, asked.jobId)).status,
    matchId: idNumber(matchId(view.matches[0]?.id ?? 0n)),
    label: exhibit.label,
    liarStep: lie.slot,
    liarElement: lie.element,
    liarStepName: program.steps[lie.slot - 1]!.name,
    foundStep: verdict.slot,
    foundElement: verdict.element,
    computed: Number(verdict.computed),
    liedValue,
    rounds,
    liedAnswer: liedAnswer.best,
    answer: finalAnswer.best,
    gas: gas.json(),
    winner,
    winnerAddress: cast.watchtower.address,
    slashedWei: burned.burnedWei + burned.potWei,
    burnedWei: burned.burnedWei,
    potWei: burned.potWei,
    paidWei,
    payments: ledger.payments.map((payment) => ({ ...payment })),
  };
}

/** The wanted lie, or one in a middle layer that turns the answer, or any one. */
function lieFor(truth: TraceSource, wanted: string | undefined): Told {
  const { program } = truth.commitment;
  if (wanted !== undefined) {
    const lie = parseLie(wanted, program, '--lie');
    return { lie, trace: tamper(truth, lie) };
  }
  const clock = { nowMs: () => performance.now(), budgetMs: SEARCH_MS };
  return chooseLie(truth, (output) => verdictOf(program, output), clock) ?? anyLie(truth);
}

function requireFound(found: Found | null): Found {
  if (!found) throw new Error('The match ended without the contract computing an element.');
  return found;
}

function showSize({ slots }: TraceSource): string {
  const count = slots.reduce((sum, slot) => sum + slot.length, 0);
  return showCount(count);
}
