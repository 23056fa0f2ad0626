/**
 * Runners that take their work from a queue in Redis (BullMQ). Redis may be emptied, restarted or gone at any time: what it has lost is
 * put in again, and whoever asks has a machine of its own to fall back on.
 */
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Hash } from '../commit/hash.js';
import type { Reply, Runners } from '../verify/runners.js';
import type { Inference } from '../verify/verifier.js';
import { PREFIX, QUEUE, type RunJson, RunRefused, replyFromJson, runToJson } from './messages.js';
import { connectRedis, nameOf } from './redis.js';

/** `refused`: the runner could not run it; `failed`: no runner brought it to an end; `invalid`: the reply was none. */
export type RemoteOutcome = 'done' | 'refused' | 'failed' | 'invalid';

export interface RemoteRun {
  readonly queue: string;
  /** What it calls itself; null when it is not known which one it was. */
  readonly runner: string | null;
  readonly outcome: RemoteOutcome;
  /** From asking to the reply, waiting included. */
  readonly milliseconds: number;
  readonly reason: string | null;
}

export interface QueueState {
  readonly queue: string;
  /** Null while it is reachable. */
  readonly problem: string | null;
  /** Runs in it that nobody has begun, and runners that are connected; null when Redis does not say. */
  readonly waiting: number | null;
  readonly runners: number | null;
}

export interface RunQueueOptions {
  readonly url: string;
  readonly onRun?: (run: RemoteRun) => void;
  readonly onState?: (state: QueueState) => void;
  /** How often the state is told; 5 s when left out. */
  readonly stateEveryMs?: number;
}

interface Asked {
  readonly id: string;
  readonly inference: Inference;
  readonly places: readonly string[];
  readonly startedMs: number;
  /** Redis has taken it. */
  placed: boolean;
  losses: number;
  readonly signal: AbortSignal;
  readonly drop: () => void;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** How often Redis is asked what has become of the runs. What it says unasked would be lost while nobody is connected. */
const POLL_MS = 200;
const STATE_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 5_000;
/** A run that Redis has lost so often is not put in again. */
const MOST_LOSSES = 5;
/** A run whose runner has left it, or hangs, goes to the next one; so often at most. */
const ATTEMPTS = 3;
/** Replies that nobody has fetched are dropped after this. */
const KEPT_SECONDS = 600;
/** Nobody reads BullMQ's events: what they hold is not to fill the memory of Redis. */
const EVENTS_KEPT = 50;
const PLACES_KEPT_MS = 600_000;

export class RunQueue implements Runners {
  readonly name: string;
  private readonly redis: Redis;
  private readonly queue: Queue<RunJson>;
  private readonly asked = new Map<string, Asked>();
  private readonly places = new Map<Hash, { readonly list: Promise<readonly string[]>; readonly untilMs: number }>();
  private readonly tending: NodeJS.Timeout;
  private polling: NodeJS.Timeout | null = null;
  private lastError = 'it does not answer';
  /** Why Redis did not take what it was last given, though it can be reached: it is full or read-only, say. */
  private lastRefusal: string | null = null;
  private closed = false;

