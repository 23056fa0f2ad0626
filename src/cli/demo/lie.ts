/** A worker posts an answer that is computed from one wrong element. */
import { type Submitted, submitClaim } from '../../chain/claims.js';
import { readJob } from '../../chain/requests.js';
import type { TraceSource } from '../../dispute/trace.js';
import { type Lie, tamper } from '../../worker/tamper.js';
import { showCount, showWei } from '../amounts.js';
import { traceOf } from '../trace-job.js';
import { type Answer, answerOf, drawAnswer, verdictOf } from './answer.js';
import { anyLie, chooseLie, type Told } from './choose-lie.js';
import type { JobChapter } from './job-chapter.js';
import { nameOf } from './narrowing.js';

/** The search for a lie that turns the answer ends after this; then any lie will do. */
const SEARCH_MS = 15_000;

export interface ToldLie {
  readonly lie: Lie;
  /** What stands at the lie's place. */
  readonly liedValue: number;
  /** What the model really computes, and what the liar says it does. */
  readonly truth: TraceSource;
  readonly lying: TraceSource;
  readonly liedAnswer: Answer;
  readonly submitted: Submitted;
}

/** @param wanted where to lie; somewhere where it turns the answer when left out. */
export async function tellLie(chapter: JobChapter, wanted: Lie | undefined): Promise<ToldLie> {
  const { stage, subject, exhibit, narrator, asked, gas, ledger } = chapter;
  const { contracts } = stage.devnet;
  const truth = await traceOf(subject.model, exhibit.packed);
  const { lie, trace: lying } = wanted ? { lie: wanted, trace: tamper(truth, wanted) } : findLie(truth);
  const submitted = await submitClaim(contracts, stage.cast.liar, await readJob(contracts, asked.jobId), lying);
  gas.add({ kind: 'submit', gasUsed: submitted.gasUsed });
  ledger.pay('liar', 'bond', submitted.bondWei, 'at stake');
  const what = `posts a wrong answer with a bond of ${showWei(submitted.bondWei)}`;
  narrator.transaction({ who: 'liar', what, gasUsed: submitted.gasUsed });
  const told = { lie, liedValue: valueAt(lying, lie), truth, lying, liedAnswer: answerIn(lying), submitted };
  show(chapter, told);
  return told;
}

/** One in a middle layer that turns the answer, or any one. */
function findLie(truth: TraceSource): Told {
  const clock = { nowMs: () => performance.now(), budgetMs: SEARCH_MS };
  return chooseLie(truth, (output) => verdictOf(truth.commitment.program, output), clock) ?? anyLie(truth);
}

function show({ exhibit, narrator }: JobChapter, { lie, liedValue, truth, lying, liedAnswer }: ToldLie): void {
  const honestAnswer = answerIn(truth);
  const numbers = showCount(truth.slots.reduce((sum, slot) => sum + slot.length, 0));
  const where = `${nameOf(truth.commitment, lie.slot)}, element ${lie.element}`;
  narrator.line();
  narrator.lines([
    `Of ${numbers} numbers that the model computes on the way, the liar changed one:`,
    `${where}, is ${valueAt(truth, lie)} and was made ${liedValue}.`,
    `The input was ${exhibit.title}.`,
  ]);
  narrator.beside(
    exhibit.picture,
    drawAnswer(honestAnswer, 'what the model says'),
    drawAnswer(liedAnswer, 'what the liar says'),
  );
  const { program } = truth.commitment;
  if (verdictOf(program, truth.slots.at(-1)!) === verdictOf(program, lying.slots.at(-1)!))
    narrator.aside('this lie does not turn the answer, only its numbers');
}

const valueAt = ({ slots }: TraceSource, { slot, element }: Lie): number => slots[slot]![element]!;

const answerIn = ({ commitment, slots }: TraceSource): Answer => answerOf(commitment.program, slots.at(-1)!);
