/** Looks on while a daemon works, and tells its operators: metrics, health, alerts. */
import { creditOf } from '../chain/claims.js';
import type { Contracts } from '../chain/contracts.js';
import type { Sender } from '../chain/sender.js';
import { clocksAt, isPlaying } from '../dispute/clock.js';
import { type JobView, PHASES, SIDES } from '../dispute/game.js';
import { judge, type Verdict } from '../dispute/judge.js';
import type { QueueState, RemoteRun } from '../queue/run-queue.js';
import type { JobId, Timestamp } from '../units.js';
import type { Contradiction } from '../verify/shared-verifier.js';
import type { RunReport } from '../verify/verifier.js';
import type { DecisionLine } from '../watch/line.js';
import type { Observer } from '../watch/observer.js';
import { ALERT_KINDS, Alerts, type Tell } from './alerts.js';
import { Metrics } from './metrics.js';

export interface OperationsOptions {
  readonly contracts: Contracts;
  readonly sender: Sender | null;
  readonly tell: Tell;
  /** Runs that wait; 0 when left out. */
  readonly queueLength?: () => number;
  /** Runs that runners have made and this machine has not yet; 0 when left out. */
  readonly unchecked?: () => number;
  /** A clock of a correct side with less left is an alert; a quarter of a whole clock when left out. */
  readonly clockAlertSeconds?: number;
}

/** One of the two questions that a supervisor asks. */
export interface Health {
  readonly ok: boolean;
  /** What is wrong, in sentences. */
  readonly problems: readonly string[];
}

/** Of a job that is open. */
interface Standing {
  readonly phases: readonly string[];
  readonly wrong: number;
  /** End of the clock of a correct side that is to move. */
  readonly clockEndsAt: number | null;
}

/** Without a look at the chain for so long, the daemon is not doing its job. */
const STUCK_AFTER_MS = 120_000;
/** A head that is older is no head to decide on. */
const OLD_HEAD_SECONDS = 900;
const TEND_EVERY_MS = 5_000;
const MONEY_EVERY_MS = 30_000;
const WEI_PER_ETHER = 1e18;
/** Runners choose their names: what is strange or one too many is counted under one of ours. */
const RUNNER_NAME = /^[\w.-]{1,64}$/;
const RUNNER_NAMES = 100;
const OTHER_RUNNER = '(other)';

