/** The price tag against what it bounds: openings, calldata, the contracts' committed gas. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { abis } from '../../src/chain/generated/contracts.js';
import { interfaceOf } from '../../src/chain/typed.js';
import type { OpeningData } from '../../src/commit/forest.js';
import { toHex } from '../../src/commit/hash.js';
import { commitModel, traceForest } from '../../src/commit/model.js';
import { elementReads } from '../../src/commit/reads.js';
import { LEAF_BYTES } from '../../src/commit/tensor.js';
import { evaluate } from '../../src/program/evaluate.js';
import { type LeafBound, leafBounds } from '../../src/program/leaf-bound.js';
import {
  challengeGas,
  EXECUTION_GAS,
  fitsOneTransaction,
  MAX_CHECK_CALLDATA_BYTES,
  MAX_CHECK_GAS,
  priceProgram,
  priceStep,
  treeDepths,
} from '../../src/program/price.js';
import { slotShape } from '../../src/program/program.js';
import { requireWithinLimits } from '../../src/verify/limits.js';
import { randomInput, randomProgram } from '../helpers/random-program.js';
import { constant, NO_VIEW, program, read, slot, step } from '../helpers/tiny-program.js';

const MATCHES = interfaceOf(abis.Matches);
const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** No byte of it is zero, and it is as long as any leaf. */
const LEAF = `0x${'11'.repeat(LEAF_BYTES)}`;

/** What an opening adds to a proof, calldata at 16 gas a byte included. */
function openingGas({ leaves, runs, siblings }: LeafBound): number {
  const { perLeaf, perRun, perSibling } = EXECUTION_GAS;
  return (perLeaf + 16 * LEAF_BYTES) * leaves + (perRun + 16 * 7) * runs + (perSibling + 16 * 32) * siblings;
}

function assertBounded(opening: OpeningData, bound: LeafBound, what: string): void {
  const leaves = (opening.leaves.length - 2) / 2 / LEAF_BYTES;
  const runs = (opening.runs.length - 2) / 2 / 7;
  assert.ok(leaves <= bound.leaves, `${what}: ${leaves} leaves, at most ${bound.leaves}`);
  const siblings = opening.siblings.length;
  const [gas, priced] = [openingGas({ leaves, runs, siblings }), openingGas(bound)];
  assert.ok(gas <= priced, `${what}: ${runs} runs, ${siblings} siblings: ${gas} gas, at most ${priced}`);
}

