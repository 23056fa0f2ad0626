/**
 * The verifier of one machine that has help. This machine never stops running what it can; what it does not come to, runners are
 * asked for as well. Their word is good for one thing only, that there is nothing to do; everything else waits for a run of one's own,
 * and what they have called correct is run here as well as soon as a process is free for it, in an order that nobody can foresee.
 */
import { randomInt } from 'node:crypto';
import type { Hash } from '../commit/hash.js';
import type { Answer } from '../dispute/trace.js';
import type { ProcessVerifier } from './process-verifier.js';
import type { Reply, Runners } from './runners.js';
import { type Inference, type Opinion, ownOpinion, type Verifier } from './verifier.js';

/** Where this machine's own runs are made. */
export type OwnRuns = Pick<ProcessVerifier, 'parallel' | 'known' | 'answer' | 'slots' | 'forget' | 'close'>;

/** A runner's answer that is not what this machine has computed. One of the two computes wrongly, or lies. */
export interface Contradiction {
  readonly modelId: Hash;
  readonly inputRoot: Hash;
  readonly queue: string;
  readonly runner: string;
  readonly said: Hash;
  readonly computed: Hash;
}

export interface SharedVerifierOptions {
  readonly own: OwnRuns;
  /** All of them have to say the same. */
  readonly queues: readonly Runners[];
  readonly onContradiction?: (contradiction: Contradiction) => void;
  /** An answer of runners that was believed has been computed here as well. */
  readonly onRechecked?: (same: boolean) => void;
}

/** Inputs that are in memory while runners are asked. */
const SIDE_BY_SIDE = 64;
/** Inputs that wait for a run of one's own after runners have called their claims correct; beyond, lots decide which are dropped. */
const RECHECK_BYTES = 256 * 2 ** 20;
const RECHECKS = 10_000;
const FIRST = Number.NEGATIVE_INFINITY;

interface Said {
  readonly queue: string;
  readonly reply: Reply;
}

/** An inference that this machine has still to run. */
class Request {
  state: 'waiting' | 'running' = 'waiting';
  /** Runners have answered it. */
  heard = false;
  /** That is not enough. */
  ownWanted = false;
  replies: Promise<readonly Reply[] | null> | null = null;
  readonly said: Said[] = [];
  readonly control = new AbortController();
  readonly own: Promise<Answer>;
  resolve: (answer: Answer) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor(
    readonly inference: Inference,
    public urgency: number,
  ) {
    this.own = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.own.catch(() => undefined); // whoever waits for it hears of it
  }

  /** Nobody waits for it: it is run to see whether runners have told the truth. */
  get isRecheck(): boolean {
    return this.heard && !this.ownWanted;
  }
}

export class SharedVerifier implements Verifier {
  readonly sideBySide = SIDE_BY_SIDE;
  private readonly requests = new Map<string, Request>();
  private ownRuns = 0;
  private rechecks = 0;
  /** Nothing that runners say counts any more, once one has said what is not so. */
  private readonly disbelief = new AbortController();
  readonly doubt: AbortSignal = this.disbelief.signal;
  private closed = false;

  constructor(private readonly options: SharedVerifierOptions) {}

  /** Of the queues. */
  get names(): string[] {
    return this.options.queues.map(({ name }) => name);
  }

  /** Runs that wait for a process of this machine, without those that runners have answered. */
  get queueLength(): number {
    return this.waiting().filter(({ isRecheck }) => !isRecheck).length;
  }

  /** Inferences that only runners have run so far. */
  get unchecked(): number {
    return [...this.requests.values()].filter(({ isRecheck }) => isRecheck).length;
  }

  async answer(inference: Inference, urgency: number): Promise<Answer> {
    const known = await this.options.own.known(inference);
    if (known) return known;
    const request = this.request(inference, urgency);
    request.ownWanted = true;
    return request.own;
  }

  async opinion(inference: Inference, urgency: number, suffices: (answer: Answer) => boolean): Promise<Opinion> {
    const known = await this.options.own.known(inference);
    if (known) return ownOpinion(known);
    const request = this.request(inference, urgency);
    const own = request.own.then(ownOpinion);
    if (!this.believes) request.ownWanted = true;
    if (request.state === 'running' || request.ownWanted) return own;
    return Promise.race([own, this.hear(request, suffices)]);
  }

  async slots(inference: Inference, urgency: number): Promise<readonly Int32Array[]> {
    this.ownRuns++;
    try {
      return await this.options.own.slots(inference, urgency);
    } finally {
      this.ownRuns--;
      this.startNext();
    }
  }

