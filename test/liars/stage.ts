/**
 * One strategy's chain, with the honest side's daemons on it, and the liars. The honest side always goes first: when it has nothing to
 * do, a liar acts; when nobody has, the chain's clock goes on to the next moment that matters. So a strategy plays the same each time.
 */
import * as assert from 'uvu/assert';
import { callOf } from '../../src/chain/actions.js';
import { finalizeJob, submitCall } from '../../src/chain/claims.js';
import { registerModel } from '../../src/chain/model-registry.js';
import { currentView, type GameReader, readerOfJob } from '../../src/chain/reader.js';
import { type InferenceRequest, readJob, requestInference } from '../../src/chain/requests.js';
import type { Hash } from '../../src/commit/hash.js';
import { clocksAt, isPlaying } from '../../src/dispute/clock.js';
import { collect } from '../../src/dispute/decide-job.js';
import type { ClaimState, Ending, JobView } from '../../src/dispute/game.js';
import { isCorrect } from '../../src/dispute/judge.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { type JobId, seconds, type Timestamp, timestamp, type Wei, wei } from '../../src/units.js';
import { Chain, pause } from './chain.js';
import { Honest, type Role } from './honest.js';
import { type Account, Ledger } from './ledger.js';
import { type Habits, Liar, type Proposal } from './liar.js';
import { countsOf, type End, outcomeOf } from './outcome.js';
import type { Subject, SubjectName, Workshop } from './subject.js';

/** Among the devnet's accounts; liars come after the last. */
const CLIENT = 1;
const FIRST_HONEST = 2;
const FIRST_LIAR = 6;

export const FEE_WEI: Wei = wei(2n * 10n ** 15n);
const NO_HASH: Hash = `0x${'00'.repeat(32)}`;
/** An honest daemon that does not do what is due for so long has failed. */
const PATIENCE_MS = 60_000;
const POLL_MS = 60;
/** Without a block for so long, nobody has anything under way. */
const QUIET_MS = 3_000;
const MOST_TURNS = 20_000;
/** Seconds by which a job may end after its bound: the chain's clock also runs while processes work. */
const BOUND_SLACK_SECONDS = 90;

export interface StageOptions {
  readonly subject?: SubjectName;
  readonly liars?: number;
}

export class Stage {
  readonly honest: Honest[] = [];
  readonly liars: Liar[] = [];
  /** What has gone wrong, in words. */
  readonly problems: string[] = [];
  private readonly jobs = new Map<JobId, { end: End; reader: GameReader }>();
  /** What was last found for a view, at a time and with these daemons: it is asked again and again while they work. */
  private readonly busy = new WeakMap<JobView, { state: string; busy: string | null }>();
  private outsiders: { name: string; account: number }[] = [];

  private constructor(
    readonly chain: Chain,
    readonly subject: Subject,
    readonly workshop: Workshop,
    private readonly ledger: Ledger,
  ) {}

  static async open(workshop: Workshop, { subject = 'digits', liars = 4 }: StageOptions = {}): Promise<Stage> {
    const chain = await Chain.start({ accounts: FIRST_LIAR + liars });
    const known = await workshop.subject(subject);
    const { model } = known;
    const provenance = {
      sourceSha256: NO_HASH,
      fidelityHash: NO_HASH,
      uri: workshop.store.artefactPath(model.modelId),
    };
    await registerModel(chain.contracts, chain.devnet.sender(0), model.commitment.model, provenance);
    return new Stage(chain, known, workshop, await Ledger.open(chain));
  }

  get contracts() {
    return this.chain.contracts;
  }

  get truth(): TraceSource {
    return this.subject.truth;
  }

  async close(): Promise<void> {
    await Promise.all(this.honest.map((each) => each.stop()));
    await this.chain.devnet.stop();
  }

  // ---- who plays

  /** Starts a daemon of the honest side. */
  async honestly(role: Role): Promise<Honest> {
    const account = FIRST_HONEST + this.honest.length + this.outsiders.length;
    if (account >= FIRST_LIAR) throw new RangeError('There is no account left for another honest party.');
    const party = new Honest(role, account, this.chain, this.workshop, [this.subject.model.modelId]);
    await this.ledger.enter(this.chain.addressOf(account));
    this.honest.push(party);
    return party.start();
  }

