/** Laws of what is done to a job; those of moves are in decide-match.test.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hash } from '../../src/commit/hash.js';
import { zeroHash } from '../../src/commit/merkle.js';
import type { Challenge } from '../../src/dispute/actions.js';
import {
  BrokenLaw,
  requireLawfulChallenge,
  requireLawfulFinish,
  requireLawfulOpening,
  requireLawfulTimeout,
} from '../../src/dispute/laws.js';
import { termsOf } from '../../src/dispute/moves.js';
import { Game, honestTrace } from '../helpers/game.js';
import { wrongElement } from '../helpers/liars.js';
import { addressOf } from '../helpers/players.js';
import { countingInput, countingProgram } from '../helpers/traces.js';

const truth = honestTrace(countingProgram(4, 300), countingInput(300));
const broken = (act: () => unknown, law: RegExp) =>
  assert.throws(act, (error: unknown) => error instanceof BrokenLaw && law.test(error.message));

/** alice's claim is correct, mallory's is not. */
const game = new Game(truth).claimedBy('alice').challengedByLiar('mallory', wrongElement(3, 77));
const { sealDomain } = game.referee.deployment;
const { job, claims } = game.referee.view();
const [correct, wrong] = [claims[0]!, claims[1]!];

test('a challenge is lawful only against a live wrong claim, for a correct counter-claim', () => {
  const [decision] = new Game(truth)
    .claimedByLiar('mallory', wrongElement(3, 77))
    .watchedBy('wendy')
    .decisions('wendy');
  const challenge = decision?.action as Challenge;
  const target = { ...challenge.target, claimId: wrong.id, terms: termsOf(wrong) };
  const lawful = (change: Partial<Challenge>, among = claims) =>
    requireLawfulChallenge({ ...challenge, target, ...change }, job, among, truth, sealDomain);
  lawful({});
  broken(() => lawful({}, [correct]), /only a live claim/);
  broken(() => lawful({}, [correct, { ...wrong, status: 'lost' }]), /only a live claim/);
  broken(() => lawful({ target: { ...target, claimId: correct.id } }), /correct claim is never challenged/);
  broken(() => lawful({ target: { ...target, terms: { ...target.terms, seal: zeroHash(0) } } }), /names the seal/);
  broken(() => lawful({ outputRoot: zeroHash(0) }), /claims the output of the trace/);
  broken(() => lawful({ claimant: addressOf('thief') }), /counter-claim is correct/);
  broken(() => lawful({ seal: zeroHash(0) as Hash }), /counter-claim is correct/);
});

test('only a correct claim is helped to become final', () => {
  const finish = { kind: 'finalize', jobId: job.id, terms: termsOf(correct), output: '0x' } as const;
  requireLawfulFinish(finish, correct, truth, sealDomain);
  requireLawfulFinish(finish, null, null, sealDomain);
  broken(() => requireLawfulFinish(finish, wrong, truth, sealDomain), /only a correct claim/);
  broken(() => requireLawfulFinish(finish, correct, null, sealDomain), /only a correct claim/);
  const terms = termsOf(wrong);
  broken(() => requireLawfulFinish({ ...finish, terms }, correct, truth, sealDomain), /terms of the winner/);
  broken(() => requireLawfulFinish({ ...finish, output: '0x00' }, null, null, sealDomain), /has no output/);
});

test('a match is opened for a correct claim against a wrong one, both live', () => {
  requireLawfulOpening(correct, wrong, truth, sealDomain);
  broken(() => requireLawfulOpening(wrong, correct, truth, sealDomain), /for a correct claim/);
  broken(() => requireLawfulOpening(correct, correct, truth, sealDomain), /against a wrong claim/);
  broken(() => requireLawfulOpening(correct, { ...wrong, status: 'lost' }, truth, sealDomain), /only live claims/);
});

test('time is called against a wrong side', () => {
  const pair = [correct, wrong] as const;
  requireLawfulTimeout([1], pair, truth, sealDomain);
  requireLawfulTimeout([0, 1], pair, truth, sealDomain);
  broken(() => requireLawfulTimeout([0], pair, truth, sealDomain), /against a wrong side/);
  broken(() => requireLawfulTimeout([], pair, truth, sealDomain), /against a wrong side/);
});

test.run();
