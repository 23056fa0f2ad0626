/** The matches of a job: moves for the correct side, whoever's claim it is, and time for the wrong one. */
import type { Timestamp } from '../units.js';
import { type CallTime, type Decision, decided, waiting } from './actions.js';
import { clocksAt, expiredSides } from './clock.js';
import { decideMatch } from './decide-match.js';
import { type ClaimState, SIDES, type Side } from './game.js';
import { type JobFacts, type Playing, sideOf } from './job-facts.js';
import { requireLawfulReveal, requireLawfulTimeout } from './laws.js';
import { revealMove, termsOf } from './moves.js';
import { assisting } from './refunds.js';

export function defend(facts: JobFacts): Decision[] {
  return facts.playing.flatMap((playing) => {
    const { match, claims } = playing;
    const correct = SIDES.filter((side) => facts.isCorrect(claims[side]));
    const timeout = callTime(facts, playing, correct);
    if (timeout) return [timeout];
    if (correct.length === 0) return [waiting('both claims are wrong: nothing to defend', { matchId: match.id })];
    if (correct.length === 2) return settle(facts, playing);
    return correct
      .filter((side) => claims[side].traceRoot !== null) // the others reveal once, not once a match: see dueReveals
      .map((side) => {
        const decision = decideMatch(match, claims, facts.trace, side, facts.now);
        return assisting(decision, match.id, claims[side], facts.party);
      });
  });
}

/**
 * Time is called when the clock of a wrong side has run out: at once when it can be called on that side alone, because a proof may
 * save it until then. Where the correct side's clock has run out too, a proof of our own comes first; where none can be given
 * any more both lose, which is no hurry: a counter-claim may have to come before.
 */
function callTime(facts: JobFacts, { match, claims }: Playing, correct: readonly Side[]): Decision | null {
  const expired = expiredSides(match, claims, facts.now);
  if (!expired.some((side) => !correct.includes(side))) return null;
  const alone = !expired.some((side) => correct.includes(side));
  if (!alone && match.phase === 'proof') return null;
  requireLawfulTimeout(expired, claims, facts.answered, facts.deployment.sealDomain);
  const reason = `the clock of side ${expired.join(' and of side ')} has run out`;
  const action: CallTime = { kind: 'callTime', matchId: match.id };
  const decision = decided(action, reason, { matchId: match.id }, alone ? facts.now : null);
  const [winner] = correct;
  return alone && winner !== undefined ? assisting(decision, match.id, claims[winner], facts.party) : decision;
}

/** Two correct claims have nothing to dispute; only a challenge of one against the other has something to settle. */
function settle(facts: JobFacts, { match, claims: [earlier, later] }: Playing): Decision[] {
  if (earlier.traceRoot === null || later.traceRoot === null) return [];
  const subject = { matchId: match.id };
  if (later.target !== earlier.id || facts.isOwn(later))
    return [waiting('both sides have revealed the same trace: nothing to settle', subject)];
  const reason = 'both sides have revealed the same trace: the challenge was needless';
  return [decided({ kind: 'settleSameTrace', matchId: match.id, terms1: termsOf(later) }, reason, subject)];
}

/**
 * Correct claims that must be revealed now: with the most urgent move of a match against a wrong claim; for a match against another
 * correct one, which ends no other way; or so that all live claims agree.
 */
export function dueReveals(facts: JobFacts): Decision[] {
  return facts.correct
    .filter(({ traceRoot }) => traceRoot === null)
    .flatMap((claim) => {
      const playing = facts.playing.filter(({ claims }) => sideOf(claims, claim) !== null);
      const amongCorrect = playing.filter(({ claims }) => claims.every((each) => facts.isCorrect(each)));
      if (amongCorrect.length > 0) return [revealOf(facts, claim, 'a match of two correct claims', amongCorrect)];
      const moves = playing.flatMap(({ match, claims }) => {
        const side = sideOf(claims, claim);
        const decision = side === null ? null : decideMatch(match, claims, facts.trace, side, facts.now);
        return decision?.action ? [assisting(decision, match.id, claim, facts.party)] : [];
      });
      const first = moves.sort((x, y) => (x.deadline ?? 0) - (y.deadline ?? 0))[0];
      if (first) return [first];
      return mustAgree(facts) ? [revealOf(facts, claim, 'all live claims must agree for the job to end', [])] : [];
    });
}

function revealOf(facts: JobFacts, claim: ClaimState, why: string, matches: readonly Playing[]): Decision {
  const action = revealMove(claim, facts.trace);
  requireLawfulReveal(action, claim, facts.trace);
  return decided(action, `to be revealed: ${why}`, { claimId: claim.id }, earliestEnd(facts, matches));
}

/** Where several correct claims are live, each must have revealed before the job can end. */
function mustAgree(facts: JobFacts): boolean {
  const { correct, view, now } = facts;
  if (correct.length < 2) return false;
  const begun = now > view.job.windowEndsAt || correct.some(({ traceRoot }) => traceRoot !== null);
  return begun && (facts.endsIt || correct.some((claim) => facts.isOwn(claim)));
}

function earliestEnd({ now }: JobFacts, matches: readonly Playing[]): Timestamp | null {
  const ends = matches.flatMap(({ match, claims }) =>
    clocksAt(match, claims, now).flatMap(({ endsAt }) => (endsAt === null ? [] : [endsAt])),
  );
  return ends.length === 0 ? null : (Math.min(...ends) as Timestamp);
}