export class Operations implements Observer {
  readonly metrics = new Metrics();
  private readonly alerts: Alerts;
  private readonly seen = new Set<JobId>();
  private readonly open = new Map<JobId, Standing>();
  private readonly startedMs = Date.now();
  private readMs: number | null = null;
  private headSeconds = 0;
  private balanceWei: bigint | null = null;
  private moneyMs = 0;
  private readonly runners = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: OperationsOptions) {
    this.alerts = new Alerts(options.tell);
    const { events } = options.contracts.node;
    events.on('disagreement', ({ key, detail }) => this.alerts.set('nodesDisagree', key, detail));
    events.on('agreement', ({ key }) => this.alerts.set('nodesDisagree', key, null));
    events.on('cannotPay', ({ account, reason, detail }) =>
      this.alerts.set('cannotPay', `${account}:${reason}`, detail),
    );
    events.on('canPay', ({ account, reason }) => this.alerts.set('cannotPay', `${account}:${reason}`, null));
    this.timer = setInterval(() => void this.tend(), TEND_EVERY_MS);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  chainRead(head: { readonly number: number; readonly timestamp: number }, jobs: number, atStakeWei: bigint): void {
    this.readMs = Date.now();
    this.headSeconds = head.timestamp;
    this.metrics.head.set(head.number);
    this.metrics.lastRead.set(this.readMs / 1000);
    this.metrics.jobs.set(jobs);
    this.metrics.atRisk.set(ether(atStakeWei));
  }

  visited(view: JobView, verdict: Verdict | null, now: Timestamp): void {
    const { id, status } = view.job;
    if (!this.seen.has(id)) this.metrics.jobsSeen.inc();
    this.seen.add(id);
    if (status !== 'open') this.ended(id);
    else this.standing(view, verdict, now);
  }

  ended(id: JobId): void {
    this.open.delete(id);
    for (const kind of ['wrongResult', 'cannotVerify', 'clockLow', 'cannotPay'] as const)
      this.alerts.set(kind, `job ${id}`, null);
  }

  forgotten(id: JobId): void {
    this.ended(id);
    this.seen.delete(id);
  }

  cannotAfford(id: JobId, reason: string | null): void {
    this.alerts.set('cannotPay', `job ${id}`, reason, Number(id));
  }

  ran({ outcome, milliseconds, rssBytes }: RunReport): void {
    this.metrics.runs.inc({ outcome });
    this.metrics.runSeconds.observe(milliseconds / 1000);
    this.metrics.runMemory.set(rssBytes);
  }

  remoteRan({ queue, runner, outcome, milliseconds }: RemoteRun): void {
    this.metrics.runnerRuns.inc({ queue, runner: this.runnerName(runner), outcome });
    this.metrics.runnerSeconds.observe(milliseconds / 1000);
  }

  queueIs({ queue, problem, waiting, runners }: QueueState): void {
    this.metrics.queueUp.set({ queue }, problem === null ? 1 : 0);
    if (waiting !== null) this.metrics.queueWaiting.set({ queue }, waiting);
    if (runners !== null) this.metrics.queueRunners.set({ queue }, runners);
    this.alerts.set('queueUnreachable', queue, problem);
  }

  rechecked(same: boolean): void {
    this.metrics.rechecks.inc({ result: same ? 'same' : 'different' });
  }

  /** Lasts until the process is started again. */
  contradicted({ modelId, inputRoot, queue, runner, said, computed }: Contradiction): void {
    const message =
      `Runner ${this.runnerName(runner)} of ${queue} says that model ${modelId} on input ${inputRoot} comes to trace root ${said}; ` +
      `here it comes to ${computed}. One of the two machines computes wrongly or lies; runners are not asked any more.`;
    this.alerts.set('runnerContradicted', queue, message);
  }

  private runnerName(name: string | null): string {
    if (name === null || !RUNNER_NAME.test(name)) return OTHER_RUNNER;
    if (this.runners.size >= RUNNER_NAMES && !this.runners.has(name)) return OTHER_RUNNER;
    this.runners.add(name);
    return name;
  }

  wrote({ decision, level, txHash, gasUsed, verdict }: DecisionLine): void {
    this.metrics.decisions.inc({ decision, level });
    if (decision === 'judge' || decision === 'unverifiable')
      this.metrics.verdicts.inc({ verdict: verdict ?? 'unverifiable' });
    if (txHash !== undefined) this.metrics.transactions.inc({ kind: decision });
    if (gasUsed !== undefined) this.metrics.gas.inc(gasUsed);
  }

  /** Whether the process works; a restart may help when it does not. */
  healthy(): Health {
    const sinceMs = Date.now() - (this.readMs ?? this.startedMs);
    const late = sinceMs > STUCK_AFTER_MS;
    return health(late ? [`The chain was not read for ${Math.round(sinceMs / 1000)} s.`] : []);
  }

  /** Whether it does its job: it is healthy, its view of the chain is fresh, and it can pay. */
  ready(): Health {
    const problems = [...this.healthy().problems];
    const { contracts, sender } = this.options;
    if (this.readMs === null) problems.push('The chain was not read yet.');
    else if (!contracts.node.isDevnet && this.headAgeSeconds() > OLD_HEAD_SECONDS)
      problems.push(`The newest block is ${Math.round(this.headAgeSeconds())} s old.`);
    if (!contracts.node.health().nodes.some(({ state }) => state === 'ok' || state === 'unverified'))
      problems.push('No node answers as it should.');
    if (sender && this.balanceWei !== null && this.balanceWei < contracts.parameters.bondWei)
      problems.push(`The account ${sender.address} has less than a bond.`);
    return health(problems);
  }

  /** The metrics as Prometheus reads them. */
  async scrape(): Promise<string> {
    const { metrics } = this;
    const { node } = this.options.contracts;
    const standings = [...this.open.values()];
    for (const phase of PHASES)
      metrics.matches.set({ phase }, standings.flatMap(({ phases }) => phases).filter((each) => each === phase).length);
    metrics.wrongClaims.set(standings.reduce((sum, { wrong }) => sum + wrong, 0));
    metrics.nearestClock.reset();
    const nearest = this.nearest();
    if (nearest) metrics.nearestClock.set({ job: String(nearest.job) }, nearest.endsAt - this.chainSeconds());
    if (this.readMs !== null) metrics.headAge.set(this.headAgeSeconds());
    metrics.nodeRequests.reset();
    metrics.nodeErrors.reset();
    for (const { address, state, lagBlocks, requests, errors } of node.health().nodes) {
      metrics.nodeUp.set({ node: address }, state === 'ok' || state === 'unverified' ? 1 : 0);
      metrics.nodeLag.set({ node: address }, lagBlocks ?? 0);
      metrics.nodeRequests.inc({ node: address }, requests);
      metrics.nodeErrors.inc({ node: address }, errors);
    }
    metrics.queue.set(this.options.queueLength?.() ?? 0);
    metrics.unchecked.set(this.options.unchecked?.() ?? 0);
    for (const kind of ALERT_KINDS) metrics.alerts.set({ kind }, this.alerts.count(kind));
    return metrics.registry.metrics();
  }

  private standing(view: JobView, verdict: Verdict | null, now: Timestamp): void {
    const { job, claims, matches } = view;
    const { sealDomain } = this.options.contracts;
    const about = `job ${job.id}`;
    const judgement = (index: number): string | null => {
      const claim = claims[index];
      return claim && verdict ? judge(claim, verdict, sealDomain) : null;
    };
    const wrong = claims.filter((claim, i) => claim.status === 'live' && judgement(i) === 'wrong');
    const playing = matches.flatMap((match) => {
      const [claim0, claim1] = match.claims.map((id) => claims.find((claim) => claim.id === id));
      return claim0 && claim1 && isPlaying(match, [claim0, claim1]) ? [{ match, pair: [claim0, claim1] as const }] : [];
    });
    const ends = playing.flatMap(({ match, pair }) =>
      SIDES.flatMap((side) => {
        const { endsAt } = clocksAt(match, pair, now)[side];
        return endsAt !== null && judgement(claims.indexOf(pair[side])) !== 'wrong' ? [endsAt] : [];
      }),
    );
    const clockEndsAt = ends.length === 0 ? null : Math.min(...ends);
    this.open.set(job.id, { phases: playing.map(({ match }) => match.phase), wrong: wrong.length, clockEndsAt });
    if (!verdict) return;
    const [first] = wrong;
    const found = first ? `Claim ${first.id} of ${first.claimant} in job ${job.id} is wrong.` : null;
    this.alerts.set('wrongResult', about, found, Number(job.id));
    const unverifiable = verdict.kind === 'unverifiable' && claims.some(({ status }) => status === 'live');
    const reason = unverifiable ? `Job ${job.id} cannot be verified: ${verdict.reason}` : null;
    this.alerts.set('cannotVerify', about, reason, Number(job.id));
  }

  private nearest(): { job: JobId; endsAt: number } | null {
    let nearest: { job: JobId; endsAt: number } | null = null;
    for (const [job, { clockEndsAt }] of this.open)
      if (clockEndsAt !== null && (!nearest || clockEndsAt < nearest.endsAt)) nearest = { job, endsAt: clockEndsAt };
    return nearest;
  }

  /** The chain's time, as far as it can be known without asking. */
  private chainSeconds(): number {
    return this.headSeconds + (this.readMs === null ? 0 : (Date.now() - this.readMs) / 1000);
  }

  private headAgeSeconds(): number {
    return Math.max(0, Date.now() / 1000 - this.headSeconds);
  }

  private async tend(): Promise<void> {
    const { contracts, sender } = this.options;
    const threshold = this.options.clockAlertSeconds ?? contracts.parameters.clockSeconds / 4;
    for (const [id, { clockEndsAt }] of this.open) {
      const left = clockEndsAt === null ? null : clockEndsAt - this.chainSeconds();
      const low = left !== null && left < threshold;
      this.alerts.set(
        'clockLow',
        `job ${id}`,
        low ? `Job ${id}: ${Math.round(left)} s are left on a clock.` : null,
        Number(id),
      );
    }
    const [problem] = this.healthy().problems;
    this.alerts.set('stuck', 'daemon', problem ?? null);
    for (const { account, stuck } of sender?.health() ?? [])
      this.alerts.set('stuck', account, stuck ? `The oldest transaction of ${account} is overdue.` : null);
    if (Date.now() - this.moneyMs >= MONEY_EVERY_MS) await this.countMoney().catch(() => undefined); // the node's trouble is told elsewhere
  }

  private async countMoney(): Promise<void> {
    const { contracts, sender } = this.options;
    this.moneyMs = Date.now();
    if (!sender) return;
    for (const account of sender.addresses) {
      const balanceWei = await contracts.node.getBalance(account);
      this.metrics.balance.set({ account }, ether(balanceWei));
      if (account !== sender.address) continue;
      this.balanceWei = balanceWei;
      const low = balanceWei < contracts.parameters.bondWei;
      const detail = `The account ${account} has ${ether(balanceWei)} ETH; a bond is ${ether(contracts.parameters.bondWei)} ETH.`;
      this.alerts.set('cannotPay', `${account}:bond`, low ? detail : null);
    }
    this.metrics.credit.set(ether(await creditOf(contracts, sender.address)));
  }
}

const ether = (amountWei: bigint): number => Number(amountWei) / WEI_PER_ETHER;
const health = (problems: readonly string[]): Health => ({ ok: problems.length === 0, problems });
