import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { feesNow, patienceMs, raised, urgencyPercent } from '../../src/chain/fees.js';
import type { Node } from '../../src/chain/provider.js';

const GWEI = 10n ** 9n;
const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** A node with this base fee, where these tips are usual. */
function nodeWith(baseFee: bigint, tips: readonly bigint[]): Node {
  const history = { baseFeePerGas: [hex(baseFee), hex(baseFee)], reward: tips.map((tip) => [hex(tip)]) };
  return { send: async () => history } as unknown as Node;
}

test('twice the base fee and the usual tip', async () => {
  const { fees, limited } = await feesNow(nodeWith(10n * GWEI, [GWEI, 2n * GWEI, 9n * GWEI]));
  assert.equal(fees.fields, { type: 2, maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: 2n * GWEI });
  assert.not.ok(limited);
});

test('a tip that nobody can mean is not paid', async () => {
  const { fees } = await feesNow(nodeWith(10n * GWEI, [10_000n * GWEI]));
  assert.is(fees.maxFeePerGas, 30n * GWEI);
});

test('the limit holds, and it is told when nothing can be had for it', async () => {
  const dear = await feesNow(nodeWith(100n * GWEI, [GWEI]), 50n * GWEI);
  assert.equal([dear.fees.maxFeePerGas, dear.limited], [50n * GWEI, true]);
  const fair = await feesNow(nodeWith(40n * GWEI, [GWEI]), 50n * GWEI);
  assert.equal([fair.fees.maxFeePerGas, fair.limited], [50n * GWEI, false]);
});

test('the less time is left, the more is offered, and the sooner', () => {
  const times = [null, 7200, 1200, 300, 30];
  assert.equal(times.map(urgencyPercent), [25n, 25n, 50n, 100n, 300n]);
  assert.equal(
    times.map((left) => patienceMs(left, 45_000, 5_000)),
    [45_000, 45_000, 45_000, 37_500, 5_000],
  );
});

test('a raise follows a spike, keeps the limit, and is none when too little is left to it', async () => {
  const { fees } = await feesNow(nodeWith(10n * GWEI, [GWEI]));
  const spike = await feesNow(nodeWith(60n * GWEI, [GWEI]));
  assert.is(raised(fees, fees, 25n)?.maxFeePerGas, 26_250_000_001n);
  assert.is(raised(fees, spike.fees, 25n)?.maxFeePerGas, 121n * GWEI);
  assert.is(raised(fees, spike.fees, 300n, 30n * GWEI)?.maxFeePerGas, 30n * GWEI);
  assert.is(raised(fees, spike.fees, 300n, 22n * GWEI), null);
});

test.run();
