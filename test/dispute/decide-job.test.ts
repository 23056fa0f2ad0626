import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Finalize } from '../../src/dispute/actions.js';
import { decideJob } from '../../src/dispute/decide-job.js';
import { decideWithdrawals } from '../../src/dispute/ending.js';
import { BrokenLaw } from '../../src/dispute/laws.js';
import { termsOf } from '../../src/dispute/moves.js';
import { timestamp } from '../../src/units.js';
import { Game, honestTrace } from '../helpers/game.js';
import { wrongElement, wrongFrom, wrongInput } from '../helpers/liars.js';
import { addressOf, Honest } from '../helpers/players.js';
import { CLOCK_SECONDS, REQUESTER, WINDOW_SECONDS } from '../helpers/referee.js';
import { countingInput, countingProgram } from '../helpers/traces.js';

const truth = honestTrace(countingProgram(4, 300), countingInput(300));
const game = (options = {}) => new Game(truth, options);
const lie = wrongElement(3, 77);
const SILENT = { silentIn: ['open', 'descend', 'leaf'] } as const;

// ---- challenging

test('a correct claim is left alone', () => {
  const g = game().claimedBy('alice').watchedBy('wendy');
  assert.equal(g.due('wendy'), []);
  assert.match(g.waits('wendy'), /challenge window is open/);
});

test('a wrong claim is challenged, in the window only', () => {
  const g = game().claimedByLiar('mallory', lie).watchedBy('wendy');
  assert.equal(g.due('wendy'), ['challenge']);
  g.wait(WINDOW_SECONDS);
  assert.equal(g.due('wendy'), ['challenge']);
  g.wait(1);
  assert.equal(g.due('wendy'), []);
  assert.match(g.waits('wendy'), /window is over/);
});

test('a challenge carries what the contract takes, and its deadline', () => {
  const g = game().claimedByLiar('mallory', lie).watchedBy('wendy');
  const [decision] = g.decisions('wendy');
  const { job, claims } = g.referee.view();
  assert.is(decision?.deadline, job.windowEndsAt);
  assert.ok(decision?.action?.kind === 'challenge');
  const { claimant, bondWei, target } = decision.action;
  assert.is(claimant, addressOf('wendy'));
  assert.is(bondWei, g.referee.deployment.parameters.bondWei);
  assert.is(target.claimId, claims[0]?.id);
  assert.is(target.terms.seal, claims[0]?.seal);
  assert.is(target.terms.outputRoot, claims[0]?.outputRoot);
});

test('an output that goes by its root is not posted with a challenge', () => {
  const g = game({ outputByRoot: true }).claimedByLiar('mallory', lie).watchedBy('wendy');
  const [decision] = g.decisions('wendy');
  assert.ok(decision?.action?.kind === 'challenge');
  assert.is(decision.action.output, '0x');
});

test('nobody challenges without a bond to put up', () => {
  const g = game().claimedByLiar('mallory', lie).watchedBy('wendy', { bonds: false });
  assert.equal(g.due('wendy'), []);
  assert.match(g.waits('wendy'), /no bond may be put up/);
});

test('a right output under a right seal of somebody else is wrong: the seal is not the claimant’s', () => {
  const g = game().claimedBy('alice');
  const { claims } = g.referee.view();
  const h = game();
  const output = g.watchedBy('wendy').decisions('wendy'); // a correct claim: nothing to do
  assert.ok(output.every(({ action }) => action === null));
  const { seal, outputRoot } = claims[0]!;
  h.referee.submit(addressOf('thief'), seal, outputRoot, bytesOfOutput());
  assert.equal(h.watchedBy('wendy').due('wendy'), ['challenge']);
});

test('a right seal over another output root cannot be revealed, so it is wrong', () => {
  const g = game({ outputByRoot: true }).claimedBy('alice', false);
  g.referee.claims[0]!.outputRoot = `0x${'01'.repeat(32)}`;
  assert.equal(g.watchedBy('wendy').due('wendy'), ['challenge']);
});

test('an unverifiable job is only watched', () => {
  const g = game().claimedByLiar('mallory', lie).watchedBlindlyBy('wendy', 'the model could not be fetched');
  assert.equal(g.due('wendy'), []);
  assert.match(g.waits('wendy'), /unverifiable: the model could not be fetched/);
});

