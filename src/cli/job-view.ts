/** A job as `og job` shows it. */
import { clocksAt, isPlaying } from '../dispute/clock.js';
import type { Both, ClaimState, JobState, JobView, MatchState } from '../dispute/game.js';
import { matchText, type Timestamp } from '../units.js';
import { showWei } from './amounts.js';
import { out } from './colour.js';
import { showInstant, showSeconds } from './durations.js';
import { idNumber, idOrNull, short } from './ids.js';
import type { Json } from './json.js';
import { facts, table } from './table.js';

/** What the lists and the views of a job have in common. */
export function jobSummaryJson(job: JobState): Record<string, Json> {
  return {
    jobId: idNumber(job.id),
    status: job.status,
    modelId: job.modelId,
    inputRoot: job.inputRoot,
    requester: job.requester,
    feeWei: job.feeWei,
    claimBy: job.claimBy,
    windowEndsAt: job.windowEndsAt || null,
  };
}

export function jobJson(view: JobView, now: Timestamp): Record<string, Json> {
  const { job, claims, matches } = view;
  return {
    ...jobSummaryJson(job),
    potWei: job.potWei,
    inputOutstanding: job.inputOutstanding,
    winner: idOrNull(job.winner),
    consumer: /^0x0+$/.test(job.consumer) ? null : job.consumer,
    now,
    next: nextText(view, now),
    claims: claims.map(claimJson),
    matches: matches.map((match) => matchJson(match, claimsOf(match, claims), now)),
  };
}

export function claimJson(claim: ClaimState): Json {
  return {
    claimId: idNumber(claim.id),
    claimant: claim.claimant,
    status: claim.status,
    target: idOrNull(claim.target),
    seal: claim.seal,
    outputRoot: claim.outputRoot,
    traceRoot: claim.traceRoot,
  };
}

export function matchJson(match: MatchState, claims: Both<ClaimState>, now: Timestamp): Record<string, Json> {
  const clocks = clocksAt(match, claims, now);
  return {
    matchId: matchText(match.id),
    jobId: idNumber(claims[0].jobId),
    phase: match.phase,
    ending: match.ending === 'none' ? null : match.ending,
    height: match.height,
    position: match.position,
    sides: claims.map((claim, side) => ({
      claimId: idNumber(claim.id),
      claimant: claim.claimant,
      toMove: clocks[side as 0 | 1].toMove,
      secondsLeft: clocks[side as 0 | 1].secondsLeft,
      lost: match.losers[side as 0 | 1],
    })),
  };
}

export function showJob(view: JobView, now: Timestamp): string {
  const { job, claims, matches } = view;
  const lines = [
    facts([
      ['job', `${job.id}, ${statusText(job.status)}`],
      ['model', job.modelId],
      ['input root', job.inputRoot],
      ['asked by', job.requester],
      ['fee', showWei(job.feeWei)],
      ['pot', job.potWei > 0n ? showWei(job.potWei) : undefined],
      ['first claim by', job.windowEndsAt === 0 ? showInstant(job.claimBy, now) : undefined],
      ['window ends', job.windowEndsAt > 0 ? showInstant(job.windowEndsAt, now) : undefined],
      ['next', nextText(view, now)],
    ]),
  ];
  if (claims.length > 0) lines.push('', claimTable(claims));
  if (matches.length > 0) lines.push('', matchTable(matches, claims, now));
  return lines.join('\n');
}

export const statusText = (status: string): string =>
  status === 'final' ? out.green(status) : status === 'void' ? out.red(status) : out.yellow(status);

function claimTable(claims: readonly ClaimState[]): string {
  return table(
    ['claim', 'by', 'status', 'against', 'trace root'],
    claims.map(({ id, claimant, status, target, traceRoot }) => [
      id,
      claimant,
      status,
      target > 0n ? `claim ${target}` : '-',
      traceRoot ? short(traceRoot) : 'sealed',
    ]),
  );
}

function matchTable(matches: readonly MatchState[], claims: readonly ClaimState[], now: Timestamp): string {
  return table(
    ['match', 'claims', 'phase', 'levels left', 'to move', 'time left'],
    matches.map((match) => {
      const both = claimsOf(match, claims);
      const moving = clocksAt(match, both, now).flatMap((clock, side) =>
        clock.toMove ? [{ clock, side: side as 0 | 1 }] : [],
      );
      return [
        matchText(match.id),
        `${match.claims[0]} and ${match.claims[1]}`,
        phaseText(match),
        match.phase === 'over' ? '-' : match.height,
        moving.map(({ side }) => `claim ${match.claims[side]}`).join(', ') || '-',
        moving.map(({ clock }) => showSeconds(clock.secondsLeft)).join(', ') || '-',
      ];
    }),
  );
}

export function phaseText(match: MatchState): string {
  if (match.phase !== 'over') return match.phase;
  const how = match.ending === 'sameTrace' ? 'same trace' : `by ${match.ending}`;
  const lost = match.claims.filter((_, side) => match.losers[side as 0 | 1]);
  return lost.length > 0 ? `over ${how}: claim ${lost.join(' and ')} lost` : `over: ${how}`;
}

/** What the job waits for. */
export function nextText({ job, claims, matches }: JobView, now: Timestamp): string {
  if (job.status === 'final') return `nothing: claim ${job.winner} is the answer (og result ${job.id})`;
  if (job.status === 'void') return 'nothing: no claim held, the fee went back';
  if (job.inputOutstanding) return 'the input was demanded and is not posted yet';
  const live = claims.filter(({ status }) => status === 'live');
  if (live.length === 0) {
    return now <= job.claimBy
      ? 'anyone may post a claim (og submit)'
      : `nobody may claim any more (og finalize ${job.id} returns the fee)`;
  }
  const playing = matches.filter((match) => isPlaying(match, claimsOf(match, claims)));
  if (playing.length > 0)
    return `${playing.length === 1 ? 'a match is' : `${playing.length} matches are`} being played`;
  if (now <= job.windowEndsAt)
    return `anyone may challenge until the window ends, in ${showSeconds(job.windowEndsAt - now)}`;
  const roots = new Set(live.map(({ traceRoot }) => traceRoot));
  if (live.length > 1 && (roots.size > 1 || roots.has(null))) return 'live claims differ or are not revealed yet';
  return `it is decided: og finalize ${job.id}`;
}

export function claimsOf(match: MatchState, claims: readonly ClaimState[]): Both<ClaimState> {
  const find = (side: 0 | 1): ClaimState => {
    const found = claims.find(({ id }) => id === match.claims[side]);
    if (!found)
      throw new Error(`Match ${matchText(match.id)} names claim ${match.claims[side]}, which its job does not have.`);
    return found;
  };
  return [find(0), find(1)];
}
