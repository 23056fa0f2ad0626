/** Several liars, or one with many accounts. */
import { callOf } from '../../src/chain/actions.js';
import type { ClaimState } from '../../src/dispute/game.js';
import { tamper } from '../../src/worker/tamper.js';
import { liarFirst, lieIn } from './lies.js';
import type { Stage } from './stage.js';
import type { Strategy } from './strategy.js';

const HUNDRED = 100;
/** Of the hundred, so many play their matches; the others let their clocks run out. */
const PLAYING = 5;

/** A different lie for each. */
function lieNumber(stage: Stage, number: number) {
  const slot = 1 + (number % (stage.truth.slots.length - 1));
  const { length } = stage.truth.slots[slot] as Int32Array;
  return tamper(stage.truth, { slot, element: (number * 7) % length });
}

export const CROWDS: readonly Strategy[] = [
  {
    name: 'two-liars-agree',
    sentence: 'two accounts claim the same wrong trace, one against the other, so that they have nothing to dispute',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job, liar } = await liarFirst(stage, lie.trace);
      await stage.play(([view]) => view?.claims.length === 2);
      const friend = stage.liar(lie.trace);
      await stage.challenge(job, friend);
      const { claims } = await stage.view(job);
      const [first, third] = [claims[0], claims[2]] as [ClaimState, ClaimState];
      await friend.send(callOf(stage.contracts, { kind: 'openMatch', claimIdA: first.id, claimIdB: third.id }));
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      stage.require(liar.sent.length + friend.sent.length > 2, 'both liars were to play');
      await stage.expectInTime(job);
    },
  },
  {
    name: 'liar-against-itself',
    sentence: 'plays a match against itself, each move in the last second, to hold the job open',
    async play(stage) {
      const first = lieIn(stage, 3);
      const { job } = await liarFirst(stage, first.trace, { dawdles: true });
      const second = stage.liar(lieIn(stage, 5).trace, { dawdles: true });
      await stage.challenge(job, second);
      await stage.play();
      await stage.expectInTime(job);
    },
  },
  {
    name: 'a-hundred-claims',
    sentence: `${HUNDRED} wrong claims against a right one, ${PLAYING} of them played and the others silent`,
    stage: { liars: HUNDRED },
    async play(stage) {
      const job = await stage.request();
      await stage.honestly('worker');
      await stage.play(([view]) => view?.claims.length === 1);
      const view = await stage.view(job);
      const now = await stage.chain.now();
      for (let i = 0; i < HUNDRED; i++) {
        const liar = stage.liar(lieNumber(stage, i), { moves: i < PLAYING ? Number.POSITIVE_INFINITY : 0 });
        const challenge = liar.challengeOf(view, now);
        if (challenge) await liar.send(callOf(stage.contracts, challenge));
      }
      await stage.play();
      const { claims } = await stage.view(job);
      stage.require(claims.length === HUNDRED + 1, `${claims.length - 1} claims were posted`);
      await stage.expectInTime(job);
    },
  },
  {
    name: 'liars-in-many-jobs',
    sentence: 'wrong claims in five jobs at the same time',
    stage: { liars: 5 },
    async play(stage) {
      for (let i = 0; i < 5; i++) {
        const job = await stage.request();
        const liar = stage.liar(lieNumber(stage, i));
        await stage.claim(job, liar.account, liar.trace);
      }
      await stage.honestly('watch');
      await stage.play();
    },
  },
  {
    name: 'claim-in-the-last-second',
    sentence: 'a right claim is challenged in the last second of the window',
    async play(stage) {
      const job = await stage.request();
      await stage.honestly('worker');
      await stage.play(([view]) => view?.claims.length === 1);
      const lie = lieIn(stage, 3);
      await stage.challenge(job, stage.liar(lie.trace), { at: (await stage.view(job)).job.windowEndsAt });
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      await stage.expectInTime(job);
    },
  },
  {
    name: 'second-wave-in-the-last-second',
    sentence: 'a liar is beaten, and another challenges the counter-claim in the last second of the window',
    async play(stage) {
      const { job } = await liarFirst(stage, lieIn(stage, 3).trace);
      await stage.play(([view]) => view?.claims[0]?.status === 'lost');
      const lie = lieIn(stage, 5);
      await stage.challenge(job, stage.liar(lie.trace), { at: (await stage.view(job)).job.windowEndsAt });
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
    },
  },
  {
    name: 'a-match-between-honest-claims',
    sentence: 'two honest claims are live, and a stranger opens a match between them',
    async play(stage) {
      const job = await stage.request();
      const liar = stage.liar(lieIn(stage, 3).trace);
      await stage.claim(job, liar.account, liar.trace);
      // Both challenge before either can have seen the other's claim.
      const towers = [stage.liar(stage.truth, { moves: 0 }), stage.liar(stage.truth, { moves: 0 })];
      const view = await stage.view(job);
      for (const tower of towers) {
        const challenge = tower.challengeOf(view, await stage.chain.now());
        if (challenge) await tower.send(callOf(stage.contracts, challenge));
      }
      const { claims } = await stage.view(job);
      const [, second, third] = claims as [ClaimState, ClaimState, ClaimState];
      await liar.send(callOf(stage.contracts, { kind: 'openMatch', claimIdA: second.id, claimIdB: third.id }));
      await stage.honestly('watch');
      await stage.play();
      const after = (await stage.view(job)).claims.slice(1).map(({ status }) => status);
      stage.require(after.includes('final') && !after.includes('lost'), `the honest claims are ${after.join(' and ')}`);
    },
  },
  {
    name: 'challenge-against-the-counter-claim',
    sentence: 'a liar challenges the counter-claim that a watchtower has posted against another liar',
    async play(stage) {
      const { job } = await liarFirst(stage, lieIn(stage, 3).trace, { moves: 1 });
      await stage.play(([view]) => view?.claims.length === 2);
      const second = lieIn(stage, 6);
      await stage.challenge(job, stage.liar(second.trace));
      await stage.play();
      await stage.expectInTime(job);
    },
  },
  {
    name: 'first-come',
    sentence: 'is faster than a worker with a wrong claim, so that the worker cannot claim',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job } = await liarFirst(stage, lie.trace);
      await stage.honestly('worker');
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
    },
  },
];
