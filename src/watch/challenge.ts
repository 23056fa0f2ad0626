/** Checking one job by hand, and disputing it to the end: what `og challenge` does. */
import { callOf } from '../chain/actions.js';
import type { Contracts } from '../chain/contracts.js';
import { ContractRefusal } from '../chain/errors.js';
import { currentView, type GameReader, readerOfJob } from '../chain/reader.js';
import type { Sender } from '../chain/sender.js';
import type { Decision } from '../dispute/actions.js';
import { isPlaying } from '../dispute/clock.js';
import { decideJob } from '../dispute/decide-job.js';
import type { JobView, MatchState } from '../dispute/game.js';
import { isCorrect } from '../dispute/judge.js';
import type { TraceSource } from '../dispute/trace.js';
import { UserError } from '../errors.js';
import type { Store } from '../store/store.js';
import { type ClaimId, claimId, type JobId, type MatchId, matchId } from '../units.js';
import { Evidence, type EvidenceOptions } from './evidence.js';
import { type FoundStep, foundStep, type StoryEvent, storyOf } from './story.js';

export interface ChallengeOptions {
  readonly contracts: Contracts;
  readonly store: Store;
  /** Who challenges; null gives the verdict only, as `dryRun` does. */
  readonly sender: Sender | null;
  readonly jobId: JobId;
  readonly dryRun?: boolean;
  /** A trace of the job that was made already; the job is run when it is left out. */
  readonly trace?: TraceSource;
  /** Also wait for the challenge window to end, and end the job. */
  readonly untilFinal?: boolean;
  readonly onEvent?: (event: StoryEvent) => void;
  /** 100 ms on a devnet and 4 s elsewhere when left out. */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
  readonly evidence?: EvidenceOptions;
}

/**
 * `none`: nothing was to be done, or nothing was to be sent. `won`: every wrong claim has lost. `lost`: one's own counter-claim has
 * lost. `tooLate`: a wrong claim is live and cannot be challenged any more. `ended`: the job had ended already. `stopped`: by the
 * signal.
 */
export type Outcome = 'none' | 'won' | 'lost' | 'tooLate' | 'ended' | 'stopped';

export interface ChallengeResult {
  readonly verdict: 'correct' | 'wrong' | 'unverifiable';
  /** Why it is unverifiable. */
  readonly reason: string | null;
  /** The claim that was judged: the first wrong one, or the first live one. */
  readonly judgedClaimId: ClaimId | null;
  /** One's own counter-claim; null when a correct claim was there already. */
  readonly claimId: ClaimId | null;
  /** The match that has shown the judged claim wrong. */
  readonly matchId: MatchId | null;
  /** The element that the contract computed; null when the match ended by time. */
  readonly foundStep: FoundStep | null;
  /** Rounds of the descent. */
  readonly rounds: number;
  /** By one's own transactions. */
  readonly gasUsed: bigint;
  /** By all transactions of the match, of both sides. */
  readonly matchGasUsed: bigint;
  readonly transactions: number;
  readonly outcome: Outcome;
}

/** A move that is refused so often in a row will not be taken. */
const MOST_REFUSALS = 20;

/**
 * Re-runs a job and judges its claims; if one is wrong, posts the counter-claim and plays until every wrong claim has lost.
 *
 * @throws UserError when there is no such job, nobody has claimed it, or the account cannot pay; NetworkError.
 */
export async function challengeJob(options: ChallengeOptions): Promise<ChallengeResult> {
  const reader = await readerOfJob(options.contracts, options.jobId);
  const view = await currentView(reader, options.jobId);
  if (view.job.status !== 'open') return ended(view);
  if (!view.claims.some(({ status }) => status === 'live'))
    throw new UserError('OG_NO_CLAIM', `Job ${options.jobId} has no live claim: there is nothing to challenge.`);
  const evidence = new Evidence(options.contracts, options.store, options.evidence);
  try {
    const trace = options.trace ?? (await run(options, reader, evidence));
    return typeof trace === 'string' ? unverifiable(trace) : await new Challenger(options, reader, trace).play(view);
  } finally {
    await evidence.close();
  }
}

