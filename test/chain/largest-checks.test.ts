/**
 * Steps whose check is as large as the price tag lets one transaction be, each proved in a match on a real EVM; the same steps one
 * size larger are split or refused.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Case, constant, draft, noise, plain, read } from '../../fixtures/vectors/draft.js';
import { type Devnet, startDevnet } from '../../src/chain/devnet.js';
import { commitModel } from '../../src/commit/model.js';
import { splitExpensiveSteps } from '../../src/compiler/split.js';
import { traceSource } from '../../src/dispute/trace.js';
import { UserError } from '../../src/errors.js';
import { checkProgram } from '../../src/program/check.js';
import { evaluate } from '../../src/program/evaluate.js';
import {
  fitsOneTransaction,
  MAX_CHECK_CALLDATA_BYTES,
  MAX_CHECK_GAS,
  priceProgram,
  priceStep,
} from '../../src/program/price.js';
import { scalar } from '../../src/program/step.js';
import { tamper } from '../../src/worker/tamper.js';
import { playLie } from '../helpers/played-lie.js';

const wide = (elements: number) => ({ input: noise(elements, 2), inputWidth: 2 as const });
const one = { outDims: [1], reduce: 'sum' as const, shift: 24 };
/** Further apart than a leaf is long, so that no two of them share one. */
const APART = 200;

/** What makes a check large, by what there is most of. */
const SHAPES: Readonly<Record<string, (size: number) => Case>> = {
  'leaves in one run': (size) =>
    draft({
      ...wide(size),
      ...one,
      name: 'dot product',
      tables: [noise(size, 2)],
      redDims: [size],
      combine: 'product',
      a: read(plain(0, 1)),
      b: read(plain(0, 1), 1, constant(0)),
    }),
  'runs of one leaf': (size) =>
    draft({ ...wide(size * APART), ...one, name: 'column sum', redDims: [size], a: read(plain(0, APART)) }),
  'runs of two trees': (size) =>
    draft({
      ...wide(size * APART),
      ...one,
      name: 'columns',
      tables: [noise(size * APART, 2)],
      redDims: [size],
      combine: 'product',
      a: read(plain(0, APART)),
      b: read(plain(0, APART), 1, constant(0)),
    }),
  terms: (size) =>
    draft({
      ...wide(size),
      ...one,
      name: 'distance',
      redDims: [size],
      combine: 'max',
      a: read(plain(0, 1)),
      b: scalar(0),
    }),
  rows: (size) =>
    draft({
      ...wide(size),
      ...one,
      name: 'rows',
      redDims: [size, 1],
      combine: 'product',
      a: read({
        ...plain(0, 0, 0),
        axes: [{ stride: 1, extent: size, base: 0, coefs: [0, 1, 1] }],
      }),
      b: read(plain(0, 0, 0)),
    }),
  'indexed reads': (size) =>
    draft({
      name: 'embeddings',
      input: Array.from({ length: size }, (_, i) => (i * 7) % size),
      inputWidth: 2,
      ...one,
      tables: [noise(size * APART, 2)],
      redDims: [size],
      combine: 'indexed',
      index: { stride: APART, extent: size },
      a: read(plain(0, 0), 1, constant(0)),
      b: read(plain(0, 1)),
    }),
};

/** The largest size that fits one transaction. */
function largest(shape: (size: number) => Case): number {
  const isAccepted = (size: number) => fitsOneTransaction(priceStep(shape(size).program, 0));
  let tooLarge = 2;
  while (isAccepted(tooLarge)) tooLarge *= 2;
  let fits = tooLarge / 2;
  while (tooLarge - fits > 1) {
    const middle = (fits + tooLarge) >> 1;
    if (isAccepted(middle)) fits = middle;
    else tooLarge = middle;
  }
  return fits;
}

let devnet: Devnet;
test.before(async () => {
  devnet = await startDevnet();
});
test.after(() => devnet.stop());

/** The transaction that ends a match about the program's only element. */
async function proofOf({ program, input }: Case) {
  checkProgram(program);
  const truth = traceSource(commitModel(program), evaluate(program, input));
  const { claimId, match, matchGas, view } = await playLie(devnet, truth, tamper(truth, { slot: 1, element: 0 }));
  assert.is(view.claims.find(({ id }) => id === claimId)?.status, 'lost');
  const proof = match.at(-1)!;
  assert.is(proof.kind, 'proveStep');
  return { proof, matchGas };
}

for (const [what, shape] of Object.entries(SHAPES))
  test(`as many ${what} as the price tag allows fit a transaction, and one more is not accepted`, async () => {
    const size = largest(shape);
    const most = shape(size);
    const price = priceProgram(most.program);
    const { proof, matchGas } = await proofOf(most);
    const { gas, calldataBytes } = price.worstStep;
    assert.ok(proof.gas <= gas && gas <= MAX_CHECK_GAS, `${proof.gas} of ${gas} gas`);
    assert.ok(proof.calldataBytes <= calldataBytes && calldataBytes <= MAX_CHECK_CALLDATA_BYTES, `${calldataBytes}`);
    assert.ok(matchGas <= price.matchGas, `${matchGas} of ${price.matchGas} gas for the match`);

    const { program } = shape(size + 1);
    try {
      assert.ok(priceProgram(splitExpensiveSteps(program)).steps.every(fitsOneTransaction));
    } catch (error) {
      assert.ok(error instanceof UserError && error.code === 'OG_STEP_TOO_EXPENSIVE', `${error}`);
    }
  });

test.run();
