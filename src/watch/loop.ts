/** The loop of a daemon: read what is new, look at every job that may ask for something, pause. No error ends it. */

import type { JobRecord } from '../chain/game-log.js';
import { NetworkError } from '../errors.js';
import { type JobId, type Timestamp, timestamp } from '../units.js';
import { Agenda } from './agenda.js';
import { NEVER, nextDeadline } from './due.js';
import { expectation } from './expectation.js';
import type { Table } from './table.js';
import type { TurnResult } from './turn.js';

export interface LoopOptions {
  /** One pass over all jobs, each judged and acted on, instead of going on for ever. */
  readonly once?: boolean;
  /** Pause between two looks at the chain; 100 ms on a devnet and 500 ms elsewhere when left out. */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
}

export type Visit = (record: JobRecord, now: Timestamp) => Promise<TurnResult>;

/** A job that takes longer, because it waits for a transaction, say, does not count among those below: it must not keep others from theirs. */
const SLOW_AFTER_MS = 1_000;
/** Jobs that are read and decided side by side. */
const SIDE_BY_SIDE = 8;
/** The longest pause when the node does not answer. */
const LAST_PAUSE_MS = 60_000;

/** The chain is read again and again; whenever there is room, the most urgent of the jobs that ask for something is looked at. */
export class Loop {
  private readonly agenda = new Agenda();
  private readonly busy = new Map<JobId, Promise<void>>();
  /** Of the busy ones, those that take long: they do not keep others waiting. */
  private readonly slow = new Set<JobId>();
  private readUpTo = 0;
  private nextReadMs = 0;
  private tidying: Promise<void> | null = null;
  private failures = 0;
  /** Null when what was read last was reorganised away: nothing more is decided on it. */
  private now: Timestamp | null = null;
  private endPause: () => void = () => undefined;
  private hasNews = false;

  /** @param afterRead is called after each look at the chain at which anything had changed, unless it is at it still. */
  constructor(
    private readonly table: Table,
    private readonly visit: Visit,
    private readonly afterRead: () => Promise<void>,
    private readonly options: LoopOptions,
  ) {}

  /** There is something new for a job, such as its verdict. */
  stir(id: JobId): void {
    this.agenda.stir(id);
    this.continue();
  }

  async run(): Promise<void> {
    if (this.options.once) return this.pass();
    while (!this.options.signal?.aborted) {
      this.hasNews = false;
      if (Date.now() >= this.nextReadMs) await this.readSafely();
      this.attendDue();
      await this.pause();
    }
    await Promise.all([...this.busy.values(), this.tidying]);
  }

  private get pollMs(): number {
    return this.options.pollMs ?? (this.table.contracts.node.isDevnet ? 100 : 500);
  }

  private async pass(): Promise<void> {
    const now = await this.read();
    for (const id of this.table.reader.log.jobs()) {
      if (this.options.signal?.aborted) return;
      await this.attend(id, now);
    }
    await this.afterRead();
  }

  private async readSafely(): Promise<void> {
    try {
      this.now = await this.read();
      this.failures = 0;
    } catch (error) {
      this.now = null;
      this.failures++;
      this.table.journal.write(null, { level: 'warn', decision: 'failed', reason: messageOf(error) });
    }
    this.nextReadMs = Date.now() + Math.min(this.pollMs * 2 ** this.failures, LAST_PAUSE_MS);
  }

  private attendDue(): void {
    const { now } = this;
    while (now !== null && this.busy.size - this.slow.size < SIDE_BY_SIDE) {
      const id = this.agenda.next(now, Date.now(), (each) => this.isFree(each));
      if (id === null || this.options.signal?.aborted) return;
      const timer = setTimeout(() => this.becomesSlow(id), SLOW_AFTER_MS);
      const attended = this.attend(id, now).finally(() => {
        clearTimeout(timer);
        this.slow.delete(id);
        this.busy.delete(id);
        this.continue();
      });
      this.busy.set(id, attended);
    }
  }

  private becomesSlow(id: JobId): void {
    this.slow.add(id);
    this.continue();
  }

  /**
   * Not while it is being looked at, nor before the chain is read as far as one's own last transaction: on an older state the same
   * would be decided again, and a second bond put up.
   */
  private isFree(id: JobId): boolean {
    return !this.busy.has(id) && this.readUpTo >= (this.table.sentIn.get(id) ?? 0);
  }

  private async read(): Promise<Timestamp> {
    const { reader, contracts } = this.table;
    const { touched, forgotten, head } = await reader.refresh();
    this.readUpTo = head.number;
    await this.table.sender?.tend();
    this.table.chainWasRead(head, touched.size + forgotten.size > 0);
    this.agenda.chainWasRead();
    for (const id of touched) {
      this.agenda.touch(id);
      const expected = expectation(reader.log.history(id), this.table.party());
      this.agenda.expect(id, expected, timestamp(head.timestamp), Date.now());
    }
    for (const id of forgotten) {
      this.agenda.forget(id);
      this.table.forget(id);
    }
    if (touched.size > 0 && !this.options.once) this.tidyUp();
    return contracts.node.now();
  }

  /** Nobody's clock waits for it. */
  private tidyUp(): void {
    this.tidying ??= this.afterRead()
      .catch((error: unknown) => this.table.failed(null, error))
      .finally(() => {
        this.tidying = null;
      });
  }

  private async attend(id: JobId, now: Timestamp): Promise<void> {
    this.agenda.begin(id);
    const record = this.table.reader.log.record(id);
    if (record && this.table.isOver(record)) this.table.ended(record);
    if (!record || this.table.isOver(record) || !this.table.wants(record)) {
      this.agenda.looked(id, { deadline: NEVER, quietUntil: NEVER }, Date.now());
      return;
    }
    try {
      const { view, verdict, tried, done, quietUntil, isOthers } = await this.visit(record, now);
      if (isOthers) this.table.observer.ended(id);
      else this.table.observer.visited(view, verdict, now);
      const deadline = view.job.status === 'open' ? nextDeadline(view, now) : NEVER;
      this.agenda.looked(id, { deadline, quietUntil }, Date.now());
      if (done < tried) this.agenda.rest(id, Date.now());
      else this.agenda.recovered(id);
      if (done > 0) this.readSoon();
    } catch (error) {
      const passes = error instanceof NetworkError;
      const level = passes ? 'warn' : 'error';
      if (passes && error.code === 'OG_REORG') {
        this.now = null;
        this.readSoon();
      } else this.agenda.rest(id, Date.now(), !passes); // that a node does not answer is no fault of the job's
      this.table.journal.write(id, { level, decision: 'failed', reason: messageOf(error) });
    }
  }

  private readSoon(): void {
    if (this.failures === 0) this.nextReadMs = 0;
  }

  /** Ends the pause, or the next one before it begins. */
  private continue(): void {
    this.hasNews = true;
    this.endPause();
  }

  private async pause(): Promise<void> {
    const { signal } = this.options;
    if (this.hasNews || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(this.nextReadMs - Date.now(), 0));
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
      signal?.addEventListener('abort', this.endPause, { once: true });
    });
    signal?.removeEventListener('abort', this.endPause);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
