/** The client and the liars: they have a node that works, and see the chain as it is. */
import { callOf } from '../../src/chain/actions.js';
import { submitCall } from '../../src/chain/claims.js';
import type { Contracts } from '../../src/chain/contracts.js';
import { GameReader } from '../../src/chain/reader.js';
import { requestInference } from '../../src/chain/requests.js';
import type { Sender } from '../../src/chain/sender.js';
import type { JobView } from '../../src/dispute/game.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import { type JobId, seconds, wei } from '../../src/units.js';
import { movesFor } from '../../src/worker/play.js';
import { attackOn } from '../../test/helpers/attack.js';
import type { PlannedJob } from './plan.js';

/** What the worker asks for at least, and what a job pays that is left to the liar. */
export const MIN_FEE_WEI = 10n ** 15n;
/** A request that the chain does not show after this was taken back. */
const ASK_AGAIN_MS = 40_000;
/** So long before the window ends: a reorganisation may take the attack back, and it must come again in time. */
const LATE_SECONDS = 20;
/** Longer than a run: whether a worker is fast enough is not what is asked. */
const CLAIM_SECONDS = 7_200;

interface Act {
  busy: boolean;
  askedMs: number;
  moves: number;
}

export class People {
  readonly reader: GameReader;
  private readonly acts = new Map<string, Act>();
  private asked: ReadonlyMap<string, readonly JobId[]> = new Map();
  private readonly startedMs = Date.now();

  constructor(
    private readonly contracts: Contracts,
    private readonly client: Sender,
    private readonly liars: readonly Sender[],
    private readonly plan: readonly PlannedJob[],
  ) {
    this.reader = new GameReader(contracts, undefined, true);
  }

  /** Jobs on the chain by their input, as of the last look. */
  jobsOf({ inputRoot }: PlannedJob): readonly JobId[] {
    return this.asked.get(inputRoot) ?? [];
  }

  /** One look at the chain; what is due is begun, and not waited for. */
  async look(): Promise<void> {
    const { touched, forgotten } = await this.reader.refresh();
    if (touched.size + forgotten.size > 0) this.asked = jobsByInput(this.reader);
    for (const sender of [this.client, ...this.liars]) await sender.tend();
    for (const job of this.plan) {
      const ids = this.jobsOf(job);
      if (ids.length === 0) this.ask(job);
      for (const id of ids) if (job.strategy) this.lie(job, id);
    }
  }

  private ask(job: PlannedJob): void {
    const act = this.act(`ask ${job.index}`);
    const due = Date.now() - this.startedMs > job.atSeconds * 1000 && Date.now() - act.askedMs > ASK_AGAIN_MS;
    if (!due) return;
    act.askedMs = Date.now();
    const { model } = job.truth.commitment;
    const feeWei = wei(job.strategy?.entry === 'answers' ? MIN_FEE_WEI / 10n : MIN_FEE_WEI * 2n);
    const claimSeconds = seconds(CLAIM_SECONDS);
    this.try(act, async () => {
      await requestInference(this.contracts, this.client, { model, input: job.input, feeWei, claimSeconds });
    });
  }

  private lie(job: PlannedJob, id: JobId): void {
    const { strategy } = job;
    if (!strategy) return;
    for (let i = 0; i < (strategy.crowd ?? 1); i++) {
      const sender = this.liars[(job.index + i) % this.liars.length] as Sender;
      const act = this.act(`lie ${id} ${i}`);
      this.try(act, async () => this.play(job, await this.reader.view(id), sender, strategy.lie(job.truth), act));
    }
  }

  private async play(job: PlannedJob, view: JobView, liar: Sender, lie: TraceSource, act: Act): Promise<void> {
    const { strategy } = job;
    if (!strategy || view.job.status !== 'open') return;
    const { contracts } = this;
    const isOurs = ({ claimant }: { claimant: string }): boolean => claimant === liar.address;
    if (!view.claims.some(isOurs)) {
      const call = await this.entry(job, view, liar, lie);
      if (call) await liar.send(call);
      return;
    }
    if (act.moves >= strategy.moves) return;
    const [move] = movesFor(isOurs, view, lie, await contracts.node.now());
    if (!move) return;
    await liar.send(callOf(contracts, move));
    act.moves++;
  }

  private async entry({ strategy, truth }: PlannedJob, view: JobView, liar: Sender, lie: TraceSource) {
    const { contracts } = this;
    const live = view.claims.find(({ status }) => status === 'live');
    if (strategy?.entry === 'answers') {
      if (live) return null;
      if (!strategy.hollow) return submitCall(contracts, liar.address, view.job, lie);
      const answer = { ...truth.answer, traceRoot: lie.answer.traceRoot };
      return submitCall(contracts, liar.address, view.job, { answer });
    }
    if (!live) return null;
    const secondsLeft = view.job.windowEndsAt - (await contracts.node.now());
    if (secondsLeft < 2 || (strategy?.entry === 'late' && secondsLeft > LATE_SECONDS)) return null;
    return callOf(contracts, attackOn(contracts, view, live, liar.address, lie));
  }

  private act(key: string): Act {
    const act = this.acts.get(key) ?? { busy: false, askedMs: 0, moves: 0 };
    this.acts.set(key, act);
    return act;
  }

  /** What fails is tried again at the next look: the chain has moved on, or was reorganised. */
  private try(act: Act, what: () => Promise<void>): void {
    if (act.busy) return;
    act.busy = true;
    void what()
      .catch(() => undefined)
      .finally(() => {
        act.busy = false;
      });
  }
}

function jobsByInput({ log }: GameReader): Map<string, JobId[]> {
  const jobs = new Map<string, JobId[]>();
  for (const id of log.jobs()) {
    const root = log.record(id)?.inputRoot ?? '';
    jobs.set(root, [...(jobs.get(root) ?? []), id]);
  }
  return jobs;
}
