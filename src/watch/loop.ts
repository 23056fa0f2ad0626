/** The loop of a daemon: read what is new, look at every job that may ask for something, pause. No error ends it. */

import type { JobRecord } from '../chain/game-log.js';
import { NetworkError } from '../errors.js';
import type { JobId, Timestamp } from '../units.js';
import { nextDeadline } from './due.js';
import type { Table } from './table.js';
import type { TurnResult } from './turn.js';

export interface LoopOptions {
  /** One pass over all jobs, each judged and acted on, instead of going on for ever. */
  readonly once?: boolean;
  /** Pause between two looks at the chain; 100 ms on a devnet and 4 s elsewhere when left out. */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
}

export type Visit = (record: JobRecord, now: Timestamp) => Promise<TurnResult>;

/** A job that takes longer, because it waits for a transaction, say, does not count among those below. */
const SLOW_AFTER_MS = 15_000;
/** Jobs that are read and decided side by side. */
const SIDE_BY_SIDE = 8;
/** A job in which something failed is left alone for so long, and twice as long each time, unless something happens to it. */
const FIRST_REST_MS = 1_000;
const LAST_REST_MS = 30_000;
/** The longest pause when the node does not answer. */
const LAST_PAUSE_MS = 60_000;

export class Loop {
  private readonly busy = new Map<JobId, Promise<void>>();
  /** Of the busy ones, those that take long: they do not keep others waiting. */
  private readonly slow = new Set<JobId>();
  private readonly deadlines = new Map<JobId, number>();
  private hurry: () => void = () => undefined;
  private readonly resting = new Map<JobId, { untilMs: number; restMs: number }>();
  private readonly settled = new Set<JobId>();
  private readUpTo = 0;
  /** What was read last was reorganised away: nothing more is decided on it. */
  private isStale = false;
  private wakeUp: () => void = () => undefined;
  private awake = false;

  /** @param afterRead is called after each look at the chain at which anything had changed. */
  constructor(
    private readonly table: Table,
    private readonly visit: Visit,
    private readonly afterRead: () => Promise<void>,
    private readonly options: LoopOptions,
  ) {}

  /** Ends the pause. */
  wake(): void {
    this.awake = true;
    this.wakeUp();
  }

  async run(): Promise<void> {
    if (this.options.once) return this.pass();
    let failures = 0;
    while (!this.options.signal?.aborted) {
      try {
        await this.look();
        failures = 0;
      } catch (error) {
        failures++;
        this.table.journal.write(null, { level: 'warn', decision: 'failed', reason: messageOf(error) });
      }
      await this.pause(Math.min(this.pollMs * 2 ** failures, LAST_PAUSE_MS));
    }
    await Promise.all(this.busy.values());
  }

  private get pollMs(): number {
    return this.options.pollMs ?? (this.table.contracts.node.isDevnet ? 100 : 4_000);
  }

  private async pass(): Promise<void> {
    const now = await this.read();
    for (const id of this.table.reader.log.jobs()) {
      if (this.options.signal?.aborted) return;
      await this.attend(id, now);
    }
    await this.afterRead();
  }

  private async look(): Promise<void> {
    this.awake = false;
    const now = await this.read();
    this.isStale = false;
    for (const id of this.byDeadline()) {
      while (this.busy.size - this.slow.size >= SIDE_BY_SIDE) await this.someoneFree();
      if (this.options.signal?.aborted || this.isStale) return;
      if (!this.isFree(id)) continue;
      const timer = setTimeout(() => this.becomesSlow(id), SLOW_AFTER_MS);
      const attended = this.attend(id, now).finally(() => {
        clearTimeout(timer);
        this.slow.delete(id);
        this.busy.delete(id);
      });
      this.busy.set(id, attended);
    }
  }

  private becomesSlow(id: JobId): void {
    this.slow.add(id);
    this.hurry();
  }

  private async someoneFree(): Promise<void> {
    const hurried = new Promise<void>((resolve) => {
      this.hurry = resolve;
    });
    await Promise.race([...this.busy.values(), hurried]);
  }

  /** Jobs in whose matches or windows the least time is left come first; those that were not looked at yet come before all. */
  private byDeadline(): JobId[] {
    const deadlineOf = (id: JobId): number => this.deadlines.get(id) ?? 0;
    return this.table.reader.log.jobs().sort((x, y) => deadlineOf(x) - deadlineOf(y));
  }

  /**
   * Not while it is being looked at, nor before the chain is read as far as one's own last transaction: on an older state the same
   * would be decided again, and a second bond put up.
   */
  private isFree(id: JobId): boolean {
    if (this.busy.has(id) || this.settled.has(id)) return false;
    if (Date.now() < (this.resting.get(id)?.untilMs ?? 0)) return false;
    return this.readUpTo >= (this.table.sentIn.get(id) ?? 0);
  }

  private async read(): Promise<Timestamp> {
    const { reader, contracts } = this.table;
    const { touched, forgotten, head } = await reader.refresh();
    this.readUpTo = head.number;
    await this.table.sender?.tend();
    this.table.chainWasRead(head);
    for (const id of touched) {
      this.resting.delete(id);
      this.settled.delete(id);
    }
    for (const id of forgotten) this.forget(id);
    if (touched.size > 0 && !this.options.once) await this.afterRead();
    return contracts.node.now();
  }

  private async attend(id: JobId, now: Timestamp): Promise<void> {
    const record = this.table.reader.log.record(id);
    if (!record || !this.table.wants(record)) {
      this.settled.add(id);
      return;
    }
    try {
      const { view, verdict, tried, done } = await this.visit(record, now);
      this.table.observer.visited(view, verdict, now);
      this.deadlines.set(id, view.job.status === 'open' ? nextDeadline(view, now) : Number.MAX_SAFE_INTEGER);
      if (done < tried) this.rest(id);
      else this.resting.delete(id);
      // Nothing more is to be done for an ended job, until something happens to it (a reorganisation, say).
      if (view.job.status !== 'open' && tried === 0) this.settled.add(id);
      if (done > 0) this.wake();
    } catch (error) {
      const passes = error instanceof NetworkError;
      const level = passes ? 'warn' : 'error';
      if (passes && error.code === 'OG_REORG') {
        this.isStale = true;
        this.wake();
      } else {
        // That a node does not answer is no fault of the job's: its rest does not grow.
        if (passes) this.resting.delete(id);
        this.rest(id);
      }
      this.table.journal.write(id, { level, decision: 'failed', reason: messageOf(error) });
    }
  }

  private forget(id: JobId): void {
    for (const kept of [this.resting, this.settled, this.deadlines]) kept.delete(id);
    this.table.forget(id);
  }

  private rest(id: JobId): void {
    const restMs = Math.min((this.resting.get(id)?.restMs ?? FIRST_REST_MS / 2) * 2, LAST_REST_MS);
    this.resting.set(id, { untilMs: Date.now() + restMs, restMs });
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this.options;
    if (this.awake || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
      signal?.addEventListener('abort', this.wakeUp, { once: true });
    });
    signal?.removeEventListener('abort', this.wakeUp);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