async function run({ jobId, onEvent }: ChallengeOptions, reader: GameReader, evidence: Evidence): Promise<TraceSource | string> {
  const record = reader.log.record(jobId);
  if (!record) return 'the chain does not show its request any more';
  onEvent?.({ kind: 'running' });
  try {
    return await evidence.trace(record);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const NOTHING: Omit<ChallengeResult, 'verdict'> = {
  reason: null,
  judgedClaimId: null,
  claimId: null,
  matchId: null,
  foundStep: null,
  rounds: 0,
  gasUsed: 0n,
  matchGasUsed: 0n,
  transactions: 0,
  outcome: 'none',
};

const unverifiable = (reason: string): ChallengeResult => ({ ...NOTHING, verdict: 'unverifiable', reason });

function ended({ job }: JobView): ChallengeResult {
  return { ...unverifiable(`the job is ${job.status} already`), outcome: 'ended' };
}

class Challenger {
  private readonly startedAt: number;
  private told = 0;
  private refusals = 0;
  private waiting: ReadonlySet<string> = new Set();
  private ownClaim: ClaimId | null = null;

  constructor(
    private readonly options: ChallengeOptions,
    private readonly reader: GameReader,
    private readonly trace: TraceSource,
  ) {
    this.startedAt = options.sender?.meter.entries.length ?? 0;
  }

  async play(first: JobView): Promise<ChallengeResult> {
    const judged = this.judge(first);
    const verdict = judged.wrong ? 'wrong' : 'correct';
    const result = { ...NOTHING, verdict, judgedClaimId: judged.id } as const;
    const { sender, dryRun, jobId } = this.options;
    if (!sender || dryRun || (verdict === 'correct' && !this.isUnderAttack(first))) return result;

    for (;;) {
      if (this.options.signal?.aborted) return this.report(result, judged.id, 'stopped');
      const view = await currentView(this.reader, jobId);
      this.tell();
      const outcome = this.outcomeOf(view);
      if (outcome) return this.report(result, judged.id, outcome);
      const decisions = await this.decide(view, sender);
      const due = decisions.filter(({ action }) => action !== null);
      for (const decision of due) await this.act(decision, sender);
      if (due.length > 0) continue;
      this.sayWaiting(decisions);
      if (this.isTooLate(view, decisions)) return this.report(result, judged.id, 'tooLate');
      await pause(this.options.pollMs ?? (this.options.contracts.node.isDevnet ? 100 : 4_000), this.options.signal);
    }
  }

  private judge({ claims }: JobView): { id: ClaimId; wrong: boolean } {
    const judged = claims
      .filter(({ status }) => status === 'live')
      .map((claim) => ({ id: claim.id, claimant: claim.claimant, wrong: !this.isCorrect(claim) }));
    for (const { id, claimant, wrong } of judged)
      this.options.onEvent?.({ kind: 'judged', claimId: id, claimant, verdict: wrong ? 'wrong' : 'correct' });
    const [first] = judged;
    if (!first) throw new RangeError('There is no live claim to judge.');
    return judged.find(({ wrong }) => wrong) ?? first;
  }

  private async decide(view: JobView, sender: Sender): Promise<Decision[]> {
    const { contracts, untilFinal = false } = this.options;
    const party = { addresses: [sender.address], bondFrom: sender.address, endsOthersJobs: untilFinal };
    const now = await contracts.node.now();
    return decideJob(view, { kind: 'traced', trace: this.trace }, party, contracts, now);
  }

  private async act({ action, reason }: Decision, sender: Sender): Promise<void> {
    if (!action) return;
    const { contracts, onEvent } = this.options;
    try {
      const { txHash, gasUsed, logs } = await sender.send(callOf(contracts, action));
      this.refusals = 0;
      if (action.kind === 'challenge') this.ownClaim = claimId(contracts.jobs.find(logs, 'Claimed')?.args.claimId ?? 0n);
      onEvent?.({ kind: 'sent', action: action.kind, reason, txHash, gasUsed });
    } catch (error) {
      if (!(error instanceof ContractRefusal) || ++this.refusals > MOST_REFUSALS) throw error;
      onEvent?.({ kind: 'refused', action: action.kind, reason: error.message });
      await pause(this.options.pollMs ?? 200, this.options.signal);
    } finally {
      this.reader.invalidate(this.options.jobId);
    }
  }

  /** Null while something is still to be played or waited for. */
  private outcomeOf(view: JobView): Outcome | null {
    const own = view.claims.find(({ id }) => id === this.ownClaim);
    if (own?.status === 'lost') return 'lost';
    if (view.job.status !== 'open') return view.job.status === 'final' ? 'won' : 'ended';
    if (this.options.untilFinal) return null;
    const wrongLives = view.claims.some((claim) => claim.status === 'live' && !this.isCorrect(claim));
    return wrongLives || this.isUnderAttack(view) ? null : 'won';
  }

  private sayWaiting(decisions: readonly Decision[]): void {
    for (const { reason, deadline } of decisions)
      if (!this.waiting.has(reason)) this.options.onEvent?.({ kind: 'waiting', reason, deadline });
    this.waiting = new Set(decisions.map(({ reason }) => reason));
  }

  private isTooLate(view: JobView, decisions: readonly Decision[]): boolean {
    const wrongLives = view.claims.some((claim) => claim.status === 'live' && !this.isCorrect(claim));
    const correctLives = view.claims.some((claim) => claim.status === 'live' && this.isCorrect(claim));
    return wrongLives && !correctLives && !decisions.some(({ deadline }) => deadline !== null);
  }

  /** A correct claim is in a match that is not over. */
  private isUnderAttack({ claims, matches }: JobView): boolean {
    return matches.some((match) => {
      const pair = match.claims.map((id) => claims.find((claim) => claim.id === id));
      const [claim0, claim1] = pair;
      if (!claim0 || !claim1 || !isPlaying(match, [claim0, claim1])) return false;
      return this.isCorrect(claim0) !== this.isCorrect(claim1);
    });
  }

  private isCorrect(claim: Parameters<typeof isCorrect>[0]): boolean {
    return isCorrect(claim, this.trace, this.options.contracts.sealDomain);
  }

  private tell(): void {
    const history = this.reader.log.history(this.options.jobId);
    for (const event of history.slice(this.told)) {
      const story = storyOf(event, this.trace.commitment);
      if (story) this.options.onEvent?.(story);
    }
    this.told = history.length;
  }

  private async report(
    result: Omit<ChallengeResult, 'outcome'>,
    judged: ClaimId,
    outcome: Outcome,
  ): Promise<ChallengeResult> {
    const { contracts, sender, jobId } = this.options;
    const view = await currentView(this.reader, jobId);
    this.tell();
    const match = decisive(view, judged);
    const history = this.reader.log.history(jobId);
    const own = sender?.meter.entries.slice(this.startedAt) ?? [];
    const ofMatch = history.filter(({ args }) => match && 'matchId' in args && args.matchId === match.id);
    const computed = ofMatch.find((event) => event.name === 'ElementComputed');
    return {
      ...result,
      claimId: this.ownClaim,
      matchId: match ? matchId(match.id) : null,
      foundStep: computed?.name === 'ElementComputed' ? foundStep(computed.args, this.trace.commitment) : null,
      rounds: ofMatch.filter(({ name }) => name === 'Descended').length,
      gasUsed: own.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
      matchGasUsed: match ? await gasOfMatch(contracts, this.reader, jobId, match) : 0n,
      transactions: own.length,
      outcome,
    };
  }
}

/** The match in which a claim lost; else the one that it plays. */
function decisive({ matches }: JobView, claim: ClaimId): MatchState | null {
  const ofClaim = matches.filter(({ claims }) => claims.includes(claim));
  return ofClaim.find(({ claims, losers }) => losers[claims[0] === claim ? 0 : 1]) ?? ofClaim.at(-1) ?? null;
}

/** Gas of all transactions that belong to a match: the challenge, both reveals, every move. */
export async function gasOfMatch(
  { node }: Contracts,
  reader: GameReader,
  id: JobId,
  { id: match, claims }: Pick<MatchState, 'id' | 'claims'>,
): Promise<bigint> {
  const hashes = reader.log
    .history(id)
    .filter(({ name, args }) => {
      if ('matchId' in args) return args.matchId === match;
      return name === 'Revealed' && claims.some((claim) => claim === args.claimId);
    })
    .map(({ transactionHash }) => transactionHash);
  const receipts = await Promise.all([...new Set(hashes)].map((hash) => node.getTransactionReceipt(hash)));
  return receipts.reduce((sum, receipt) => sum + (receipt?.gasUsed ?? 0n), 0n);
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
