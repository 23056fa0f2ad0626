/** Measures several things side by side: one of each in turn, so that whatever else the machine does falls on all of them alike. */

export interface Spread {
  readonly medianMs: number;
  readonly leastMs: number;
  /** Tenth and ninetieth percentile. */
  readonly p10Ms: number;
  readonly p90Ms: number;
}

export interface Budget {
  /** Rounds are stopped when this time is over, but not before `leastRounds`. */
  readonly milliseconds: number;
  readonly leastRounds: number;
  readonly mostRounds: number;
}

const rounded = (ms: number): number => Number(ms.toPrecision(4));

export function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((x, y) => x - y);
  const at = (part: number): number => rounded(sorted[Math.floor(part * (sorted.length - 1))] as number);
  return { medianMs: at(0.5), leastMs: at(0), p10Ms: at(0.1), p90Ms: at(0.9) };
}

/** Each thing is done twice before its time counts. */
export async function interleaved<Name extends string>(
  things: Readonly<Record<Name, () => unknown>>,
  budget: Budget,
): Promise<Record<Name, Spread>> {
  const names = Object.keys(things) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (const name of names) for (let i = 0; i < 2; i++) await things[name]();
  const start = performance.now();
  for (let round = 0; round < budget.mostRounds; round++) {
    if (round >= budget.leastRounds && performance.now() - start > budget.milliseconds) break;
    for (const name of names) {
      const before = performance.now();
      await things[name]();
      times.get(name)!.push(performance.now() - before);
    }
  }
  return Object.fromEntries(names.map((name) => [name, spreadOf(times.get(name)!)])) as Record<Name, Spread>;
}
