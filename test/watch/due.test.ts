import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sealOf } from '../../src/commit/seal.js';
import { type Action, decided } from '../../src/dispute/actions.js';
import type { ClaimState, JobState, JobView, MatchState } from '../../src/dispute/game.js';
import type { Verdict } from '../../src/dispute/judge.js';
import { claimId, jobId, matchId, seconds, timestamp, wei } from '../../src/units.js';
import { requireWithinLimits, traceBytes, WORK_LIMITS } from '../../src/verify/limits.js';
import { requireEvaluatorAgrees } from '../../src/verify/spot-check.js';
import { attentionTo, NEVER, nextDeadline, quietUntil } from '../../src/watch/due.js';
import { holdOff } from '../../src/watch/hold-off.js';
import { type DecisionLine, Journal } from '../../src/watch/line.js';
import { Purse } from '../../src/watch/purse.js';
import { smallProgram, smallTrace } from '../chain/small-model.js';

const HASH = `0x${'00'.repeat(32)}` as const;
const CLIENT = '0x00000000000000000000000000000000000000c1';

const job = (changes: Partial<JobState> = {}): JobState => ({
  id: jobId(1),
  modelId: HASH,
  inputRoot: HASH,
  requester: CLIENT,
  status: 'open',
  claimBy: timestamp(100),
  windowEndsAt: timestamp(0),
  firstClaim: claimId(0),
  winner: claimId(0),
  lastClaim: claimId(0),
  agreedUpTo: claimId(0),
  outputBytes: 2,
  feeWei: wei(1),
  potWei: wei(0),
  consumer: CLIENT,
  inputOutstanding: false,
  ...changes,
});
const claim = (id: number, changes: Partial<ClaimState> = {}): ClaimState => ({
  id: claimId(id),
  jobId: jobId(1),
  claimant: CLIENT,
  status: 'live',
  target: claimId(0),
  seal: HASH,
  outputRoot: HASH,
  traceRoot: `0x${String(id).padStart(64, '0')}`,
  ...changes,
});
const match = (changes: Partial<MatchState> = {}): MatchState => ({
  id: matchId(1),
  claims: [claimId(1), claimId(2)],
  phase: 'descend',
  ending: 'none',
  height: 4,
  position: 0,
  turn: 1,
  losers: [false, false],
  clockStartedAt: timestamp(50),
  remainingSeconds: [seconds(10), seconds(30)],
  nodes: [HASH, HASH],
  opened: null,
  leaves: [null, null],
  computed: null,
  ...changes,
});
const view = (changes: Partial<JobView> = {}): JobView => ({
  job: job(),
  claims: [],
  matches: [],
  promised: [],
  ...changes,
});
const nobody = { addresses: [] as readonly string[], bondFrom: null, endsOthersJobs: false };
const client = { ...nobody, addresses: [CLIENT] };
const decisions = (what: JobView, party: typeof nobody, now: number) => {
  const attention = attentionTo(what, party, timestamp(now));
  return attention.kind === 'decided'
    ? attention.decisions.map(({ action, reason }) => action?.kind ?? reason)
    : attention.kind;
};

test('only a job with a live claim is run', () => {
  assert.is(decisions(view({ claims: [claim(1)] }), nobody, 50), 'judge');
  assert.equal(decisions(view({ claims: [claim(1, { status: 'lost' })] }), nobody, 50), [
    'no claim is live; a first claim may come until 100',
  ]);
  assert.equal(decisions(view({ job: job({ status: 'final' }), claims: [claim(1)] }), nobody, 50), []);
});

test('an unclaimed job is ended by its requester, after the last second for a claim', () => {
  assert.equal(decisions(view(), client, 100), ['no claim is live; a first claim may come until 100']);
  assert.equal(decisions(view(), client, 101), ['finalize']);
  assert.equal(decisions(view(), { ...nobody, endsOthersJobs: true }, 101), ['finalize']);
  assert.equal(decisions(view(), nobody, 101), ['no claim is live and none can come: ending the job is not ours']);
  assert.equal(decisions(view({ job: job({ inputOutstanding: true }) }), client, 101), [
    'a demanded input is not complete',
  ]);
});

test('the nearest end of a running clock or of the window comes first', () => {
  const claims = [claim(1), claim(2)];
  const windowEndsAt = timestamp(90);
  assert.is(nextDeadline(view({ job: job({ windowEndsAt }), claims }), timestamp(50)), 90);
  assert.is(nextDeadline(view({ job: job({ windowEndsAt }), claims, matches: [match()] }), timestamp(50)), 80);
  const over = match({ phase: 'over' });
  assert.is(nextDeadline(view({ job: job({ windowEndsAt }), claims, matches: [over] }), timestamp(50)), 90);
  assert.is(
    nextDeadline(view({ job: job({ windowEndsAt }), claims, matches: [match()] }), timestamp(95)),
    95,
    'all are over: now',
  );
});

