/** Claims that cannot be opened, or that open to what somebody else has claimed. */
import { callOf } from '../../src/chain/actions.js';
import { submitCall } from '../../src/chain/claims.js';
import { readJob } from '../../src/chain/requests.js';
import type { Address } from '../../src/chain/typed.js';
import { sealOf } from '../../src/commit/seal.js';
import type { Challenge } from '../../src/dispute/actions.js';
import { postedOutput } from '../../src/dispute/trace.js';
import type { JobId } from '../../src/units.js';
import { flipped } from './forge.js';
import type { Liar } from './liar.js';
import { liarFirst, lieIn } from './lies.js';
import type { Stage } from './stage.js';
import type { Strategy } from './strategy.js';

/** The worker's right claim is challenged by something that is made from the right answer. */
async function challengeWith(
  stage: Stage,
  change: (challenge: Challenge, liar: Liar, job: JobId) => Partial<Challenge>,
): Promise<{ job: JobId; liar: Liar }> {
  const job = await stage.request();
  await stage.honestly('worker');
  await stage.play(([view]) => view?.claims.length === 1);
  await stage.honestly('watch');
  const liar = stage.liar(lieIn(stage, 3).trace, { moves: 0 });
  const challenge = liar.challengeOf(await stage.view(job), await stage.chain.now()) as Challenge;
  const right = {
    outputRoot: stage.truth.answer.outputRoot,
    output: postedOutput(stage.truth, await readJob(stage.contracts, job)),
  };
  const action = { ...challenge, ...right, ...change(challenge, liar, job) };
  stage.require(await liar.send(callOf(stage.contracts, action)), 'the challenge was to be accepted');
  return { job, liar };
}

const sealFor = ({ contracts, truth }: Stage, job: JobId, claimant: Address) =>
  sealOf(contracts.sealDomain, job, claimant, truth.forest.root);

/** The first claim has this output and this seal, and a watchtower is there. */
async function claimWith(
  stage: Stage,
  trace: Liar['trace'],
  seal: (job: JobId, liar: Liar) => Challenge['seal'],
): Promise<JobId> {
  const job = await stage.request();
  const liar = stage.liar(trace, { moves: 0 });
  const { jobs } = stage.contracts;
  const state = await readJob(stage.contracts, job);
  const { modelId, inputRoot } = state;
  const output = postedOutput(trace, state);
  const args = [job, modelId, inputRoot, seal(job, liar), trace.answer.outputRoot, output] as const;
  const accepted = await liar.send(jobs.call('submit', [...args], stage.contracts.parameters.bondWei));
  stage.require(accepted, 'the claim was to be accepted');
  await stage.honestly('watch');
  return job;
}

export const SEALS: readonly Strategy[] = [
  {
    name: 'wrong-output-right-trace',
    sentence: 'the seal is that of the right trace, and the output another',
    async play(stage) {
      const lie = lieIn(stage, stage.truth.slots.length - 1);
      const job = await claimWith(stage, lie.trace, (id, { address }) => sealFor(stage, id, address));
      await stage.play();
      await stage.expectEnding(job, 'time');
      await stage.expectInTime(job);
    },
  },
  {
    name: 'unrevealable-seal',
    sentence: 'the output is right, and the seal opens to nothing',
    async play(stage) {
      const job = await claimWith(stage, stage.truth, () => flipped(`0x${'ab'.repeat(32)}`));
      await stage.play();
      await stage.expectEnding(job, 'time');
      await stage.expectInTime(job);
    },
  },
  {
    name: 'copied-seal',
    sentence: "a right claim is challenged with its own seal and output, copied to the liar's account",
    async play(stage) {
      const { job } = await challengeWith(stage, ({ target }) => ({ seal: target.terms.seal }));
      await stage.play();
      await stage.expectEnding(job, 'time');
    },
  },
  {
    name: 'duplicate-of-a-right-claim',
    sentence: 'a right claim is challenged by one who has run the model too, and knows that it is right',
    async play(stage) {
      const { job } = await challengeWith(stage, (_, { address }, id) => ({ seal: sealFor(stage, id, address) }));
      await stage.play();
      const { claims } = await stage.view(job);
      stage.require(claims[1]?.status === 'closed', `the needless claim is ${claims[1]?.status}`);
      await stage.expectEnding(job, 'sameTrace');
    },
  },
  {
    name: 'seal-of-another-job',
    sentence: 'the seal is right for another job, where the liar has the right answer too',
    async play(stage) {
      const other = await stage.request();
      const { job } = await challengeWith(stage, (_, { address }) => ({ seal: sealFor(stage, other, address) }));
      await stage.play();
      await stage.expectEnding(job, 'time');
    },
  },
  {
    name: 'another-bond',
    sentence: 'claims and challenges with a bond that is too small, too large, or none',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job, liar } = await liarFirst(stage, lie.trace);
      const { contracts } = stage;
      const { bondWei } = contracts.parameters;
      const unclaimed = await stage.request('void');
      const submit = submitCall(contracts, liar.address, await readJob(contracts, unclaimed), lie.trace);
      for (const valueWei of [0n, bondWei - 1n, bondWei + 1n])
        stage.require(await liar.refusedCall({ ...submit, valueWei }), `a bond of ${valueWei} wei was taken`);
      await stage.play();
      await stage.expectFound(job, lie.slot);
    },
  },
];