test('no proof of any element opens more, or has more calldata, than its step is priced at', () => {
  const choice = fc.record({ seed: fc.nat(1_000_000), elements: fc.constantFrom(64, 400, 1_500), at: fc.nat() });
  fc.assert(
    fc.property(choice, ({ seed, elements, at }) => {
      const drawn = randomProgram(seed, { steps: 4, maxElements: elements });
      const commitment = commitModel(drawn);
      const slots = evaluate(drawn, randomInput(drawn, seed));
      const forest = traceForest(commitment, slots);
      for (const [index, each] of drawn.steps.entries()) {
        const price = priceStep(drawn, index);
        const element = at % slotShape(drawn, index + 1).elements;
        const reads = elementReads(commitment, slots, index + 1, element);
        const [trace, constants] = [forest.open(reads.trace), commitment.constants.open(reads.constants)];
        const bounds = leafBounds(drawn, each, treeDepths(drawn));
        assertBounded(trace, bounds.trace, `trace, step ${index + 1}`);
        assertBounded(constants, bounds.constants, `constants, step ${index + 1}`);
        const data = MATCHES.encodeFunctionData('proveStep', [
          1n,
          1n,
          [LEAF, LEAF],
          toHex(commitment.encodedSteps[index + 1]!),
          commitment.stepProof(index + 1),
          1,
          trace,
          constants,
        ]);
        const bytes = (data.length - 2) / 2;
        assert.ok(bytes <= price.calldataBytes, `step ${index + 1}: ${bytes} bytes, priced ${price.calldataBytes}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('runs of leaves far apart take no more hashes than bounded, and not much fewer', () => {
  const runs = fc.record({
    count: fc.integer({ min: 1, max: 40 }),
    length: fc.integer({ min: 1, max: 300 }),
    gap: fc.integer({ min: 130, max: 700 }),
    offset: fc.nat(2_000),
  });
  const all = { bound: 0, siblings: 0 };
  fc.assert(
    fc.property(runs, ({ count, length, gap, offset }) => {
      const apart = length + gap;
      const column = step(1, read(slot(0), { ...NO_VIEW, offset, coefs: [0, apart, 1] }), {
        redDims: [count, length],
        reduce: 'max',
      });
      const reading = program(offset + count * apart, [column]);
      const commitment = commitModel(reading);
      const slots = evaluate(reading, new Int32Array(reading.input.elements));
      const opening = traceForest(commitment, slots).open(elementReads(commitment, slots, 1, 0).trace);
      const bound = leafBounds(reading, column, treeDepths(reading)).trace;
      assert.ok((opening.leaves.length - 2) / 2 / LEAF_BYTES <= bound.leaves);
      assert.ok((opening.runs.length - 2) / 2 / 7 <= bound.runs);
      assert.ok(opening.siblings.length <= bound.siblings, `${opening.siblings.length} of ${bound.siblings} hashes`);
      all.bound += bound.siblings;
      all.siblings += opening.siblings.length;
    }),
    { numRuns: 300 },
  );
  assert.ok(all.siblings > 0.3 * all.bound, `${all.siblings} of ${all.bound} hashes`);
});

test('the cost of execution is the one that the contracts are tested against', () => {
  const source = file('contracts/test/helpers/StepCost.sol');
  const inSolidity = Object.fromEntries(
    [...source.matchAll(/uint256 private constant (\w+) = (\d[\d_]*);/g)].map(([, name, value]) => [
      name,
      Number(value?.replaceAll('_', '')),
    ]),
  );
  const { perTerm, ...others } = EXECUTION_GAS;
  assert.equal(inSolidity, {
    FIXED: others.fixed,
    PER_ENCODED_BYTE: others.perEncodedByte,
    PER_LEAF: others.perLeaf,
    PER_RUN: others.perRun,
    PER_SIBLING: others.perSibling,
    PER_ROW: others.perRow,
    PER_ROW_AND_AXIS: others.perRowAndAxis,
    PER_PIECE: others.perPiece,
    PER_DOT_TERM: perTerm.dotProduct,
    PER_FIRST_TERM: perTerm.first,
    PER_OTHER_TERM: perTerm.other,
  });
});

test('a challenge costs no more than its price, however large the posted output', () => {
  const gas = JSON.parse(file('contracts/gas/transactions.json')) as Record<string, string>;
  const sizes = Object.keys(gas).flatMap((name) => name.match(/^challenge, output of (\d+)$/)?.[1] ?? []);
  assert.ok(sizes.length >= 4);
  for (const size of sizes) {
    const posting = program(Number(size), [step(Number(size), read(slot(0)), { lo: -128, hi: 127, width: 1 })]);
    const measured = Number(gas[`challenge, output of ${size}`]);
    assert.ok(measured <= challengeGas(posting), `${size} bytes: ${measured}, priced ${challengeGas(posting)}`);
    assert.ok(challengeGas(posting) <= MAX_CHECK_GAS);
  }
  const byRoot = program(30_000, [step(30_000, read(slot(0)), { lo: -128, hi: 127, width: 1 })]);
  assert.is(challengeGas(byRoot), challengeGas(program(1, [step(1, read(slot(0)))])));
});

/** Reads every 300th element: each in a leaf of its own. */
const scattered = (terms: number) =>
  step(1, read(slot(0), { ...NO_VIEW, coefs: [0, 300] }), {
    name: 'scattered',
    redDims: [terms],
    reduce: 'max',
  });
/** Many terms, hardly a leaf. */
const busy = (terms: number) =>
  step(1, read(constant(0), { ...NO_VIEW, coefs: [0, 0] }), {
    name: 'busy',
    redDims: [terms],
    reduce: 'max',
    combine: 'max',
  });

test('a model is refused for any step whose check does not fit a transaction, also where another one costs more gas', () => {
  const one = { name: 'one', width: 1, data: Int32Array.of(1) } as const;
  const both = program(300 * 400, [scattered(400), busy(12_000)], { constants: [one] });
  const [first, second] = priceProgram(both).steps;
  assert.ok(first!.calldataBytes > MAX_CHECK_CALLDATA_BYTES && first!.gas < second!.gas && fitsOneTransaction(second!));
  assert.throws(() => requireWithinLimits(both), /checking step 1 \("scattered"\) takes \d+ gas and \d+ bytes/);
  requireWithinLimits(program(300 * 250, [scattered(250), busy(12_000)], { constants: [one] }));
});

test('the checks of all models that were measured fit a transaction', () => {
  const { models } = JSON.parse(file('bench/models.json')) as {
    models: { model: string; worstStep: { gas: number } }[];
  };
  assert.ok(models.length >= 19);
  for (const { model, worstStep } of models) assert.ok(worstStep.gas <= MAX_CHECK_GAS, model);
});

test.run();
