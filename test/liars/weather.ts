/** What the chain itself may do, by itself or because somebody has paid for it. */
import { after, seconds } from '../../src/units.js';
import { pause } from './chain.js';
import { liarFirst, lieIn, workerFirst } from './lies.js';
import type { Strategy } from './strategy.js';

const DEEPEST_REORG = 10;
/** More levels than any of our traces has. */
const DEEPEST = 64;
const GWEI = 10n ** 9n;

/** After each new move the chain takes back its last `depth` blocks, once for every length that the match has had. */
function reorganised(depth: number): Strategy {
  return {
    name: `reorg-of-${depth}`,
    sentence: `the chain takes back its last ${depth === 1 ? 'block' : `${depth} blocks`} after each move of a match`,
    async play(stage) {
      const job = await stage.request();
      // So that the request itself stays.
      for (let i = 0; i <= DEEPEST_REORG; i++) await stage.chain.mine();
      const lie = lieIn(stage, 3);
      const liar = stage.liar(lie.trace);
      await stage.claim(job, liar.account, lie.trace);
      await stage.honestly('watch');
      let most = 0;
      let reorgs = 0;
      await stage.play(
        () => false,
        async () => {
          const { job: state, claims, matches } = await stage.view(job);
          if (!claims.some(({ claimant }) => claimant === liar.address)) {
            await stage.claim(job, liar.account, lie.trace);
            return true;
          }
          const [match] = matches;
          const reached = claims.length + (match ? DEEPEST - match.height : 0) + (match?.phase === 'over' ? 1 : 0);
          if (reached <= most || state.status !== 'open') return false;
          most = reached;
          reorgs++;
          await stage.chain.reorganise(depth);
          return true;
        },
      );
      stage.require(reorgs >= 3, `there were ${reorgs} reorganisations`);
    },
  };
}

export const WEATHER: readonly Strategy[] = [
  ...Array.from({ length: DEEPEST_REORG }, (_, i) => reorganised(i + 1)),
  {
    name: 'fee-spikes',
    sentence: 'gas costs two hundred times as much before each move of the honest side, and falls again',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job } = await liarFirst(stage, lie.trace);
      await stage.play(
        () => false,
        async () => {
          await stage.chain.nextBaseFee(200n * GWEI);
          return false;
        },
      );
      await stage.expectFound(job, lie.slot, lie.element);
    },
  },
  {
    name: 'censored-for-half-a-clock',
    sentence: 'no transaction of the honest side is mined until half of its clock is over',
    async play(stage) {
      const lie = lieIn(stage, 3);
      const { job } = await workerFirst(stage, lie.trace);
      const { clockSeconds } = stage.contracts.parameters;
      await stage.play(([view]) => view?.matches[0]?.turn === 0);
      await stage.chain.holdTransactions(true);
      await pause(500);
      const pool = await stage.chain.pool();
      for (const { hash } of pool) await stage.chain.rpc('anvil_dropTransaction', [hash]);
      await stage.chain.advanceTo(after(await stage.chain.now(), seconds(Math.floor(clockSeconds / 2))));
      await stage.chain.holdTransactions(false);
      await stage.play();
      await stage.expectFound(job, lie.slot, lie.element);
      await stage.expectInTime(job);
    },
  },
];