  forget(inference: Pick<Inference, 'modelId' | 'inputRoot'>): Promise<void> {
    return this.options.own.forget(inference);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const { control, reject } of this.requests.values()) {
      control.abort();
      reject(new Error('The verifier was closed.'));
    }
    await Promise.all([this.options.own.close(), ...this.options.queues.map((queue) => queue.close())]);
  }

  private get believes(): boolean {
    return !this.doubt.aborted;
  }

  /** One that is being made already, or a new one; it begins at once if a process is free. */
  private request(inference: Inference, urgency: number): Request {
    const key = keyOf(inference);
    const known = this.requests.get(key);
    if (known) {
      known.urgency = Math.min(known.urgency, urgency);
      return known;
    }
    const request = new Request(inference, urgency);
    if (this.closed) request.reject(new Error('The verifier was closed.'));
    else this.requests.set(key, request);
    this.startNext();
    return request;
  }

  /** Resolves with what the runners say if that is enough, and never otherwise: the machine's own run is on its way. */
  private async hear(request: Request, suffices: (answer: Answer) => boolean): Promise<Opinion> {
    request.replies ??= this.askAll(request);
    const replies = await request.replies;
    const [first] = replies ?? [];
    if (!first || !replies || !this.believes) return ownOnly(request);
    const { answer } = first;
    if (!replies.every((reply) => isSame(reply.answer, answer)) || !suffices(answer)) {
      request.urgency = FIRST; // somebody is wrong here
      return ownOnly(request);
    }
    request.heard = true;
    this.boundRechecks();
    this.startNext();
    return { answer, heardFrom: replies.map(({ runner }) => runner), stands: () => this.believes };
  }

  /** Null when one of the queues does not answer. */
  private async askAll(request: Request): Promise<readonly Reply[] | null> {
    const { inference, control, said } = request;
    const asked = this.options.queues.map(async (queue) => {
      const reply = await queue.ask(inference, control.signal);
      said.push({ queue: queue.name, reply });
      return reply;
    });
    const replies = await Promise.allSettled(asked);
    const all = replies.flatMap((reply) => (reply.status === 'fulfilled' ? [reply.value] : []));
    return all.length === this.options.queues.length ? all : null;
  }

  private startNext(): void {
    while (!this.closed && this.ownRuns < this.options.own.parallel) {
      const next = this.next();
      if (!next) return;
      next.state = 'running';
      this.ownRuns++;
      const recheck = next.isRecheck ? 1 : 0;
      this.rechecks += recheck;
      void this.runHere(next).finally(() => {
        this.ownRuns--;
        this.rechecks -= recheck;
        this.startNext();
      });
    }
  }

  /** What nobody has answered goes first, by urgency. Among the rest, which leave one process to what is urgent, lots decide. */
  private next(): Request | null {
    const waiting = this.waiting();
    const open = waiting.filter(({ isRecheck }) => !isRecheck);
    if (open.length > 0) return open.reduce((first, each) => (each.urgency < first.urgency ? each : first));
    if (waiting.length === 0 || this.rechecks >= Math.max(1, this.options.own.parallel - 1)) return null;
    return waiting[randomInt(waiting.length)] ?? null;
  }

  private waiting(): Request[] {
    return [...this.requests.values()].filter(({ state }) => state === 'waiting');
  }

  private async runHere(request: Request): Promise<void> {
    const { inference, control, said } = request;
    try {
      const answer = await this.options.own.answer(inference, request.urgency);
      const untrue = said.filter(({ reply }) => !isSame(reply.answer, answer));
      for (const each of untrue) this.contradict(each, answer);
      if (request.heard) this.options.onRechecked?.(untrue.length === 0);
      request.resolve(answer);
    } catch (error) {
      request.reject(error);
    } finally {
      control.abort();
      this.requests.delete(keyOf(inference));
    }
  }

  private contradict({ queue, reply: { runner, answer } }: Said, own: Answer): void {
    this.disbelief.abort();
    const { modelId, inputRoot, traceRoot: computed } = own;
    this.options.onContradiction?.({ modelId, inputRoot, queue, runner, said: answer.traceRoot, computed });
  }

  private boundRechecks(): void {
    const waiting = this.waiting().filter(({ isRecheck }) => isRecheck);
    let bytes = waiting.reduce((sum, { inference }) => sum + inference.input.byteLength, 0);
    while (waiting.length > RECHECKS || bytes > RECHECK_BYTES) {
      const [dropped] = waiting.splice(randomInt(waiting.length), 1);
      if (!dropped) return;
      bytes -= dropped.inference.input.byteLength;
      this.requests.delete(keyOf(dropped.inference));
    }
  }
}

const keyOf = ({ modelId, inputRoot }: Inference): string => `${modelId}:${inputRoot}`;

const isSame = (x: Answer, y: Answer): boolean => x.traceRoot === y.traceRoot && x.outputRoot === y.outputRoot;

/** What runners say does not matter: the run that is on its way does. */
function ownOnly(request: Request): Promise<never> {
  request.ownWanted = true;
  return new Promise(() => undefined);
}
