import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { finalizeJob } from '../../src/chain/claims.js';
import { bundleOf, type EvidenceBundle, parseBundle } from '../../src/cli/evidence-file.js';
import { explanationJson, showExplanation } from '../../src/cli/explain-view.js';
import { plainJson } from '../../src/cli/json.js';
import { readMatchRecord } from '../../src/cli/read-match.js';
import { verifyBundle } from '../../src/cli/show-examined.js';
import { claimId, matchIdOf } from '../../src/units.js';
import { challengeJob } from '../../src/watch/challenge.js';
import { playOwnClaims } from '../../src/worker/play.js';
import { type Lie, tamper } from '../../src/worker/tamper.js';
import { eventually, LIAR, WATCHTOWER, World } from '../chain/world.js';

const MATCH = matchIdOf(claimId(1), claimId(2));
let world: World;
test.before(async () => {
  world = await World.create();
});
test.before.each(() => world.reset());
test.after(() => world.stop());

/** A liar is caught; the record of its match, once the job is final. */
async function caught(lie: Lie, defends = true) {
  const { contracts, store, verifier, devnet } = world;
  const job = await world.request();
  const trace = tamper(world.truth, lie);
  await world.claim(LIAR, job, trace);
  const sender = devnet.sender(WATCHTOWER);
  const challenging = challengeJob({ contracts, store, verifier, sender, jobId: job, pollMs: 20 });
  if (defends) await playOwnClaims({ contracts, sender: devnet.sender(LIAR), jobId: job, trace, pollMs: 20 });
  else {
    await eventually(async () => (await contracts.matches.read('matchOf', [1n, 2n])) !== 0n);
    await eventually(async () => (await contracts.matches.read('getMatch', [MATCH])).turn === 0n);
    await devnet.passSeconds(contracts.parameters.clockSeconds + 1);
  }
  assert.is((await challenging).outcome, 'won');
  await world.passWindow();
  await finalizeJob(contracts, sender, job);
  return readMatchRecord(contracts, MATCH);
}

const written = (bundle: EvidenceBundle): string => JSON.stringify(bundle);
const program = () => world.model.commitment.program;

test('a match is told move by move, and its evidence holds and comes down to the same element', async () => {
  const record = await caught({ slot: 3, element: 33 });
  const text = showExplanation({ record, program: program() });
  for (const part of [/claim 1 by .*/, /step 3, "sum"/, /element 33 of step 3/, /claim 1 lost/, /final: claim 2/])
    assert.match(text, part);
  const json = plainJson(explanationJson({ record, program: program() })) as Record<string, never>;
  assert.equal([json.matchId, json.ending, json.status], ['1-2', 'proof', 'final']);
  const { slot, name, element } = json.found as unknown as { slot: number; name: string; element: number };
  assert.equal({ slot, name, element }, { slot: 3, name: 'sum', element: 33 });

  const bundle = bundleOf(world.contracts, record);
  const { ok, text: said } = verifyBundle(parseBundle(written(bundle), 'evidence.json'), program());
  assert.ok(ok, said);
  assert.match(said, /claim 1 is wrong/);
  assert.match(said, new RegExp(`that element is ${world.truth.slots[3]?.[33]}`));
  assert.match(showExplanation({ record, program: null }), /element 33 of step 3:/);
});

test('what was paid adds up', async () => {
  const record = await caught({ slot: 5, element: 1 });
  const { payments } = explanationJson({ record, program: null }) as unknown as {
    payments: { account: string; amountWei: bigint; what: string }[];
  };
  const game = payments.filter(({ account, what }) => !what.startsWith('gas') && !account.startsWith('pot'));
  assert.is(
    game.reduce((sum, { amountWei }) => sum + amountWei, 0n),
    0n,
  );
});

test('a lie about the input is proven from the input', async () => {
  const bundle = bundleOf(world.contracts, await caught({ slot: 0, element: 5, value: 7 }));
  const { ok, text } = verifyBundle(bundle, null);
  assert.ok(ok, text);
  assert.match(text, /element 5 of the input/);
});

test('of a match that ended by time nothing is proven about who was right', async () => {
  const bundle = bundleOf(world.contracts, await caught({ slot: 2, element: 5 }, false));
  const { ok, text } = verifyBundle(bundle, null);
  assert.ok(ok, text);
  assert.match(text, /nothing about who was right/);
});

test('whatever digit of it is changed, the evidence does not hold any more', async () => {
  const bundle = bundleOf(world.contracts, await caught({ slot: 6, element: 0 }));
  assert.ok(verifyBundle(bundle, null).ok);
  // What the chain says of a transaction, and who asked for how much, is not proven by it.
  const { job, transactions, ...rest } = bundle;
  const { deployment, ...contracts } = rest.contracts;
  const proven = JSON.stringify({
    ...rest,
    contracts,
    job: { id: job.id, modelId: job.modelId, inputRoot: job.inputRoot },
    transactions: transactions.map(({ hash, from, signed }) => ({ hash, from, signed })),
  });
  const digits = [...proven.matchAll(/0x[0-9a-f]+/g)].map((match) => ({
    from: match.index + 2,
    length: match[0].length - 2,
  }));
  fc.assert(
    fc.property(fc.nat(digits.length - 1), fc.nat(), fc.integer({ min: 1, max: 15 }), (which, where, by) => {
      const { from, length } = digits[which]!;
      const at = from + (where % length);
      const digit = ((Number.parseInt(proven[at]!, 16) + by) % 16).toString(16);
      const changed = JSON.parse(proven.slice(0, at) + digit + proven.slice(at + 1));
      const forged: EvidenceBundle = {
        ...bundle,
        ...changed,
        contracts: { deployment, ...changed.contracts },
        job: { ...job, ...changed.job },
        transactions: transactions.map((each, i) => ({ ...each, ...changed.transactions[i] })),
      };
      assert.not.ok(holds(forged), `digit ${at} of ${proven.slice(Math.max(0, at - 40), at + 10)}`);
    }),
    { numRuns: 60 },
  );
});

test('a move that is missing, and another loser, are found out', async () => {
  const bundle = bundleOf(world.contracts, await caught({ slot: 4, element: 0 }));
  bundle.transactions.forEach((transaction, i) => {
    const fewer = { ...bundle, transactions: bundle.transactions.filter((each) => each !== transaction) };
    assert.not.ok(holds(fewer), `without transaction ${i}`);
  });
  assert.not.ok(holds({ ...bundle, ending: { by: 'proof', losers: [false, true] } }));
});

test('another file is refused with a sentence', () => {
  const refusal = (text: string): string => {
    try {
      parseBundle(text, 'x.json');
    } catch (error) {
      return (error as Error).message;
    }
    return 'read';
  };
  assert.is(refusal('{'), 'x.json is not an evidence file: it is not JSON.');
  assert.match(refusal('[]'), /its schema is not given/);
  assert.match(refusal('null'), /its schema is not given/);
  assert.match(
    refusal('{"schema":"og.evidence.v9"}'),
    /its schema is "og.evidence.v9", and this og reads og.evidence.v1/,
  );
  assert.match(refusal('{"schema":"og.evidence.v1"}'), /chainId/);
});

const holds = (bundle: EvidenceBundle): boolean => verifyBundle(bundle, null).ok;

test.run();