  /** An honest account that no daemon of ours plays for: one that is gone, or a process. */
  async outsider(name: string): Promise<number> {
    const account = FIRST_HONEST + this.honest.length + this.outsiders.length;
    await this.ledger.enter(this.chain.addressOf(account));
    this.outsiders = [...this.outsiders, { name, account }];
    return account;
  }

  liar(trace: TraceSource, habits: Habits = {}): Liar {
    const liar = new Liar(FIRST_LIAR + this.liars.length, trace, this.chain, habits);
    this.liars.push(liar);
    return liar;
  }

  // ---- what they do

  async request(end: End = 'right', changes: Partial<InferenceRequest> = {}): Promise<JobId> {
    const { jobId } = await requestInference(this.contracts, this.chain.devnet.sender(CLIENT), {
      model: this.subject.model.commitment.model,
      input: this.subject.input,
      feeWei: FEE_WEI,
      claimSeconds: seconds(600),
      ...changes,
    });
    await this.expectEnd(jobId, end);
    return jobId;
  }

  async expectEnd(job: JobId, end: End): Promise<void> {
    this.jobs.set(job, { end, reader: await readerOfJob(this.contracts, job) });
  }

  /** Posts the first claim. */
  async claim(job: JobId, account: number, trace: TraceSource): Promise<void> {
    const call = submitCall(this.contracts, this.chain.addressOf(account), await readJob(this.contracts, job), trace);
    const receipt = await this.chain.send(account, call);
    assert.is(receipt?.status, 1, 'the first claim is accepted');
  }

  /** Posts a counter-claim against the first claim that the liar's trace contradicts. */
  async challenge(job: JobId, liar: Liar, changes: { readonly at?: Timestamp } = {}): Promise<void> {
    const challenge = liar.challengeOf(await this.view(job), await this.chain.now());
    assert.ok(challenge, 'there is a claim to challenge');
    assert.ok(await liar.send(callOf(this.contracts, challenge), changes), 'the challenge is accepted');
  }

  /** Ends a job, whatever it ends with. */
  async finalize(job: JobId, { account }: Liar): Promise<void> {
    await finalizeJob(this.contracts, this.chain.devnet.sender(account), job);
  }

  async view(job: JobId): Promise<JobView> {
    const known = this.jobs.get(job);
    return currentView(known?.reader ?? (await readerOfJob(this.contracts, job)), job);
  }

  // ---- how it goes on

