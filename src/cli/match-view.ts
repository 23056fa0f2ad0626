/** A match as `og match` shows it: whose turn, how far down, and, once it is at a leaf, which element of which layer. */
import { clocksAt } from '../dispute/clock.js';
import type { JobView, MatchState } from '../dispute/game.js';
import { roundsOf } from '../dispute/levels.js';
import { type Location, locate } from '../dispute/locate.js';
import type { Model } from '../store/store.js';
import { matchText, type Timestamp } from '../units.js';
import { showSeconds } from './durations.js';
import { idNumber, short } from './ids.js';
import { claimsOf, matchJson, phaseText } from './job-view.js';
import type { Json } from './json.js';
import { facts, table } from './table.js';

export interface MatchView {
  readonly view: JobView;
  readonly match: MatchState;
  readonly now: Timestamp;
  /** Null when the model is not on this machine: then only numbers can be shown. */
  readonly model: Model | null;
}

export function matchViewJson({ view, match, now, model }: MatchView): Json {
  const place = placeOf(match, model);
  return {
    ...matchJson(match, claimsOf(match, view.claims), now),
    jobId: idNumber(view.job.id),
    roundsLeft: match.phase === 'over' ? 0 : roundsOf(match.height),
    foundStep: place?.kind === 'step' ? place.slot : null,
    place: place && placeJson(place),
  };
}

export function placeJson({ kind, slot, leaf, step, disputed }: Location): Json {
  return {
    kind,
    slot,
    leaf,
    name: step?.name ?? null,
    node: step?.origin.node ?? null,
    operator: step?.origin.operator ?? null,
    element: disputed?.element ?? null,
    values: disputed ? [...disputed.values] : null,
  };
}

export function showMatch({ view, match, now, model }: MatchView): string {
  const claims = claimsOf(match, view.claims);
  const clocks = clocksAt(match, claims, now);
  const place = placeOf(match, model);
  return [
    facts([
      ['match', `${matchText(match.id)} of job ${view.job.id}`],
      ['phase', phaseText(match)],
      ['rounds left', match.phase === 'descend' ? roundsOf(match.height) : undefined],
      ['place', place ? placeText(place) : undefined],
    ]),
    '',
    table(
      ['side', 'claim', 'by', 'node', '', 'time left'],
      ([0, 1] as const).map((side) => [
        side,
        claims[side].id,
        claims[side].claimant,
        match.nodes ? short(match.nodes[side]) : '-',
        match.losers[side] ? 'lost' : clocks[side].toMove ? 'to move' : '',
        match.phase === 'over' ? '-' : showSeconds(clocks[side].secondsLeft),
      ]),
    ),
  ].join('\n');
}

/** Where the match stands at a leaf. The element is known once both leaves are posted, or the contract has computed it. */
function placeOf(match: MatchState, model: Model | null): Location | null {
  if (!model || match.height !== 0) return null;
  const place = locate(model.commitment, match);
  return { ...place, disputed: place.disputed ?? match.computed };
}

/** "step 4, "pool2" (MaxPool pool2): element 17 is 30 to one side and 999 to the other". */
export function placeText({ kind, slot, step, leaf, disputed }: Location): string {
  const where =
    kind === 'input' ? 'the input' : kind === 'padding' ? `slot ${slot}, which no step makes` : stepText(slot, step);
  if (!disputed) return `${where}, leaf ${leaf}`;
  return `${where}: element ${disputed.element} is ${disputed.values[0]} to side 0 and ${disputed.values[1]} to side 1`;
}

export function stepText(slot: number, step: Location['step']): string {
  return step ? `step ${slot}, "${step.name}" (${step.origin.operator} ${step.origin.node})` : `step ${slot}`;
}
