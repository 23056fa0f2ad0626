/** When each job is to be looked at: what a loop remembers of the jobs between two looks. */
import type { JobId, Timestamp } from '../units.js';

/** A job in which something failed is left alone for so long, and twice as long each time, unless something happens to it. */
const FIRST_REST_MS = 1_000;
const LAST_REST_MS = 30_000;
/** However quiet a job is, it is looked at again after this. */
const LONGEST_QUIET_MS = 60_000;

/** What a look at a job came to. */
export interface Looked {
  /** When somebody's time ends next. */
  readonly deadline: Timestamp;
  /** Chain time before which nothing becomes due by itself. */
  readonly quietUntil: Timestamp;
}

interface Entry {
  /** 0 for a job that was not looked at yet: it comes before all. */
  deadline: number;
  quietUntil: number;
  /** However quiet it is; 0 for a job that was not looked at yet. A moment of this machine's clock, as `restUntilMs`. */
  lookAgainMs: number;
  restUntilMs: number;
  restMs: number;
  /** How often something has happened to it, and how much of that the last look has seen. */
  news: number;
  newsSeen: number;
  /** How often the chain had been read when it was looked at last. */
  readSeen: number;
}

/** Moments in milliseconds are of this machine's clock. A job is looked at once for each thing that happens to it, and while it is not quiet, once for each time the chain was read. */
export class Agenda {
  private readonly entries = new Map<JobId, Entry>();
  private reads = 0;

  chainWasRead(): void {
    this.reads++;
  }

  /** Something was written to a job, or taken back: that ends its rest, too. */
  touch(id: JobId): void {
    this.entryOf(id).news++;
    this.recovered(id);
  }

  /** There is something new for a job. */
  stir(id: JobId): void {
    const entry = this.entries.get(id);
    if (entry) entry.news++;
  }

  /** Of a job that was not looked at yet: what its look will come to, as far as can be told without one. */
  expect(id: JobId, { deadline, quietUntil }: Looked, now: Timestamp, nowMs: number): void {
    const entry = this.entryOf(id);
    if (entry.lookAgainMs > 0) return;
    entry.deadline = deadline;
    if (quietUntil <= now) return;
    entry.newsSeen = entry.news;
    entry.quietUntil = quietUntil;
    entry.lookAgainMs = nowMs + LONGEST_QUIET_MS;
  }

  forget(id: JobId): void {
    this.entries.delete(id);
  }

  /** Of the jobs that are to be looked at and are free, the one with the nearest deadline. */
  next(now: Timestamp, nowMs: number, isFree: (id: JobId) => boolean): JobId | null {
    let next: JobId | null = null;
    let nearest = Number.POSITIVE_INFINITY;
    for (const [id, entry] of this.entries) {
      if (entry.deadline >= nearest || !this.isDue(entry, now, nowMs) || !isFree(id)) continue;
      next = id;
      nearest = entry.deadline;
    }
    return next;
  }

  /** To be called when a look begins: what happens from now on makes for another one. */
  begin(id: JobId): void {
    const entry = this.entryOf(id);
    entry.newsSeen = entry.news;
    entry.readSeen = this.reads;
    entry.quietUntil = 0;
  }

  /** To be called when a look ends; one that failed says nothing. */
  looked(id: JobId, { deadline, quietUntil }: Looked, nowMs: number): void {
    const entry = this.entries.get(id);
    if (!entry) return; // it was forgotten meanwhile
    entry.deadline = deadline;
    entry.quietUntil = quietUntil;
    entry.lookAgainMs = nowMs + LONGEST_QUIET_MS;
  }

  /** Something has failed in a job. @param grows whether it rests longer each time. */
  rest(id: JobId, nowMs: number, grows = true): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    entry.restMs = grows ? Math.min(Math.max(entry.restMs * 2, FIRST_REST_MS), LAST_REST_MS) : FIRST_REST_MS;
    entry.restUntilMs = nowMs + entry.restMs;
  }

  recovered(id: JobId): void {
    const entry = this.entries.get(id);
    if (entry) [entry.restUntilMs, entry.restMs] = [0, 0];
  }

  private isDue(entry: Entry, now: Timestamp, nowMs: number): boolean {
    if (nowMs < entry.restUntilMs) return false;
    if (entry.news !== entry.newsSeen) return true;
    return entry.readSeen !== this.reads && (now >= entry.quietUntil || nowMs >= entry.lookAgainMs);
  }

  private entryOf(id: JobId): Entry {
    const known = this.entries.get(id);
    if (known) return known;
    const entry: Entry = {
      deadline: 0,
      quietUntil: 0,
      lookAgainMs: 0,
      restUntilMs: 0,
      restMs: 0,
      news: 0,
      newsSeen: 0,
      readSeen: 0,
    };
    this.entries.set(id, entry);
    return entry;
  }
}
