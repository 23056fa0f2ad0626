/** Measures several things side by side: one of each in turn, so that whatever else the machine does falls on all of them alike. */

export interface Spread {
  readonly medianMs: number;
  readonly leastMs: number;
  /** Tenth and ninetieth percentile. */
  readonly p10Ms: number;
  readonly p90Ms: number;
}

/** What something takes that is done many times. */
export interface Timed extends Spread {
  /** Of the whole process, in all its threads: it does not count what others do on the machine, save that they disturb its caches. */
  readonly leastProcessorMs: number;
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

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Each thing is done twice before its time counts. */
export async function interleaved<Name extends string>(
  things: Readonly<Record<Name, () => unknown>>,
  budget: Budget,
): Promise<Record<Name, Timed>> {
  const names = Object.keys(things) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  const processor = new Map<Name, number>();
  for (const name of names) for (let i = 0; i < 2; i++) await things[name]();
  const start = performance.now();
  for (let round = 0; round < budget.mostRounds; round++) {
    if (round >= budget.leastRounds && performance.now() - start > budget.milliseconds) break;
    for (const name of names) {
      const [before, processorBefore] = [performance.now(), processorMs()];
      await things[name]();
      times.get(name)!.push(performance.now() - before);
      const taken = processorMs() - processorBefore;
      processor.set(name, Math.min(taken, processor.get(name) ?? taken));
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, { ...spreadOf(times.get(name)!), leastProcessorMs: rounded(processor.get(name)!) }]),
  ) as Record<Name, Timed>;
}
