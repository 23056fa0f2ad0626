/** A job played by honest parties and liars: a test reads as the game. */
import * as assert from 'uvu/assert';
import { commitModel, type ModelCommitment } from '../../src/commit/model.js';
import { type Action, type Decision, kindOf } from '../../src/dispute/actions.js';
import type { ClaimState, MatchState } from '../../src/dispute/game.js';
import { locate } from '../../src/dispute/locate.js';
import { termsOf } from '../../src/dispute/moves.js';
import { type TraceSource, traceSource } from '../../src/dispute/trace.js';
import { evaluate } from '../../src/program/evaluate.js';
import type { Program } from '../../src/program/program.js';
import { matchId } from '../../src/units.js';
import type { Lie } from './liars.js';
import { claimOf, Honest, type HonestMeans, Liar, type LiarHabits, type Player } from './players.js';
import { Referee, type RefereeOptions } from './referee.js';

/** What the honest parties know of a job. */
export function honestTrace(program: Program, input: Int32Array): TraceSource {
  return traceSource(commitModel(program), evaluate(program, input));
}

export class Game {
  readonly referee: Referee;
  readonly commitment: ModelCommitment;
  private readonly players: Player[] = [];

  constructor(
    readonly truth: TraceSource,
    options: RefereeOptions = {},
  ) {
    this.commitment = truth.commitment;
    this.referee = new Referee(truth.commitment, truth.slots[0] as Int32Array, options);
  }

  /** An honest watchtower, without a claim as yet. */
  watchedBy(name: string, means?: HonestMeans): this {
    return this.join(new Honest(name, { kind: 'traced', trace: this.truth }, means));
  }

  /** Somebody who could not re-run the model. */
  watchedBlindlyBy(name: string, reason: string): this {
    return this.join(new Honest(name, { kind: 'unverifiable', reason }));
  }

  /** An honest worker posts the first claim. @param stays whether it defends it. */
  claimedBy(name: string, stays = true): this {
    const player = new Honest(name, { kind: 'traced', trace: this.truth });
    this.submit(player, this.truth);
    return stays ? this.join(player) : this;
  }

  /** A liar posts the first claim. */
  claimedByLiar(name: string, lie: Lie, habits?: LiarHabits): this {
    const player = new Liar(name, lie(this.truth), habits);
    this.submit(player, player.trace);
    return this.join(player);
  }

  /** A liar challenges a claim; the latest one unless told. */
  challengedByLiar(name: string, lie: Lie, habits?: LiarHabits, target = this.referee.claims.length): this {
    const player = new Liar(name, lie(this.truth), habits);
    this.challenge(player, player.trace, target);
    return this.join(player);
  }

  /** Somebody posts a challenge of this trace and is not heard of again. */
  challenge(player: Pick<Player, 'address'>, trace: TraceSource, target = this.referee.claims.length): this {
    const { job, claims } = this.referee.view();
    const claim = claims[target - 1] as ClaimState;
    const { modelId, inputRoot } = job;
    const action: Action = {
      kind: 'challenge',
      claimant: player.address,
      bondWei: this.referee.deployment.parameters.bondWei,
      target: { claimId: claim.id, modelId, inputRoot, terms: termsOf(claim) },
      ...claimOf(this.referee, player.address, trace),
    };
    this.referee.apply(action, player.address);
    return this;
  }

  /** The player's next action must be of this kind, and is taken. */
  turn(name: string, kind: Action['kind'] | null): this {
    const action = this.player(name).act(this.referee);
    assert.is(action ? kindOf(action) : null, kind, `${name}'s move`);
    return this;
  }

  wait(seconds: number): this {
    this.referee.now += seconds;
    return this;
  }

  /** Everybody acts in turn, a second each; when nobody can, time passes to the next moment at which something changes. */
  play(): this {
    const { referee } = this;
    for (let turn = 0; turn < 100_000; turn++) {
      const acted = this.players.filter((player) => {
        const action = player.act(referee);
        if (action) referee.now += 1;
        return action;
      });
      this.expectNoWeiLost();
      if (acted.length > 0) continue;
      const next = this.nextMoment();
      if (next === null) return this;
      referee.now = next;
    }
    throw new Error('The game does not end.');
  }

  /** The next end of a clock, its second after, or that of the challenge window; null when nothing is left to wait for. */
  private nextMoment(): number | null {
    const { job, claims, matches } = this.referee.view();
    if (job.status !== 'open') return null;
    const isLive = (id: bigint) => claims.find((claim) => claim.id === id)?.status === 'live';
    const moments = matches
      .filter(({ phase, claims: pair }) => phase !== 'over' && pair.every(isLive))
      .flatMap(({ clockStartedAt, remainingSeconds }) => remainingSeconds.map((left) => clockStartedAt + left));
    const ends = [...moments, job.windowEndsAt, job.claimBy];
    const later = ends.flatMap((end) => [end, end + 1]).filter((moment) => moment > this.referee.now);
    return later.length === 0 ? null : Math.min(...later);
  }

  // ---- what must be true

  expectFinal(name: string): this {
    const { job, claims } = this.referee.view();
    assert.is(job.status, 'final', 'the job is final');
    assert.is(claims.find(({ id }) => id === job.winner)?.claimant, this.player(name).address, 'who won');
    return this;
  }

  expectLost(...names: string[]): this {
    const lost = this.referee.claims.filter(({ status }) => status === 'lost').map(({ claimant }) => claimant);
    assert.equal(lost.sort(), names.map((name) => this.player(name).address).sort(), 'who lost');
    return this;
  }

  /** The dispute of a match came down to this element, and the contract computed the true value there. */
  expectFound(slot: number, element: number, match = 1): this {
    const found = this.referee.computed.find(({ matchId: id }) => id === matchId(match));
    assert.ok(found, 'an element was computed');
    assert.equal([found.slot, found.element], [slot, element], 'slot and element that were found');
    const said = locate(this.commitment, this.match(match));
    assert.is(said.slot, slot, 'slot that locate() says');
    if (said.disputed) assert.is(said.disputed.element, element, 'element that locate() says');
    return this;
  }

  expectRounds(rounds: number, match = 1): this {
    assert.is(this.referee.rounds.get(matchId(match)) ?? 0, rounds, 'rounds');
    return this;
  }

  expectEnding(ending: MatchState['ending'], match = 1): this {
    assert.is(this.match(match).ending, ending);
    return this;
  }

  expectNoWeiLost(): this {
    assert.is(this.referee.accountedWei, this.referee.paidInWei);
    return this;
  }

  match(id: number): MatchState {
    return this.referee.matchOf(matchId(id));
  }

  player(name: string): Player {
    const player = this.players.find((each) => each.name === name);
    if (!player) throw new Error(`${name} does not play.`);
    return player;
  }

  /** What an honest player decides now: the kinds of actions that are due, in their order. */
  due(name: string): Action['kind'][] {
    return this.decisions(name).flatMap(({ action }) => (action ? [kindOf(action)] : []));
  }

  /** Why an honest player waits. */
  waits(name: string): string {
    return this.decisions(name)
      .filter(({ action }) => !action)
      .map(({ reason }) => reason)
      .join('; ');
  }

  decisions(name: string): Decision[] {
    const player = this.player(name);
    assert.instance(player, Honest);
    return (player as Honest).decisions(this.referee);
  }

  join(player: Player): this {
    this.players.push(player);
    return this;
  }

  private submit({ address }: Player, trace: TraceSource): void {
    const { seal, outputRoot, output } = claimOf(this.referee, address, trace);
    this.referee.submit(address, seal, outputRoot, output);
  }
}
