/** What a process and its children take of the machine, by Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  readonly rssBytes: number;
  readonly handles: number;
  /** Processor time, of all threads. */
  readonly cpuSeconds: number;
}

const PAGE_BYTES = 4096;
const TICKS_A_SECOND = 100;
const NOTHING: Usage = { rssBytes: 0, handles: 0, cpuSeconds: 0 };

export function usageOf(pid: number): Usage {
  try {
    const statm = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      rssBytes: Number(statm[1]) * PAGE_BYTES,
      handles: readdirSync(`/proc/${pid}/fd`).length,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
    };
  } catch {
    return NOTHING; // it has ended
  }
}

export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

export function sum(all: readonly Usage[]): Usage {
  return all.reduce(
    (total, each) => ({
      rssBytes: total.rssBytes + each.rssBytes,
      handles: total.handles + each.handles,
      cpuSeconds: total.cpuSeconds + each.cpuSeconds,
    }),
    NOTHING,
  );
}