test('no second bond after one’s own claim turns out wrong: something is broken here', () => {
  const g = game().claimedByLiar('wendy', lie);
  const honest = new Honest('wendy', { kind: 'traced', trace: truth });
  const decisions = honest.decisions(g.referee);
  assert.ok(decisions.every(({ action }) => action === null));
  assert.match(decisions.map(({ reason }) => reason).join(), /one's own claim 1 is wrong/);
});

test('a trace of another input or of another model is never acted on', () => {
  const view = game().claimedByLiar('mallory', lie).referee.view();
  const { deployment, now } = game().referee;
  const party = { addresses: [], bondFrom: addressOf('wendy'), endsOthersJobs: true };
  for (const other of [
    honestTrace(countingProgram(4, 300), countingInput(300).with(0, 5)),
    honestTrace(countingProgram(5, 300), countingInput(300)),
  ])
    assert.throws(
      () => decideJob(view, { kind: 'traced', trace: other }, party, deployment, timestamp(now)),
      (error: unknown) => error instanceof BrokenLaw,
    );
});

// ---- matches

test('every wrong claim is matched with a correct one, once', () => {
  const g = game().claimedByLiar('m1', lie).challengedByLiar('m2', wrongFrom(1, 3)).watchedBy('wendy');
  g.turn('wendy', 'challenge');
  assert.equal(g.due('wendy'), ['revealAndMove', 'openMatch']);
  g.turn('wendy', 'revealAndMove').turn('wendy', 'openMatch');
  assert.equal(g.due('wendy'), ['open']);
  g.turn('wendy', 'open');
  assert.equal(g.due('wendy'), []);
  assert.equal(
    g.referee.view().matches.map(({ claims }) => claims.join(' against ')),
    ['1 against 2', '1 against 3', '2 against 3'],
  );
});

test('one match with a correct claim is enough for a wrong one', () => {
  const g = game().claimedByLiar('mallory', lie).watchedBy('wendy').turn('wendy', 'challenge');
  g.turn('wendy', 'revealAndMove');
  g.challengedByLiar('m2', wrongInput(2), {}, 2).challenge({ address: addressOf('second') }, truth, 1);
  assert.equal(g.due('wendy'), ['revealAndMove'], 'second’s, which m1 may answer');
  g.turn('wendy', 'revealAndMove');
  assert.equal(g.due('wendy'), []);
});

test('a claim in several matches is revealed once, with the most urgent of its moves', () => {
  const g = game()
    .claimedBy('alice')
    .challengedByLiar('m1', lie)
    .turn('m1', 'revealAndMove')
    .wait(100)
    .challengedByLiar('m2', wrongInput(1), {}, 1)
    .turn('m2', 'revealAndMove');
  const [first, ...rest] = g.decisions('alice');
  assert.ok(first?.action?.kind === 'revealAndMove' && first.action.move.kind === 'descend');
  assert.is(first.action.move.matchId, 1n);
  assert.is(first.deadline, g.referee.now - 100 + CLOCK_SECONDS);
  assert.ok(rest.every(({ action }) => action === null));
  g.turn('alice', 'revealAndMove').turn('alice', 'descend');
});

test('what has the nearest deadline is first', () => {
  const g = game()
    .claimedBy('alice')
    .challengedByLiar('m1', lie)
    .turn('m1', 'revealAndMove')
    .turn('alice', 'revealAndMove');
  g.challengedByLiar('m2', wrongElement(1, 1), {}, 1).turn('m2', 'revealAndMove').wait(5);
  g.challengedByLiar('m3', wrongElement(1, 2), {}, 1).turn('m3', 'revealAndMove');
  const deadlines = g.decisions('alice').flatMap(({ action, deadline }) => (action ? [deadline] : []));
  assert.equal(
    deadlines,
    [...deadlines].sort((x, y) => (x ?? 0) - (y ?? 0)),
  );
  assert.is(deadlines.length, 2);
});

test('time is called the second after a wrong side’s clock has run out', () => {
  const g = game().claimedBy('alice').challengedByLiar('mallory', lie, SILENT);
  assert.equal(g.wait(CLOCK_SECONDS).due('alice'), []);
  assert.equal(g.wait(1).due('alice'), ['callTime']);
  g.turn('alice', 'callTime').expectLost('mallory');
});

test('where both clocks ran out in proof, the correct side proves instead of calling time', () => {
  const g = game().claimedByLiar('mallory', lie).watchedBy('wendy').turn('wendy', 'challenge');
  g.turn('wendy', 'revealAndMove')
    .turn('mallory', 'revealAndMove')
    .turn('wendy', 'descendToLeaf')
    .turn('mallory', 'postLeaf');
  g.wait(CLOCK_SECONDS + 1)
    .turn('wendy', 'proveStep')
    .expectLost('mallory')
    .expectFound(3, 77);
});

test('where only the wrong side’s clock ran out in proof, time is called: it is cheaper', () => {
  const g = game()
    .claimedByLiar('mallory', lie)
    .watchedBy('wendy')
    .turn('wendy', 'challenge')
    .turn('wendy', 'revealAndMove');
  g.wait(50).turn('mallory', 'revealAndMove').turn('wendy', 'descendToLeaf').turn('mallory', 'postLeaf');
  assert.equal(g.wait(CLOCK_SECONDS - 50).due('wendy'), ['proveStep']);
  assert.equal(g.wait(1).due('wendy'), ['callTime']);
});

test('where the correct side’s clock ran out with the other leaf there, it proves', () => {
  const g = game().claimedBy('alice').challengedByLiar('mallory', lie).turn('mallory', 'revealAndMove');
  g.turn('alice', 'revealAndMove')
    .turn('mallory', 'descendToLeaf')
    .wait(CLOCK_SECONDS + 1);
  assert.ok(g.due('alice').includes('proveStep'));
  g.turn('alice', 'proveStep').expectLost('mallory');
});

test('where only the correct side’s clock ran out, time is not called', () => {
  const g = game().claimedBy('alice').challengedByLiar('mallory', lie).turn('mallory', 'revealAndMove');
  g.wait(CLOCK_SECONDS + 1);
  assert.not(g.due('alice').includes('callTime'));
});

test('a correct claim that has no time left is not relied upon: another is posted and matched', () => {
  const g = game().claimedBy('alice', false).challengedByLiar('mallory', lie).turn('mallory', 'revealAndMove');
  g.wait(CLOCK_SECONDS + 1).watchedBy('wendy');
  assert.equal(g.due('wendy'), ['challenge']);
  g.play().expectFinal('wendy');
  assert.is(g.referee.claimOf(2n).status, 'lost');
});

test('two wrong claims fight without help, but time is called on them', () => {
  const g = game().claimedByLiar('m1', lie, SILENT).challengedByLiar('m2', wrongElement(1, 1), SILENT);
  g.watchedBy('wendy', { bonds: false });
  assert.equal(g.due('wendy'), []);
  g.wait(CLOCK_SECONDS + 1)
    .turn('wendy', 'callTime')
    .expectLost('m2');
});

test('a needless challenge is settled by the one who was challenged, not by the one who would lose by it', () => {
  const g = game().claimedBy('alice').watchedBy('hasty');
  g.challenge(g.player('hasty'), truth);
  g.turn('alice', 'reveal').turn('alice', 'reveal');
  assert.equal(g.due('alice'), ['settleSameTrace']);
  assert.equal(g.due('hasty'), []);
});

// ---- ending

test('a decided job is ended after its window, with its output', () => {
  const g = game().claimedBy('alice').wait(WINDOW_SECONDS);
  assert.equal(g.due('alice'), []);
  const [decision] = g.wait(1).decisions('alice');
  const { job, claims } = g.referee.view();
  assert.equal(decision?.action, {
    kind: 'finalize',
    jobId: job.id,
    terms: termsOf(claims[0]!),
    output: bytesOfOutput(),
  } as Finalize);
});

test('a job that is decided for a stranger is ended only by those who said they would, or asked for it', () => {
  const g = game()
    .claimedBy('alice')
    .watchedBy('idle', { endsOthersJobs: false })
    .watchedBy('busy')
    .wait(WINDOW_SECONDS + 1);
  assert.equal(g.due('idle'), []);
  assert.match(g.waits('idle'), /not ours/);
  assert.equal(g.due('busy'), ['finalize']);
  const requester = { addresses: [REQUESTER.toUpperCase().replace('0X', '0x')], bondFrom: null, endsOthersJobs: false };
  const { referee } = g;
  const decisions = decideJob(
    referee.view(),
    { kind: 'traced', trace: truth },
    requester,
    referee.deployment,
    timestamp(referee.now),
  );
  assert.is(decisions[0]?.action?.kind, 'finalize');
});

test('a wrong claim is never helped to become final', () => {
  const g = game()
    .claimedByLiar('mallory', lie)
    .watchedBy('wendy')
    .wait(WINDOW_SECONDS + 1);
  assert.equal(g.due('wendy'), []);
  assert.match(g.waits('wendy'), /wrong claims are live: 1/);
});

test('nothing is final while a demanded input is outstanding', () => {
  const g = game()
    .claimedBy('alice')
    .wait(WINDOW_SECONDS + 1);
  g.referee.inputOutstanding = true;
  assert.equal(g.due('alice'), []);
  assert.match(g.waits('alice'), /demanded input/);
  g.referee.inputOutstanding = false;
  g.turn('alice', 'finalize').expectFinal('alice');
});

test('as soon as one correct claim is revealed, so is the other that must agree with it', () => {
  const g = game()
    .claimedByLiar('mallory', lie, SILENT)
    .watchedBy('wendy')
    .turn('wendy', 'challenge')
    .turn('wendy', 'revealAndMove');
  g.wait(CLOCK_SECONDS + 1).challenge({ address: addressOf('second') }, truth, 1);
  g.turn('wendy', 'callTime').turn('wendy', 'reveal').turn('wendy', null);
  g.wait(WINDOW_SECONDS).turn('wendy', 'finalize').expectFinal('wendy');
});

test('two unrevealed correct claims of a decided job are both revealed, then it ends', () => {
  const g = game().claimedByLiar('mallory', lie).watchedBy('wendy');
  g.turn('wendy', 'challenge').challenge({ address: addressOf('second') }, truth, 1);
  g.referee.claims[0]!.status = 'lost'; // as if by another match
  assert.equal(g.due('wendy'), []);
  assert.equal(g.wait(WINDOW_SECONDS + 1).due('wendy'), ['reveal', 'reveal']);
  g.turn('wendy', 'reveal').turn('wendy', 'reveal').turn('wendy', 'finalize');
});

test('a job in which every claim lost is void once no first claim can come', () => {
  const g = game().claimedByLiar('m1', lie, SILENT).challengedByLiar('m2', wrongElement(1, 1), SILENT);
  g.watchedBy('wendy', { bonds: false })
    .wait(CLOCK_SECONDS + 1)
    .turn('wendy', 'callTime');
  g.referee.claims[0]!.status = 'lost'; // as if by another match
  assert.match(g.waits('wendy'), /a first claim may come until/);
  const { claimBy } = g.referee.view().job;
  g.wait(claimBy - g.referee.now);
  assert.equal(g.due('wendy'), []);
  g.wait(1).turn('wendy', 'finalize');
  assert.is(g.referee.view().job.status, 'void');
  g.expectNoWeiLost();
});

test('many dead claims are skipped before the job is ended', () => {
  const g = game();
  for (let i = 0; i < 60; i++) g.claimedByLiar(`m${i}`, lie).referee.claims[i]!.status = 'lost';
  g.claimedBy('alice').wait(WINDOW_SECONDS + 1);
  g.referee.view();
  assert.equal(g.due('alice'), ['finalize'], 'the contract’s first claim is past them already');
  const { deployment, now } = g.referee;
  const view = g.referee.view();
  const stale = { ...view, job: { ...view.job, firstClaim: view.claims[0]!.id } };
  const party = { addresses: [addressOf('alice')], bondFrom: null, endsOthersJobs: false };
  const [decision] = decideJob(stale, { kind: 'traced', trace: truth }, party, deployment, timestamp(now));
  assert.equal(decision?.action, { kind: 'walkClaims', jobId: view.job.id, maxSteps: 60 } as never);
});

// ---- after the end

test('one’s own bond that an ended job did not need is reclaimed, also when the job is unverifiable', () => {
  const g = game().claimedByLiar('mallory', lie).watchedBy('wendy').turn('wendy', 'challenge');
  g.challenge({ address: addressOf('second') }, truth, 1)
    .play()
    .expectFinal('wendy');
  assert.is(g.referee.claimOf(3n).status, 'live');
  assert.equal(g.due('wendy'), []);
  const blind = new Honest('second', { kind: 'unverifiable', reason: 'no model' });
  assert.is(blind.act(g.referee)?.kind, 'reclaimBond');
  assert.is(blind.act(g.referee), null);
  g.expectNoWeiLost();
});

test('credits are taken out once they are worth it', () => {
  const credits = [
    { account: 'a', creditWei: 0n },
    { account: 'b', creditWei: 9n },
    { account: 'c', creditWei: 10n },
  ];
  assert.equal(
    decideWithdrawals(credits, 10n).map(({ action }) => action),
    [{ kind: 'withdraw', account: 'c' }],
  );
  assert.is(decideWithdrawals(credits, 0n).length, 2);
});

function bytesOfOutput(): `0x${string}` {
  const output = truth.slots[4] as Int32Array;
  const bytes = Buffer.alloc(4 * output.length);
  output.forEach((value, i) => {
    bytes.writeInt32BE(value, 4 * i);
  });
  return `0x${bytes.toString('hex')}`;
}

test.run();