test('a job is quiet until its window has closed, unless anything in it is disputed, missing or left undone', () => {
  const truth = smallTrace();
  const right = claim(1, {
    seal: sealOf(HASH, jobId(1), CLIENT, truth.answer.traceRoot),
    outputRoot: truth.answer.outputRoot,
  });
  const quiet = (what: Partial<JobView>, now = 50, verdict: Verdict | null = { kind: 'traced', trace: truth }) =>
    quietUntil(view({ job: job({ windowEndsAt: timestamp(90) }), ...what }), verdict, [], HASH, timestamp(now));
  assert.is(quiet({ claims: [right] }), 91);
  assert.is(quiet({ claims: [right] }, 90), 91);
  assert.is(quiet({ claims: [right] }, 91), NEVER, 'what was due then was decided');
  assert.is(quiet({ claims: [claim(1)] }), 50, 'it is wrong');
  assert.is(quiet({ claims: [right, { ...right, id: claimId(2) }] }), 50, 'two are live');
  assert.is(quiet({ claims: [right, claim(2, { status: 'lost' })] }), 91);
  assert.is(quiet({ claims: [right] }, 50, { kind: 'unverifiable', reason: 'no input' }), 50);
  assert.is(quiet({ claims: [right], job: job({ inputOutstanding: true }) }), 50);
  assert.is(quiet({ claims: [] }, 100, null), 101, 'a first claim may come');
  assert.is(quiet({ claims: [] }, 101, null), NEVER);
  assert.is(quiet({ claims: [claim(1)], job: job({ status: 'final' }) }, 50, null), NEVER);
  const undone = decided({ kind: 'callTime', matchId: matchId(1) }, 'time');
  assert.is(quietUntil(view({ job: job({ status: 'final' }) }), null, [undone], HASH, timestamp(50)), 50);
});

test("others' matches are left to their own sides for a while, and to each watchtower for another while", () => {
  const claims = [claim(1), claim(2)];
  const long = match({ remainingSeconds: [seconds(1000), seconds(1000)] });
  const what = view({ claims, matches: [long] });
  const move = decided({ kind: 'callTime', matchId: matchId(1) }, 'time', { matchId: matchId(1) });
  const descend = decided({ ...move.action, kind: 'settleSameTrace' } as Action, 'a move', { matchId: matchId(1) });
  const kinds = (party: typeof nobody, now: number, offSeconds = 30, where = what) =>
    holdOff([descend, move], where, party, timestamp(now), seconds(offSeconds)).map(
      ({ action }) => action?.kind ?? null,
    );
  const a = { ...nobody, addresses: ['0x0a'] };
  const b = { ...nobody, addresses: ['0x0b'] };
  assert.equal(kinds(a, 79), [null, 'callTime'], 'time is called at once');
  assert.equal(kinds(a, 110), ['settleSameTrace', 'callTime'], 'not for more than twice as long');
  assert.equal(kinds(client, 50), ['settleSameTrace', 'callTime'], "one's own side moves at once");
  assert.equal(kinds(a, 50, 0), ['settleSameTrace', 'callTime']);
  const begins = (party: typeof nobody): number =>
    Array.from({ length: 61 }, (_, i) => 50 + i).find((now) => kinds(party, now)[0] !== null) ?? 0;
  assert.is.not(begins(a), begins(b));
  const short = view({ claims, matches: [match({ remainingSeconds: [seconds(8), seconds(30)] })] });
  assert.equal(kinds(a, 52, 30, short), ['settleSameTrace', 'callTime'], 'at most a quarter of the clock');
});

test('the purse counts what is put up but not read yet', async () => {
  const purse = new Purse(10n);
  assert.ok(purse.allows(wei(10), 0n));
  const first = purse.spend(wei(6), 0n, async () => ({ blockNumber: 7 }));
  assert.not.ok(purse.allows(wei(5), 0n), 'under way');
  assert.ok(await first);
  assert.not.ok(purse.allows(wei(5), 0n), 'mined');
  purse.chainWasRead(6);
  assert.not.ok(purse.allows(wei(5), 0n), 'in a block that was not read yet');
  purse.chainWasRead(7);
  assert.ok(purse.allows(wei(4), 6n));
  assert.not.ok(purse.allows(wei(5), 6n));
  await purse.spend(wei(4), 6n, () => Promise.reject(new Error('refused'))).catch(() => undefined);
  assert.ok(purse.allows(wei(4), 6n), 'a refused one was not put up');
  const never = (): never => {
    throw new Error('It was sent.');
  };
  assert.is(await purse.spend(wei(5), 6n, never), null);
  assert.ok(new Purse(null).allows(wei(1e18), 10n ** 30n));
});

test('the journal says what stays as it is once', () => {
  const lines: DecisionLine[] = [];
  const journal = new Journal((line) => lines.push(line));
  const wait = (reason: string) => ({ decision: 'wait', reason });
  journal.waits(jobId(1), [wait('a'), wait('b')]);
  journal.waits(jobId(1), [wait('a')]);
  journal.waits(jobId(2), [wait('a')]);
  journal.waits(jobId(1), [wait('a'), wait('b')]);
  assert.equal(
    lines.map(({ job: of, reason }) => `${of}${reason}`),
    ['1a', '1b', '2a', '1b'],
  );
  for (let i = 0; i < 2; i++) journal.once(jobId(1), 'key', wait('c'));
  assert.is(lines.length, 5);
});

test('models that take too long, too much memory or too much gas are not run', () => {
  const program = smallProgram();
  requireWithinLimits(program);
  assert.throws(() => requireWithinLimits(program, { ...WORK_LIMITS, terms: 2000 }), /a run has 2\.\d+e\+3 terms/);
  assert.throws(() => requireWithinLimits(program, { ...WORK_LIMITS, traceBytes: 1000 }), /a trace takes \d+ bytes/);
  assert.ok(traceBytes(program) > 4 * 600);
});

test('a trace that the reference evaluator does not confirm is not used', () => {
  const truth = smallTrace();
  requireEvaluatorAgrees(truth);
  for (let slot = 1; slot < truth.slots.length; slot++) {
    const output = truth.slots[slot] as Int32Array;
    const slots = truth.slots.with(slot, output.with(output.length - 1, (output.at(-1) as number) ^ 1));
    assert.throws(() => requireEvaluatorAgrees({ ...truth, slots }), new RegExp(`disagree at step ${slot}`));
  }
});

test.run();
