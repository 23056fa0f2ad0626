/** Correct claims whose claimants are gone, and defenders that come and go. */
import { challengeJob } from '../../src/watch/challenge.js';
import { liarFirst, lieIn, workerFirst } from './lies.js';
import type { Strategy } from './strategy.js';

export const STRANGERS: readonly Strategy[] = [
  {
    name: 'claimant-is-gone',
    sentence: 'a right claim is challenged when its claimant is gone; a stranger defends it',
    async play(stage) {
      const job = await stage.request();
      const gone = await stage.outsider('claimant');
      await stage.claim(job, gone, stage.truth);
      const stranger = await stage.honestly('watch');
      const lie = lieIn(stage, 3);
      await stage.challenge(job, stage.liar(lie.trace));
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      stage.require(stranger.said('challenge').length === 0, 'the stranger was to put up no bond');
      stage.require(stranger.said('proveStep').length === 1, 'the stranger was to give the proof');
    },
  },
  {
    name: 'claimant-leaves-midway',
    sentence: 'the claimant is gone after its first move in the match; a stranger goes on',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job } = await workerFirst(stage, lie.trace);
      const [worker] = stage.honest;
      await stage.play(() => (worker?.said('revealAndMove').length ?? 0) > 0);
      await worker?.stop();
      const stranger = await stage.honestly('watch');
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      stage.require(stranger.said('proveStep').length === 1, 'the stranger was to give the proof');
    },
  },
  {
    name: 'challenger-leaves-midway',
    sentence: 'whoever has posted the counter-claim is gone after that; another watchtower plays for it',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job } = await liarFirst(stage, lie.trace);
      const [first] = stage.honest;
      await stage.play(([view]) => view?.claims.length === 2);
      await first?.stop();
      const second = await stage.honestly('watch');
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      stage.require(second.said('challenge').length === 0, 'the second watchtower was to put up no bond');
    },
  },
  {
    name: 'stopped-after-each-move',
    sentence: 'the watchtower is stopped and started again after each move',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job } = await liarFirst(stage, lie.trace);
      const [tower] = stage.honest;
      let moves = 0;
      await stage.play(
        () => false,
        async () => {
          const made = tower?.lines.filter(({ txHash }) => txHash).length ?? 0;
          if (made > moves) {
            await tower?.stop();
            tower?.start();
          }
          moves = made;
          return false;
        },
      );
      await stage.expectFound(job, lie.slot, lie.element);
      stage.require(tower?.said('challenge').length === 1, 'one bond was to be put up');
    },
  },
  {
    name: 'challenged-by-hand',
    sentence: 'a wrong claim that somebody checks with og challenge',
    async play(stage) {
      const job = await stage.request();
      const lie = lieIn(stage, 3);
      const liar = stage.liar(lie.trace);
      await stage.claim(job, liar.account, lie.trace);
      const account = await stage.outsider('challenge');
      const control = new AbortController();
      const challenging = challengeJob({
        contracts: stage.contracts,
        store: stage.workshop.store,
        verifier: stage.workshop.verifier,
        sender: stage.chain.devnet.sender(account),
        jobId: job,
        untilFinal: true,
        pollMs: 20,
        signal: control.signal,
      });
      const byHand = { done: false };
      void challenging.finally(() => {
        byHand.done = true;
      });
      await stage.playBeside(() => byHand.done);
      const { outcome, verdict } = await challenging;
      stage.require(outcome === 'won' && verdict === 'wrong', `the challenge ended as ${verdict}, ${outcome}`);
      await stage.expectFound(job, lie.slot, lie.element);
    },
  },
];