  /**
   * Plays the jobs to their ends, or until something holds.
   *
   * @param before is called when the honest side has nothing to do, before a liar acts or time passes; when it says that it has done
   * something, everybody looks again.
   */
  async play(
    until: (views: readonly JobView[]) => boolean = () => false,
    before: () => Promise<boolean> = async () => false,
  ): Promise<void> {
    let seen: readonly JobView[] = [];
    let changedAt = Date.now();
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const views = await this.views();
      if (until(views) || views.every((view) => this.isOver(view))) return;
      if (views.some((view, i) => view !== seen[i])) changedAt = Date.now();
      seen = views;
      const now = await this.chain.now();
      const busy = this.whoIsBusy(views, now);
      if (busy) {
        if (Date.now() - changedAt > PATIENCE_MS) throw new Error(`The honest side did not act: ${busy}`);
        await pause(POLL_MS);
        continue;
      }
      if (!(await before())) await this.nobodyHonestIsBusy(views, now);
      changedAt = Date.now();
    }
    throw new Error(`It did not end in ${MOST_TURNS} turns.`);
  }

  /** Lets liars act and time pass beside an honest party that no daemon of ours plays for, until it is done. */
  async playBeside(isDone: () => boolean): Promise<void> {
    const quiet = { since: Date.now(), block: 0 };
    while (!isDone()) {
      const block = await this.chain.devnet.node.getBlockNumber();
      if (block !== quiet.block) Object.assign(quiet, { block, since: Date.now() });
      else if (Date.now() - quiet.since > QUIET_MS) {
        const views = await this.views();
        if (views.every(({ job }) => job.status !== 'open')) return;
        await this.nobodyHonestIsBusy(views, await this.chain.now());
        quiet.since = Date.now();
      }
      await pause(POLL_MS);
    }
  }

  /** Waits for something that happens by itself. */
  async until(holds: () => Promise<boolean> | boolean, timeoutMs = PATIENCE_MS): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`It did not come true in ${timeoutMs} ms: ${holds}`);
      await pause(POLL_MS);
    }
  }

  private async views(): Promise<JobView[]> {
    return Promise.all([...this.jobs.keys()].map((job) => this.view(job)));
  }

  private isOver(view: JobView): boolean {
    if (view.job.status === 'open') return false;
    return this.honest.every(({ address, isRunning }) => {
      const party = { addresses: [address], bondFrom: null, endsOthersJobs: false };
      return !isRunning || collect(view, party).length === 0;
    });
  }

  /** What an honest party has still to do; null when the turn is the liars'. */
  private whoIsBusy(views: readonly JobView[], now: Timestamp): string | null {
    for (const view of views) {
      if (this.jobs.get(view.job.id)?.end === 'unjudged') continue;
      const running = this.honest.filter(({ isRunning }) => isRunning).map(({ account }) => account);
      const state = `${now} ${running}`;
      const known = this.busy.get(view);
      const busy = known?.state === state ? known.busy : this.busyWith(view, now);
      this.busy.set(view, { state, busy });
      if (busy) return busy;
    }
    return null;
  }

  private busyWith(view: JobView, now: Timestamp): string | null {
    for (const party of this.honest) {
      const due = party.due(view, this.truth, now);
      if (due) return `${party.role} was to ${due}`;
    }
    return null;
  }

  private async nobodyHonestIsBusy(views: readonly JobView[], now: Timestamp): Promise<void> {
    const open = views.filter(({ job }) => job.status === 'open');
    const proposals = open.flatMap((view) =>
      this.liars.flatMap((liar) => liar.proposals(view, now).map((proposal) => ({ liar, proposal }))),
    );
    const ready = proposals.filter(({ proposal: { at } }) => at === undefined || at <= now);
    for (const { liar, proposal } of ready) await liar.make(withoutTime(proposal));
    if (ready.length > 0) return;
    const [first] = [...proposals].sort((x, y) => (x.proposal.at ?? 0) - (y.proposal.at ?? 0));
    const moments = open.flatMap((view) => momentsOf(view, now));
    const next = Math.min(...moments, Number.POSITIVE_INFINITY);
    if (first?.proposal.at !== undefined && first.proposal.at <= next) await first.liar.make(first.proposal);
    else if (next < Number.POSITIVE_INFINITY) await this.chain.advanceTo(timestamp(next));
    else await pause(POLL_MS);
  }

  // ---- what must hold

  isCorrect(claim: ClaimState): boolean {
    return isCorrect(claim, this.truth, this.contracts.sealDomain);
  }

  /** A match of the job has ended so. */
  async expectEnding(job: JobId, ending: Ending): Promise<void> {
    const { matches } = await this.view(job);
    const endings = matches.map((match) => match.ending);
    this.require(endings.includes(ending), `no match ended by ${ending}, but by ${endings.join(', ') || 'nothing'}`);
  }

  /** The dispute came down to this slot. */
  async expectFound(job: JobId, slot: number, element?: number): Promise<void> {
    const computed = await this.computed(job);
    const holds = computed.some((each) => each.slot === slot && (element === undefined || each.element === element));
    const found = computed.map((each) => `${each.slot}:${each.element}`).join(', ') || 'nothing';
    this.require(
      holds,
      `the contract was to compute slot ${slot}${element === undefined ? '' : `, element ${element}`}; it computed ${found}`,
    );
  }

  async computed(job: JobId): Promise<{ slot: number; element: number }[]> {
    await this.view(job);
    const history = this.jobs.get(job)?.reader.log.history(job) ?? [];
    return history.flatMap((event) =>
      event.name === 'ElementComputed' ? [{ slot: Number(event.args.slot), element: Number(event.args.element) }] : [],
    );
  }

  expectRefused(liar: Liar, atLeast = 1): void {
    this.require(
      liar.refused.length >= atLeast,
      `${liar.refused.length} forgeries were refused; ${atLeast} were to be tried`,
    );
  }

  require(holds: boolean, otherwise: string): void {
    if (!holds) this.problems.push(otherwise);
  }

  /** Judges what has happened: nothing wrong is final, nobody honest has lost, everything ended in time. */
  async settle(): Promise<{ accounts: Account[]; rounds: number; outcome: string }> {
    await Promise.all(this.honest.map((each) => each.stop()));
    const outcomes: string[] = [];
    let rounds = 0;
    let heldOf = (_: string): bigint => 0n;
    for (const [job, { end, reader }] of this.jobs) {
      const view = await this.view(job);
      this.judge(view, end);
      const history = reader.log.history(job);
      rounds += history.filter(({ name }) => name === 'NodeOpened').length;
      outcomes.push(outcomeOf(view, end));
      const before = heldOf;
      const { bondWei } = this.contracts.parameters;
      heldOf = (address) =>
        before(address) +
        BigInt(view.claims.filter(({ status, claimant }) => status === 'live' && claimant === address).length) *
          bondWei;
    }
    for (const liar of this.liars)
      for (const action of liar.taken) this.problems.push(`a forged ${action.kind} was taken`);
    const accounts: Account[] = [];
    for (const { name, address } of this.parties()) {
      const account = await this.ledger.close(name, address, heldOf(address));
      if (account.incomeWei < 0n) this.problems.push(`the honest ${name} has lost ${-account.incomeWei} wei`);
      accounts.push(account);
    }
    return { accounts, rounds, outcome: countsOf(outcomes) };
  }

  private parties() {
    const daemons = this.honest.map(({ role, account }) => ({ name: role as string, account }));
    return [...daemons, ...this.outsiders].map(({ name, account }) => ({
      name,
      address: this.chain.addressOf(account),
    }));
  }

  private judge(view: JobView, end: End): void {
    const { job, claims } = view;
    const honest = new Set(this.parties().map(({ address }) => address.toLowerCase()));
    for (const { id, status, claimant } of claims)
      if (status === 'lost' && honest.has(claimant.toLowerCase()))
        this.problems.push(`the honest claim ${id} has lost`);
    if (end === 'unjudged') return;
    if (end === 'void') {
      this.require(job.status === 'void', `job ${job.id} is ${job.status}, and was to be void`);
      return;
    }
    const winner = claims.find(({ id }) => id === job.winner);
    this.require(job.status === 'final', `job ${job.id} is ${job.status}, and was to be final`);
    if (winner && !this.isCorrect(winner)) this.problems.push(`a wrong result became final in job ${job.id}`);
  }

  /** A job ends within its window and two clocks. */
  async expectInTime(job: JobId): Promise<void> {
    const { job: state } = await this.view(job);
    const { clockSeconds } = this.contracts.parameters;
    const { timestamp: now } = await this.chain.devnet.node.latestBlock();
    const bound = state.windowEndsAt + 2 * clockSeconds + BOUND_SLACK_SECONDS;
    this.require(now <= bound, `job ${job} ended ${now - bound} s after its bound`);
  }
}

const withoutTime = ({ action, isForged }: Proposal): Proposal => ({ action, isForged });

/** The seconds after which something may be done that could not be done before. */
function momentsOf({ job, claims, matches }: JobView, now: Timestamp): number[] {
  const ends = matches.flatMap((match) => {
    const pair = match.claims.map((id) => claims.find((claim) => claim.id === id)) as [ClaimState, ClaimState];
    return isPlaying(match, pair)
      ? clocksAt(match, pair, now).flatMap(({ endsAt }) => (endsAt === null ? [] : [endsAt]))
      : [];
  });
  const hasLive = claims.some(({ status }) => status === 'live');
  return [...ends, hasLive ? job.windowEndsAt : job.claimBy].map((end) => end + 1).filter((moment) => moment > now);
}
