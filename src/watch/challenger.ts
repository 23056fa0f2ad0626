/** Plays one job to its end, on one's own trace: what `challengeJob` does when a claim is wrong. */
import { callOf } from '../chain/actions.js';
import { ContractRefusal } from '../chain/errors.js';
import type { GasSummary } from '../chain/gas.js';
import { gasOfMatch } from '../chain/match-gas.js';
import { currentView, type GameReader } from '../chain/reader.js';
import type { Sender } from '../chain/sender.js';
import type { Decision } from '../dispute/actions.js';
import { isPlaying } from '../dispute/clock.js';
import { decideJob } from '../dispute/decide-job.js';
import type { ClaimState, JobView, MatchState } from '../dispute/game.js';
import { isCorrect } from '../dispute/judge.js';
import type { TraceSource } from '../dispute/trace.js';
import { NetworkError } from '../errors.js';
import { type ClaimId, claimId, matchId } from '../units.js';
import { type ChallengeOptions, type ChallengeResult, NOTHING, type Outcome } from './challenge-result.js';
import { foundStep, storyOf } from './story.js';

/** A move that is refused so often in a row will not be taken. */
const MOST_REFUSALS = 20;
/** Looks at the chain in a row that may fail: about twenty minutes on a real chain. */
const MOST_SILENCES = 30;

export class Challenger {
  private readonly spentBefore: GasSummary | null;
  private told = 0;
  private refusals = 0;
  private sentIn = 0;
  private waiting: ReadonlySet<string> = new Set();
  private ownClaim: ClaimId | null = null;

  constructor(
    private readonly options: ChallengeOptions,
    private readonly reader: GameReader,
    private readonly trace: TraceSource,
  ) {
    this.spentBefore = options.sender?.meter.total ?? null;
  }

  async play(first: JobView): Promise<ChallengeResult> {
    const judged = this.judge(first);
    const verdict = judged.wrong ? 'wrong' : 'correct';
    const result = { ...NOTHING, verdict, judgedClaimId: judged.id } as const;
    const { sender, dryRun } = this.options;
    if (!sender || dryRun || (verdict === 'correct' && !this.isUnderAttack(first))) return result;
    await sender.settled();

    let silences = 0;
    while (!this.options.signal?.aborted) {
      try {
        const outcome = await this.turn(sender);
        if (outcome) return await this.report(result, judged.id, outcome);
        silences = 0;
      } catch (error) {
        // With a bond at stake, a node that does not answer is asked again for a good while.
        if (!(error instanceof NetworkError) || ++silences > MOST_SILENCES) throw error;
        this.options.onEvent?.({ kind: 'waiting', reason: error.message, deadline: null });
        await pause(this.pollMs * Math.min(silences, 10), this.options.signal);
      }
    }
    return this.report(result, judged.id, 'stopped');
  }

  private get pollMs(): number {
    return this.options.pollMs ?? (this.options.contracts.node.isDevnet ? 100 : 4_000);
  }

  /** Does what is due now, or waits a little; says how it ended, if it has. */
  private async turn(sender: Sender): Promise<Outcome | null> {
    const view = await currentView(this.reader, this.options.jobId, this.sentIn);
    this.tell();
    const outcome = this.outcomeOf(view);
    if (outcome) return outcome;
    const decisions = await this.decide(view, sender);
    const due = decisions.filter(({ action }) => action !== null);
    for (const decision of due) await this.act(decision, sender);
    if (due.length > 0) return null;
    this.sayWaiting(decisions);
    if (this.isTooLate(view, decisions)) return 'tooLate';
    await pause(this.pollMs, this.options.signal);
    return null;
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
    const party = { addresses: sender.addresses, bondFrom: sender.address, endsOthersJobs: untilFinal };
    const now = await contracts.node.now();
    return decideJob(view, { kind: 'traced', trace: this.trace }, party, contracts, now);
  }

  private async act({ action, reason, deadline }: Decision, sender: Sender): Promise<void> {
    if (!action) return;
    const { contracts, onEvent } = this.options;
    try {
      const { txHash, gasUsed, logs, blockNumber } = await sender.send(callOf(contracts, action), { deadline });
      this.sentIn = blockNumber;
      this.refusals = 0;
      if (action.kind === 'challenge')
        this.ownClaim = claimId(contracts.jobs.find(logs, 'Claimed')?.args.claimId ?? 0n);
      onEvent?.({ kind: 'sent', action: action.kind, reason, txHash, gasUsed });
    } catch (error) {
      if (!(error instanceof ContractRefusal) || ++this.refusals > MOST_REFUSALS) throw error;
      onEvent?.({ kind: 'refused', action: action.kind, reason: error.message });
      await pause(this.pollMs, this.options.signal);
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

  private isCorrect(claim: ClaimState): boolean {
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
    const view = await currentView(this.reader, jobId, this.sentIn);
    this.tell();
    const match = decisive(view, judged);
    const history = this.reader.log.history(jobId);
    const spent = sender?.meter.total;
    const ofMatch = history.filter(({ args }) => match && 'matchId' in args && args.matchId === match.id);
    const computed = ofMatch.find((event) => event.name === 'ElementComputed');
    return {
      ...result,
      claimId: this.ownClaim,
      matchId: match ? matchId(match.id) : null,
      foundStep: computed?.name === 'ElementComputed' ? foundStep(computed.args, this.trace.commitment) : null,
      rounds: ofMatch.filter(({ name }) => name === 'NodeOpened').length,
      gasUsed: (spent?.gasUsed ?? 0n) - (this.spentBefore?.gasUsed ?? 0n),
      matchGasUsed: match ? await gasOfMatch(contracts, this.reader, jobId, match) : 0n,
      transactions: (spent?.transactions ?? 0) - (this.spentBefore?.transactions ?? 0),
      outcome,
    };
  }
}

/** The match in which a claim lost; else the one that it plays. */
function decisive({ matches }: JobView, claim: ClaimId): MatchState | null {
  const ofClaim = matches.filter(({ claims }) => claims.includes(claim));
  return ofClaim.find(({ claims, losers }) => losers[claims[0] === claim ? 0 : 1]) ?? ofClaim.at(-1) ?? null;
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
