/** What a person takes from an output: the largest entry of the model's first output, and how sure the model is of it. */
import { unpackOutputs } from '../../program/layout.js';
import type { Program } from '../../program/program.js';
import { out } from '../colour.js';

const BAR_WIDTH = 16;
/** More entries than these are not drawn. */
const MOST_BARS = 12;

export interface Answer {
  /** Position of the largest entry. */
  readonly best: number;
  /** The first output in real numbers. */
  readonly values: readonly number[];
  /** The values as shares of one: themselves when they are that already, else their softmax. */
  readonly shares: readonly number[];
}

export function answerOf(program: Program, output: Int32Array): Answer {
  const first = program.outputs[0]!;
  const values = [...unpackOutputs(program, output)[first.name]!.data];
  const best = values.reduce((top, x, i) => (x > values[top]! ? i : top), 0);
  return { best, values, shares: sharesOf(values) };
}

/** What two outputs are compared by: the class, or the number when there is only one. */
export function verdictOf(program: Program, output: Int32Array): number {
  const { best, values } = answerOf(program, output);
  return values.length === 1 ? values[0]! : best;
}

function sharesOf(values: readonly number[]): number[] {
  const sum = values.reduce((total, x) => total + x, 0);
  if (values.every((x) => x >= 0) && Math.abs(sum - 1) < 0.01) return [...values];
  const top = Math.max(...values);
  const powers = values.map((x) => Math.exp(x - top));
  const total = powers.reduce((all, x) => all + x, 0);
  return powers.map((x) => x / total);
}

/** One bar an entry, the largest one marked. @param title a line above. */
export function drawAnswer({ best, values, shares }: Answer, title: string): string[] {
  if (values.length === 1) return [title, `${values[0]}`];
  const shown = shares.length <= MOST_BARS ? shares.map((_, i) => i) : [best];
  const bars = shown.map((i) => {
    const filled = Math.round(shares[i]! * BAR_WIDTH);
    const bar = `${'█'.repeat(filled)}${out.dim('·'.repeat(BAR_WIDTH - filled))}`;
    const line = `${String(i).padStart(3)} ${bar} ${(shares[i]! * 100).toFixed(1).padStart(5)} %`;
    return i === best ? out.bold(line) : line;
  });
  return [out.underline(title), ...bars];
}
