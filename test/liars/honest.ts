/** The honest side: the functions that `og watch`, `og worker` and `og challenge` call, each with an account of its own. */

import type { Hash } from '../../src/commit/hash.js';
import { decideJob } from '../../src/dispute/decide-job.js';
import type { JobView } from '../../src/dispute/game.js';
import type { Party } from '../../src/dispute/party.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import type { Timestamp } from '../../src/units.js';
import type { DecisionLine } from '../../src/watch/line.js';
import { type WatchOptions, watch } from '../../src/watch/watch.js';
import { work } from '../../src/worker/worker.js';
import type { Chain } from './chain.js';
import type { Workshop } from './subject.js';

export type Role = 'watch' | 'worker';

const POLL_MS = 60;

export class Honest {
  readonly lines: DecisionLine[] = [];
  readonly address: string;
  private control: AbortController | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(
    readonly role: Role,
    readonly account: number,
    private readonly chain: Chain,
    private readonly workshop: Workshop,
    private readonly models: readonly Hash[],
  ) {
    this.address = chain.addressOf(account);
  }

  get isRunning(): boolean {
    return this.control !== null;
  }

  /** Starts its daemon; also again, after a `stop`. */
  start(): this {
    const control = new AbortController();
    this.control = control;
    const { store, verifier } = this.workshop;
    const options: WatchOptions = {
      contracts: this.chain.contracts,
      store,
      verifier,
      sender: this.chain.devnet.sender(this.account),
      log: (line) => this.lines.push(line),
      pollMs: POLL_MS,
      signal: control.signal,
      endsOthersJobs: this.role === 'watch',
    };
    this.running = this.role === 'watch' ? watch(options) : work({ ...options, models: this.models });
    return this;
  }

  async stop(): Promise<void> {
    this.control?.abort();
    this.control = null;
    await this.running;
  }

  said(...decisions: string[]): DecisionLine[] {
    return this.lines.filter(({ decision }) => decisions.includes(decision));
  }

  /** What it is to do now, by the truth; null when that is nothing, or while it does not run. */
  due(view: JobView, truth: TraceSource, now: Timestamp): string | null {
    if (!this.isRunning) return null;
    const { job, claims } = view;
    if (this.role === 'worker' && !claims.some(({ claimant }) => claimant === this.address)) {
      const isToClaim = job.status === 'open' && claims.length === 0 && now <= job.claimBy;
      return isToClaim ? 'post the first claim' : null;
    }
    const { sealDomain, parameters } = this.chain.contracts;
    const party: Party = {
      addresses: [this.address],
      bondFrom: this.address,
      endsOthersJobs: this.role === 'watch',
    };
    const decisions = decideJob(view, { kind: 'traced', trace: truth }, party, { sealDomain, parameters }, now);
    const first = decisions.find(({ action }) => action !== null);
    return first ? `${first.action?.kind}: ${first.reason}` : null;
  }
}
