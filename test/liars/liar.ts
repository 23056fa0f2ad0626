/** A liar: moves for its claims with its own trace, as far as its habits let it, and tries what the contracts must refuse. */
import { callOf } from '../../src/chain/actions.js';
import type { Address, Call } from '../../src/chain/typed.js';
import type { Action, Challenge, Turn } from '../../src/dispute/actions.js';
import { clocksAt, isPlaying } from '../../src/dispute/clock.js';
import { decideJob } from '../../src/dispute/decide-job.js';
import { type ClaimState, type JobView, type MatchState, SIDES } from '../../src/dispute/game.js';
import { BrokenLaw } from '../../src/dispute/laws.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import type { MatchId, Timestamp } from '../../src/units.js';
import { movesFor } from '../../src/worker/play.js';
import type { Chain, SendOptions } from './chain.js';

export interface Habits {
  /** Moves that it makes before it falls silent; all when left out. */
  readonly moves?: number;
  /** It moves in the last second of its clock. */
  readonly dawdles?: boolean;
  /** What it sends before a move that is due. All of it must be refused. */
  readonly forges?: (turn: Turn, match: MatchState, liar: Liar) => readonly Action[];
}

/** One thing that a liar would do. */
export interface Proposal {
  readonly action: Action;
  /** The block's time, when it is to be in another one than the next. */
  readonly at?: Timestamp;
  readonly isForged: boolean;
}

export class Liar {
  readonly address: Address;
  /** What it has done, in order. */
  readonly sent: Action[] = [];
  readonly refused: Action[] = [];
  /** Forgeries that a contract took: there must be none. */
  readonly taken: Action[] = [];
  private readonly tried = new Set<string>();
  private made = 0;

  constructor(
    readonly account: number,
    readonly trace: TraceSource,
    private readonly chain: Chain,
    readonly habits: Habits = {},
  ) {
    this.address = chain.addressOf(account);
  }

  proposals(view: JobView, now: Timestamp): Proposal[] {
    if (this.made >= (this.habits.moves ?? Number.POSITIVE_INFINITY)) return [];
    return this.turns(view, now).flatMap(({ turn, match, endsAt }) => {
      const forged = (this.habits.forges?.(turn, match, this) ?? []).filter((action) => !this.tried.has(keyOf(action)));
      if (forged.length > 0) return forged.map((action): Proposal => ({ action, isForged: true }));
      if (!this.habits.dawdles || endsAt === null) return [{ action: turn, isForged: false }];
      return [{ action: turn, at: endsAt, isForged: false }];
    });
  }

  /** @returns whether it was accepted. */
  async make({ action, at, isForged }: Proposal): Promise<boolean> {
    const accepted = await this.send(callOf(this.chain.contracts, action), at === undefined ? {} : { at });
    if (isForged) {
      this.tried.add(keyOf(action));
      (accepted ? this.taken : this.refused).push(action);
    } else {
      this.sent.push(action);
      this.made++;
    }
    return accepted;
  }

  /** Something that must be refused. */
  async forge(action: Action): Promise<void> {
    await this.make({ action, isForged: true });
  }

  /** A call that must be refused. */
  async refusedCall(call: Call, options: SendOptions = {}): Promise<boolean> {
    return !(await this.send(call, options));
  }

  async send(call: Call, options: SendOptions = {}): Promise<boolean> {
    const receipt = await this.chain.send(this.account, call, options);
    if (!receipt) await this.chain.mine();
    return receipt === null || receipt.status === 1;
  }

  /** The challenge by this trace of the first claim that it contradicts; null when nothing is to be challenged. */
  challengeOf(view: JobView, now: Timestamp): Challenge | null {
    const party = { addresses: [this.address], bondFrom: this.address, endsOthersJobs: false };
    const { sealDomain, parameters } = this.chain.contracts;
    const verdict = { kind: 'traced', trace: this.trace } as const;
    for (const claim of view.claims) {
      if (claim.claimant === this.address) continue;
      const alone = { ...view, claims: [claim], matches: [] };
      for (const { action } of decideJob(alone, verdict, party, { sealDomain, parameters }, now))
        if (action?.kind === 'challenge') return action;
    }
    return null;
  }

  private turns(view: JobView, now: Timestamp): { turn: Turn; match: MatchState; endsAt: Timestamp | null }[] {
    const isOurs = ({ claimant }: ClaimState): boolean => claimant === this.address;
    return this.lawful(() => movesFor(isOurs, view, this.trace, now)).flatMap((turn) => {
      const match = view.matches.find(({ id }) => id === matchOf(turn));
      if (!match) return [];
      const claims = match.claims.map((id) => view.claims.find((claim) => claim.id === id)) as [ClaimState, ClaimState];
      if (!isPlaying(match, claims)) return [];
      const ends = SIDES.filter((side) => isOurs(claims[side])).map(
        (side) => clocksAt(match, claims, now)[side].endsAt,
      );
      return [{ turn, match, endsAt: ends.find((end) => end !== null) ?? null }];
    });
  }

  /** A claim whose seal does not open to its trace has no moves. */
  private lawful<T>(moves: () => T[]): T[] {
    try {
      return moves();
    } catch (error) {
      if (error instanceof BrokenLaw) return [];
      throw error;
    }
  }
}

export function matchOf(turn: Turn): MatchId {
  return turn.kind === 'revealAndMove' ? turn.move.matchId : turn.matchId;
}

const keyOf = (action: Action): string =>
  JSON.stringify(action, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
