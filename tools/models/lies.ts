/** A lie about one element, played out by the pure game: it must be found where it is, and cost the liar its bond. */
import { Random } from '../../fixtures/random.js';
import { STANDARD_PARAMETERS } from '../../src/chain/parameters.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { stepEvaluator } from '../../src/program/evaluate.js';
import { elementCount } from '../../src/program/step.js';
import { Game } from '../../test/helpers/game.js';
import { wrongElement } from '../../test/helpers/liars.js';

/** An element of a slot, chosen at random. */
function anywhere({ commitment: { program } }: TraceSource, random: Random): { slot: number; element: number } {
  const step = random.integer(0, program.steps.length - 1);
  return { slot: step + 1, element: random.integer(0, elementCount(program.steps[step]!.outDims) - 1) };
}

/** @returns how many lies were told, all of them found. @throws when one is not found at its step and element. */
export function findLies(truth: TraceSource, count: number, seed: number): number {
  const random = new Random(seed);
  const { outputElements, outputWidth } = truth.commitment.model;
  const outputByRoot = outputElements * outputWidth > STANDARD_PARAMETERS.maxOutputBytes;
  for (let lie = 0; lie < count; lie++) {
    const { slot, element } = anywhere(truth, random);
    new Game(truth, { outputByRoot })
      .claimedByLiar('liar', wrongElement(slot, element))
      .watchedBy('tower')
      .play()
      .expectFound(slot, element)
      .expectLost('liar')
      .expectFinal('tower');
  }
  return count;
}

/** @returns how many elements of random steps evaluator and runtime agree on. @throws at the first that they do not. */
export function compareElements(truth: TraceSource, count: number, seed: number): number {
  const { commitment, slots } = truth;
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    const { slot, element } = anywhere(truth, random);
    const step = commitment.program.steps[slot - 1]!;
    const expected = stepEvaluator(commitment.program, step, slots)(element);
    const actual = slots[slot]![element];
    if (actual !== expected)
      throw new Error(`Step ${slot} "${step.name}", element ${element}: runtime ${actual}, evaluator ${expected}.`);
  }
  return count;
}
