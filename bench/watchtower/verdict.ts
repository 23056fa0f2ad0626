/** What a soak comes to, and whether it is as it should be. Pure. */

/** What a batch comes to. */
export interface Batch {
  /** Of all jobs so far. */
  readonly jobs: number;
  readonly barePerSecond: number;
  readonly judgedPerSecond: number;
  /** Processor time for one job, of the watchtower's own process and of its child processes. */
  readonly ownCpuMs: number;
  readonly childCpuMs: number;
  /** Most that was seen during the batch. */
  readonly ownRssBytes: number;
  readonly childRssBytes: number;
  /** Of the watchtower's process, at the end of the batch. */
  readonly handles: number;
}

export interface Soak {
  readonly model: string;
  /** Child processes of the watchtower, and processes of the bare loop. */
  readonly processes: number;
  readonly threads: number;
  readonly batches: readonly Batch[];
  /** Jobs judged in a second, to runs of the bare loop; of all batches together. */
  readonly throughput: number;
  /** Errors that the watchtower has told of. */
  readonly failures: readonly string[];
}

const MOST_GROWTH = 1.1;
const LEAST_THROUGHPUT = 0.9;

/**
 * Memory and open files that many jobs leave behind, in sentences. The first batch is where code is compiled and caches fill; the second one is
 * what later ones are measured by.
 */
export function growthOf({ batches }: Soak): string[] {
  const [, base, ...later] = batches;
  if (!base) return [];
  return later.flatMap((batch) => {
    const grown = (kind: 'ownRssBytes' | 'childRssBytes', whose: string): string[] => {
      const times = batch[kind] / base[kind];
      if (times <= MOST_GROWTH) return [];
      return [`at job ${batch.jobs} ${whose} took ${percent(times)} of the memory up to job ${base.jobs}`];
    };
    const opened = batch.handles > base.handles ? [`at job ${batch.jobs} ${batch.handles} files were open`] : [];
    return [...grown('ownRssBytes', 'the watchtower'), ...grown('childRssBytes', 'its child processes'), ...opened];
  });
}

export function slownessOf({ model, throughput }: Soak): string[] {
  if (throughput >= LEAST_THROUGHPUT) return [];
  return [`${model} was judged at ${percent(throughput)} of the speed of a bare loop`];
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
