/** A lie in every step of the digits model, on a real chain: found at exactly that step and element, and the liar loses. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { finalizeJob, submitClaim } from '../../src/chain/claims.js';
import { type Devnet, startDevnet } from '../../src/chain/devnet.js';
import { registerModel } from '../../src/chain/model-registry.js';
import { readJob, readOutput, requestInference } from '../../src/chain/requests.js';
import { compileFile } from '../../src/cli/compile-file.js';
import { DIGITS_CALIBRATION, DIGITS_MODEL, digitOf, packDigit } from '../../src/cli/demo/digits.js';
import { type Found, foundBy } from '../../src/cli/demo/narrowing.js';
import { playDispute } from '../../src/cli/demo/play-match.js';
import { traceOf } from '../../src/cli/trace-job.js';
import { commitModel, outputBytes } from '../../src/commit/model.js';
import type { TraceSource } from '../../src/dispute/trace.js';
import type { Artefact } from '../../src/program/artefact.js';
import { seconds, wei } from '../../src/units.js';
import { tamper } from '../../src/worker/tamper.js';

const test = suite('a lie in every step');
const { artefact } = await compileFile(DIGITS_MODEL, { calibration: DIGITS_CALIBRATION });
const { program }: Artefact = artefact;
const commitment = commitModel(program);
const input = packDigit(program, digitOf(5));
let devnet: Devnet;
let truth: TraceSource;
let jobId: Awaited<ReturnType<typeof requestInference>>['jobId'];
let snapshot: string;

test.before(async () => {
  devnet = await startDevnet();
  truth = await traceOf({ artefact, commitment, modelId: commitment.modelId }, input);
  const provenance = { sourceSha256: commitment.modelId, fidelityHash: commitment.modelId, uri: '' };
  await registerModel(devnet.contracts, devnet.sender(1), commitment.model, provenance);
  const request = { model: commitment.model, input, feeWei: wei(1000), claimSeconds: seconds(3600) };
  ({ jobId } = await requestInference(devnet.contracts, devnet.sender(1), request));
  snapshot = await devnet.node.send('evm_snapshot', []);
});
test.after(() => devnet?.stop());
test.after.each(async () => {
  await devnet.node.send('evm_revert', [snapshot]);
  snapshot = await devnet.node.send('evm_snapshot', []);
});

/** Elements at the edges and inside of a slot, another one for each slot. */
function elementIn(slot: number): number {
  const { length } = truth.slots[slot]!;
  return [0, length - 1, Math.floor(length / 3), Math.floor((2 * length) / 3)][slot % 4]!;
}

for (let slot = 0; slot <= program.steps.length; slot++) {
  const name = slot === 0 ? 'the input' : `step ${slot} "${program.steps[slot - 1]!.name}"`;
  test(name, async () => {
    const { contracts } = devnet;
    const element = elementIn(slot);
    const lying = tamper(truth, { slot, element });
    const [liar, watchtower] = [devnet.sender(2), devnet.sender(3)];
    const { claimId } = await submitClaim(contracts, liar, await readJob(contracts, jobId), lying);

    const computed: Found[] = [];
    const players = {
      watchtower: { sender: watchtower, trace: truth },
      liar: { sender: liar, trace: lying, claim: claimId },
    };
    const view = await playDispute(contracts, jobId, players, ({ sent }) => {
      const found = foundBy(sent, contracts);
      if (found) computed.push(found);
    });
    const [found] = computed;
    assert.is(computed.length, 1, 'the contract has computed one element');
    assert.equal([found!.slot, found!.element], [slot, element]);
    assert.is(Number(found!.computed), truth.slots[slot]![element]);
    assert.is(Number(found!.claimed[0]), lying.slots[slot]![element]);
    assert.equal(
      view.claims.map(({ status }) => status),
      ['lost', 'live'],
    );

    await devnet.passSeconds(contracts.parameters.challengeWindowSeconds + 1);
    await finalizeJob(contracts, watchtower, jobId);
    const { bytes } = await readOutput(contracts, jobId);
    assert.equal(bytes, outputBytes(commitment.model, truth.slots.at(-1)!), 'the right answer is final');
  });
}

test.run();
