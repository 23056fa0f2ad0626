/** Which jobs there are, and who lies in which of them how: a function of the seed. */
import { Random } from '../../fixtures/random.js';
import { commitModel, inputRootOf } from '../../src/commit/model.js';
import { type TraceSource, traceSource } from '../../src/dispute/trace.js';
import { evaluate } from '../../src/program/evaluate.js';
import type { Program } from '../../src/program/program.js';
import { type Lie, wrongElement, wrongFrom, wrongInput, wrongPadding, wrongSlot } from '../../test/helpers/liars.js';

export interface Strategy {
  readonly name: string;
  readonly lie: Lie;
  /** `answers`: posts the first claim; `attacks`: challenges an honest one; `late`: does so shortly before the window ends. */
  readonly entry: 'answers' | 'attacks' | 'late';
  /** Moves that it makes before it falls silent. */
  readonly moves: number;
  /** Shows the right output; its seal opens to nothing. */
  readonly hollow?: true;
  /** Claims of so many accounts at once. */
  readonly crowd?: number;
}

export interface PlannedJob {
  readonly index: number;
  readonly atSeconds: number;
  readonly input: Int32Array;
  readonly inputRoot: string;
  readonly truth: TraceSource;
  readonly strategy: Strategy | null;
}

const ALL = Number.POSITIVE_INFINITY;
/** A slot of the small model's trace, and an element of it. */
const anywhere = (random: Random, truth: TraceSource): [number, number] => {
  const slot = random.integer(1, truth.slots.length - 1);
  return [slot, random.integer(0, (truth.slots[slot] as Int32Array).length - 1)];
};

type Draw = (random: Random, truth: TraceSource) => Strategy;

const STRATEGIES: readonly Draw[] = [
  (r, t) => ({
    name: 'wrong element, nothing after it',
    lie: wrongElement(...anywhere(r, t)),
    entry: 'answers',
    moves: ALL,
  }),
  (r, t) => ({
    name: 'wrong element, and all that follows',
    lie: wrongFrom(...anywhere(r, t)),
    entry: 'answers',
    moves: ALL,
  }),
  (r) => ({ name: 'wrong input', lie: wrongInput(r.integer(0, 7)), entry: 'answers', moves: ALL }),
  (_, t) => ({ name: 'wrong output', lie: wrongElement(t.slots.length - 1, 0), entry: 'answers', moves: ALL }),
  (r, t) => {
    const [slot] = anywhere(r, t);
    const lie = wrongPadding(slot, (t.slots[slot] as Int32Array).length);
    return { name: 'something in the padding', lie, entry: 'answers', moves: ALL };
  },
  (_, t) => ({ name: 'a slot that does not exist', lie: wrongSlot(t.slots.length, 0), entry: 'answers', moves: ALL }),
  (r, t) => ({ name: 'says nothing', lie: wrongFrom(...anywhere(r, t)), entry: 'answers', moves: 0 }),
  (r, t) => ({ name: 'stops halfway', lie: wrongFrom(...anywhere(r, t)), entry: 'answers', moves: r.integer(1, 3) }),
  (r, t) => ({ name: 'hollow seal', lie: wrongElement(...anywhere(r, t)), entry: 'answers', moves: 0, hollow: true }),
  (r, t) => ({ name: 'attacks an honest claim', lie: wrongFrom(...anywhere(r, t)), entry: 'attacks', moves: ALL }),
  (r, t) => ({ name: 'attacks in the last seconds', lie: wrongElement(...anywhere(r, t)), entry: 'late', moves: ALL }),
  (r, t) => ({ name: 'a crowd attacks', lie: wrongFrom(...anywhere(r, t)), entry: 'attacks', moves: ALL, crowd: 3 }),
];

/** A fifth of the jobs are lied in; each strategy comes as often as the others. */
export function planJobs(program: Program, jobs: number, seed: number, overSeconds: number): PlannedJob[] {
  const random = new Random(seed);
  const commitment = commitModel(program);
  const lying = Array.from({ length: jobs }, (_, i) => i < Math.ceil(jobs / 5));
  random.shuffle(lying);
  const order = STRATEGIES.map((_, i) => i);
  random.shuffle(order);
  let lies = 0;
  return lying.map((lied, index) => {
    const input = Int32Array.from({ length: program.input.elements }, () => random.integer(0, 2999));
    const truth = traceSource(commitment, evaluate(program, input));
    const draw = lied ? STRATEGIES[order[lies++ % order.length] as number] : undefined;
    return {
      index,
      atSeconds: (index / jobs) * overSeconds,
      input,
      inputRoot: inputRootOf(commitment.model, input),
      truth,
      strategy: draw?.(random, truth) ?? null,
    };
  });
}