  /** @throws UserError when the address is none. That nobody is there is no error. */
  constructor(private readonly options: RunQueueOptions) {
    this.name = nameOf(options.url);
    this.redis = connectRedis(options.url, { maxRetriesPerRequest: 0, enableOfflineQueue: false });
    this.redis.on('error', ({ message }) => {
      this.lastError = message;
    });
    this.redis.on('ready', () => {
      this.lastRefusal = null;
      this.limitEvents().catch(() => undefined);
      void this.tend();
    });
    this.queue = new Queue(QUEUE, {
      prefix: PREFIX,
      connection: this.redis,
      skipWaitingForReady: true,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    this.queue.on('error', () => undefined); // the connection tells the same
    this.tending = setInterval(() => void this.tend(), options.stateEveryMs ?? STATE_EVERY_MS);
  }

  async ask(inference: Inference, signal: AbortSignal): Promise<Reply> {
    const places = await this.placesOf(inference);
    if (this.closed || signal.aborted) throw new Error('nobody wants to know any more');
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      const drop = (): void => this.drop(id, 'nobody wants to know any more');
      const startedMs = performance.now();
      const asked = { id, inference, places, startedMs, placed: false, losses: 0, signal, drop, resolve, reject };
      this.asked.set(id, asked);
      signal.addEventListener('abort', drop);
      this.put(asked).catch(() => undefined); // it is tried again
      this.pollSoon();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.tending);
    if (this.polling) clearTimeout(this.polling);
    for (const id of [...this.asked.keys()]) this.drop(id, 'the queue was closed');
    await this.soon(this.redis.quit()).catch(() => undefined); // what was just dropped is taken out first
    this.redis.disconnect();
  }

  /** It may be in there already: then it stays as it is. */
  private async put(asked: Asked): Promise<void> {
    const { id, inference, places } = asked;
    const added = this.queue.add('run', runToJson(inference, places), {
      jobId: id,
      attempts: ATTEMPTS,
      removeOnComplete: { age: KEPT_SECONDS },
      removeOnFail: { age: KEPT_SECONDS },
    });
    try {
      await this.soon(added);
    } catch (error) {
      this.lastRefusal = (error as Error).message;
      throw error;
    }
    this.lastRefusal = null;
    asked.placed = true;
    if (!this.asked.has(id)) this.remove(id);
  }

  private placesOf({ modelId, artefactPlaces }: Inference): Promise<readonly string[]> {
    const known = this.places.get(modelId);
    if (known && Date.now() < known.untilMs) return known.list;
    const list = artefactPlaces();
    this.places.set(modelId, { list, untilMs: Date.now() + PLACES_KEPT_MS });
    list.catch(() => this.places.delete(modelId));
    return list;
  }

  private pollSoon(): void {
    if (this.polling || this.closed || this.asked.size === 0) return;
    this.polling = setTimeout(async () => {
      await Promise.allSettled([...this.asked.values()].map((asked) => this.look(asked)));
      this.polling = null;
      this.pollSoon();
    }, POLL_MS);
  }

  /** Rejects while Redis does not answer: it is asked again. */
  private async look(asked: Asked): Promise<void> {
    if (!asked.placed) return this.put(asked);
    const state = await this.soon(this.queue.getJobState(asked.id));
    if (!this.asked.has(asked.id)) return;
    if (state === 'unknown') return this.lost(asked);
    if (state === 'failed') return this.end(asked, 'failed', null, 'no runner brought it to an end');
    if (state !== 'completed') return;
    const job = await this.soon(this.queue.getJob(asked.id));
    if (!job) return this.lost(asked);
    try {
      const reply = replyFromJson(job.returnvalue, asked.inference);
      this.end(asked, 'done', reply, null);
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof RunRefused) this.end(asked, 'refused', error, message);
      else this.end(asked, 'invalid', null, `the reply is none: ${message}`);
    }
  }

  /** Redis was emptied, or started again without what it knew. */
  private lost(asked: Asked): void {
    asked.placed = false;
    if (++asked.losses > MOST_LOSSES) this.end(asked, 'failed', null, `Redis has lost it ${asked.losses} times`);
  }

  private end(asked: Asked, outcome: RemoteOutcome, by: Reply | RunRefused | null, reason: string | null): void {
    if (!this.asked.has(asked.id)) return;
    this.forget(asked);
    const milliseconds = performance.now() - asked.startedMs;
    this.options.onRun?.({ queue: this.name, runner: by?.runner ?? null, outcome, milliseconds, reason });
    if (by && 'answer' in by) asked.resolve(by);
    else asked.reject(new Error(`${this.name}: ${reason}`));
  }

  private drop(id: string, reason: string): void {
    const asked = this.asked.get(id);
    if (!asked) return;
    this.forget(asked);
    asked.reject(new Error(reason));
  }

  private forget({ id, signal, drop }: Asked): void {
    this.asked.delete(id);
    signal.removeEventListener('abort', drop);
    this.remove(id);
  }

  /** What a runner is at just now stays; Redis drops it when it has aged. */
  private remove(id: string): void {
    this.queue.remove(id).catch(() => undefined);
  }

  private async limitEvents(): Promise<void> {
    await this.redis.hset(this.queue.toKey('meta'), 'opts.maxLenEvents', EVENTS_KEPT);
  }

  private async tend(): Promise<void> {
    const state = await this.state();
    if (!this.closed) this.options.onState?.(state);
  }

  private async state(): Promise<QueueState> {
    const queue = this.name;
    try {
      await this.soon(this.redis.ping());
      const waiting = await this.soon(this.queue.getJobCountByTypes('waiting', 'delayed', 'prioritized'));
      const runners = await this.soon(this.queue.getWorkersCount()).catch(() => null); // not every Redis tells
      const problem = this.lastRefusal === null ? null : `${queue} takes no runs: ${this.lastRefusal}`;
      return { queue, problem, waiting, runners };
    } catch (error) {
      const reason = this.redis.status === 'ready' ? (error as Error).message : this.lastError;
      return { queue, problem: `${queue} cannot be reached: ${reason}`, waiting: null, runners: null };
    }
  }

  private async soon<T>(promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)), ANSWER_WITHIN_MS);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
