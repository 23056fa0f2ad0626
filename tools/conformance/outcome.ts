/** What became of a case. `maxError` is the largest absolute error of a floating output, as a part of what is allowed for. */
export interface Outcome {
  readonly case: string;
  readonly status: 'passed' | 'wrong' | 'refused' | 'crashed';
  readonly reason: string | null;
  readonly maxError: number | null;
  readonly milliseconds: number;
}

export type Totals = Record<Outcome['status'], number>;

export function totalsOf(outcomes: readonly Outcome[]): Totals {
  const totals: Totals = { passed: 0, wrong: 0, refused: 0, crashed: 0 };
  for (const { status } of outcomes) totals[status]++;
  return totals;
}
