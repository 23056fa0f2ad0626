/**
 * What delay costs whoever causes it, and that it costs the honest side nothing: attackers with some ether put all of it into wrong claims, all but
 * the first in the last second of the window, and use every second of every clock. Gas is that of contracts/gas/transactions.json, its dearest of each kind, at the price that bonds are sized for.
 */
import { readFileSync } from 'node:fs';
import { formatEther } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STANDARD_PARAMETERS } from '../../src/chain/parameters.js';
import { type Action, kindOf } from '../../src/dispute/actions.js';
import { Game, honestTrace } from '../helpers/game.js';
import { wrongElement } from '../helpers/liars.js';
import { Honest } from '../helpers/players.js';
import { CLOCK_SECONDS, WINDOW_SECONDS } from '../helpers/referee.js';
import { countingInput, countingProgram } from '../helpers/traces.js';

const { bondWei, burnBps, refundGasPriceWei, clockSeconds } = STANDARD_PARAMETERS;
const GAS = JSON.parse(
  readFileSync(new URL('../../contracts/gas/transactions.json', import.meta.url), 'utf8'),
) as Record<string, string>;
/** The snapshot's names begin with the function's; a standard deployment takes no output of 24,575 bytes. */
const dearest = (call: string): number =>
  Math.max(
    ...Object.entries(GAS).flatMap(([name, gas]) =>
      name.split(/[ ,]/)[0] === call && !name.includes('24575') ? [Number(gas)] : [],
    ),
  );
const gasOf = (action: Action): number => {
  if (action.kind === 'revealAndMove') return dearest('reveal') + dearest(action.move.kind);
  return action.kind === 'challenge' ? dearest('challenge') : dearest(kindOf(action));
};

const truth = honestTrace(countingProgram(4, 300), countingInput(300));
const SHARES = { burned: (bondWei * BigInt(burnBps)) / 10_000n, pot: bondWei - (bondWei * BigInt(burnBps)) / 10_000n };

/** Counts the gas of what it does. */
class Watchtower extends Honest {
  gas = 0;

  override act(...args: Parameters<Honest['act']>): Action | null {
    const action = super.act(...args);
    if (action) this.gas += gasOf(action);
    return action;
  }
}

function attack(bonds: number) {
  const game = new Game(truth).claimedByLiar('m1', wrongElement(3, 77), { dawdles: true });
  const honest = new Watchtower('wendy', { kind: 'traced', trace: truth });
  game.join(honest);
  const windowEnds = game.referee.now + WINDOW_SECONDS;
  const first = game.player('m1');
  for (; game.referee.now < windowEnds; game.wait(1)) while (honest.act(game.referee) || first.act(game.referee));
  for (let i = 2; i <= bonds; i++) game.challengedByLiar(`m${i}`, wrongElement(3, 76 + i), { dawdles: true }, 2);
  game.play();
  const { job, claims } = game.referee.view();
  assert.is(job.status, 'final');
  const lost = claims.filter(({ status }) => status === 'lost').length;
  assert.is(lost, bonds, 'every bond of the attacker is lost');
  assert.is(claims.find(({ id }) => id === job.winner)?.claimant, honest.address);
  const delay = Math.max(0, game.referee.now - windowEnds);
  assert.ok(delay <= 2 * CLOCK_SECONDS + 20 * bonds, `${delay} s`);
  const hours = ((delay / CLOCK_SECONDS) * clockSeconds) / 3_600;
  const spentWei = BigInt(honest.gas) * refundGasPriceWei;
  return {
    lostWei: BigInt(bonds) * bondWei,
    hours,
    honestNetWei: BigInt(bonds) * SHARES.pot - spentWei,
    gas: honest.gas,
  };
}

test('an attacker pays for delay by the hour, however much it has, and the honest side nothing', () => {
  console.log('\nattacker loses | delays the end by | an hour costs it | honest side ends with');
  for (const bonds of [1, 2, 5, 20]) {
    const { lostWei, hours, honestNetWei, gas } = attack(bonds);
    assert.ok(honestNetWei >= 0n, `${formatEther(honestNetWei)} after ${gas} gas`);
    const hourly = Number(formatEther(lostWei)) / Math.max(hours, 1);
    const ether = (wei: bigint) => `${formatEther(wei)} ETH`;
    console.log(
      `${ether(lostWei)} | ${hours.toFixed(1)} h | ${hourly.toFixed(4)} ETH | +${ether(honestNetWei)} after ${gas} gas`,
    );
  }
});

test.run();
