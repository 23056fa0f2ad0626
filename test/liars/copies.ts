/** Watching the pool of transactions, and being faster. */

import { callOf } from '../../src/chain/actions.js';
import type { Call } from '../../src/chain/typed.js';
import type { Hex } from '../../src/commit/hash.js';
import type { Action } from '../../src/dispute/actions.js';
import { decideMatch } from '../../src/dispute/decide-match.js';
import { type Both, type ClaimState, SIDES } from '../../src/dispute/game.js';
import type { JobId } from '../../src/units.js';
import { type PooledTransaction, pause } from './chain.js';
import { firstFlipped, forgeries, shortened, spoiled } from './forge.js';
import type { Liar } from './liar.js';
import { liarFirst, lieIn } from './lies.js';
import type { Stage } from './stage.js';
import type { Strategy } from './strategy.js';

const MANY_TIMES = 5n;
const POLL_MS = 30;
/** Without a transaction in the pool for so long, nothing more comes by itself. */
const QUIET_LOOKS = 100;

/**
 * Blocks are mined one at a time; before each, `ahead` sees what the honest side has sent, and may send something that is mined first.
 * The liar makes its own moves when the pool is empty. Ends when the liar's claim has lost.
 */
async function frontRun(
  stage: Stage,
  job: JobId,
  liar: Liar,
  ahead: (honest: PooledTransaction, feeWei: bigint) => Promise<void>,
): Promise<void> {
  const { chain } = stage;
  const honest = new Set(stage.honest.map(({ address }) => address.toLowerCase()));
  await chain.holdTransactions(true);
  try {
    for (let looks = 0; looks < QUIET_LOOKS; looks++) {
      const view = await stage.view(job);
      if (view.claims[0]?.status === 'lost') return;
      const pool = (await chain.pool()).filter(({ from }) => honest.has(from.toLowerCase()));
      for (const each of pool) await ahead(each, MANY_TIMES * BigInt(each.maxFeePerGas ?? each.gasPrice ?? 0));
      if (pool.length > 0) {
        await chain.mine();
        looks = 0;
      }
      for (const proposal of liar.proposals(await stage.view(job), await chain.now())) await liar.make(proposal);
      await pause(POLL_MS);
    }
  } finally {
    await chain.holdTransactions(false);
  }
}

const callIn = ({ to, input, value }: PooledTransaction): Call => ({
  to: to as Call['to'],
  data: input,
  kind: 'copy',
  valueWei: BigInt(value),
});

export const COPIES: readonly Strategy[] = [
  {
    name: 'copied-moves-first',
    sentence: 'sends everything that the honest side sends, bonds and all, from its own account, and is mined first',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job, liar } = await liarFirst(stage, lie.trace);
      const copier = stage.liar(lie.trace, { moves: 0 });
      let copies = 0;
      await frontRun(stage, job, liar, async (each, feeWei) => {
        copies++;
        await stage.chain.send(copier.account, callIn(each), { feeWei });
      });
      stage.require(copies >= 3, `${copies} transactions were copied`);
      await stage.play();
    },
  },
  {
    name: 'forged-proofs-first',
    sentence:
      'sees the proof in the pool, and sends others before it: with openings from another slot, another step, another leaf',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job, liar } = await liarFirst(stage, lie.trace);
      await frontRun(stage, job, liar, async (each, feeWei) => {
        const proof = await proofOf(stage, job);
        if (proof === null || callOf(stage.contracts, proof).data !== each.input) return;
        for (const forged of forgedProofs(stage, proof)) {
          liar.refused.push(forged);
          await stage.chain.send(liar.account, callOf(stage.contracts, forged), { feeWei, gasLimit: 2_000_000n });
        }
      });
      stage.expectRefused(liar, 8);
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      stage.require((await stage.computed(job)).length === 1, 'one element was to be computed, by the honest proof');
    },
  },
];

/** The proof that the honest side is to give, if it is. */
async function proofOf(stage: Stage, job: JobId): Promise<Action | null> {
  const { claims, matches } = await stage.view(job);
  const [match] = matches;
  if (!match) return null;
  const pair = match.claims.map((id) => claims.find((claim) => claim.id === id)) as unknown as Both<ClaimState>;
  const side = SIDES.find((each) => stage.isCorrect(pair[each]));
  if (side === undefined) return null;
  const { action } = decideMatch(match, pair, stage.truth, side, await stage.chain.now());
  return action?.kind === 'proveStep' ? action : null;
}

interface Opening {
  readonly runs: Hex;
  readonly leaves: Hex;
  readonly siblings: readonly Hex[];
}

function forgedProofs({ truth }: Stage, proof: Action): Action[] {
  const { forest, commitment } = truth;
  return [
    ...forgeries<Opening>(
      proof,
      'traceOpening',
      () => forest.open([0, 1, 2]),
      (opening) => ({ ...opening, leaves: spoiled(opening.leaves) }),
      (opening) => ({ ...opening, siblings: opening.siblings.slice(1) }),
      (opening) => ({ ...opening, runs: spoiled(opening.runs) }),
    ),
    ...forgeries<Opening>(
      proof,
      'constantsOpening',
      () => commitment.constants.open([0]),
      (opening) => ({ ...opening, leaves: spoiled(opening.leaves) }),
    ),
    ...forgeries<Hex>(proof, 'step', spoiled, shortened),
    ...forgeries<Hex[]>(proof, 'stepProof', firstFlipped, () => commitment.stepProof(1)),
    ...forgeries<Hex | readonly Hex[]>(
      proof,
      'leaves', // those of an opening are one string, and stay
      (leaves) => (typeof leaves === 'string' ? leaves : [...leaves].reverse()),
      (leaves) => (typeof leaves === 'string' ? leaves : [leaves[0], leaves[0]]),
    ),
    ...forgeries<number>(proof, 'position', (position) => position - 1),
  ];
}
