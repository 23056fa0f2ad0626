/** What happens to a job, for people who look on: the narrowing of a match, in the model's own terms. */
import type { GameEvent } from '../chain/game-log.js';
import type { ModelCommitment } from '../commit/model.js';
import type { Action } from '../dispute/actions.js';
import { ENDINGS, type Ending, type Side } from '../dispute/game.js';
import { locate, slotsUnder } from '../dispute/locate.js';
import { type ClaimId, claimId, type MatchId, matchId, type Timestamp, type Wei, wei } from '../units.js';

/** The element that a match came down to. */
export interface FoundStep {
  /** 0 is the input, k the output of step k. */
  readonly slot: number;
  /** The step that makes it; "input" or "padding" when none does. */
  readonly name: string;
  /** The node of the model that the step came from, and its operator. */
  readonly node: string;
  readonly operator: string;
  /** Flat position in the slot. */
  readonly element: number;
  /** What side 0 and side 1 say it is, and what the contract computed. */
  readonly claimed: readonly [number, number];
  readonly computed: number;
}

/** The part of the trace that is still in dispute: slots `from` to `to`, both counted in. */
export interface DisputedSlots {
  readonly from: number;
  readonly to: number;
  readonly fromName: string;
  readonly toName: string;
}

export type StoryEvent =
  | { readonly kind: 'running' }
  | {
      readonly kind: 'judged';
      readonly claimId: ClaimId;
      readonly claimant: string;
      readonly verdict: 'correct' | 'wrong';
    }
  | {
      readonly kind: 'sent';
      readonly action: Action['kind'];
      readonly reason: string;
      readonly txHash: string;
      readonly gasUsed: bigint;
    }
  | { readonly kind: 'refused'; readonly action: Action['kind']; readonly reason: string }
  | { readonly kind: 'waiting'; readonly reason: string; readonly deadline: Timestamp | null }
  | { readonly kind: 'claimed'; readonly claimId: ClaimId; readonly claimant: string; readonly target: ClaimId | null }
  | { readonly kind: 'revealed'; readonly claimId: ClaimId; readonly traceRoot: string }
  | { readonly kind: 'matchOpened'; readonly matchId: MatchId; readonly claims: readonly [ClaimId, ClaimId] }
  | {
      readonly kind: 'nodeOpened';
      readonly matchId: MatchId;
      readonly side: Side;
      readonly height: number;
      readonly position: number;
      readonly slots: DisputedSlots;
    }
  | {
      readonly kind: 'leafPosted';
      readonly matchId: MatchId;
      readonly side: Side;
      readonly position: number;
      readonly slots: DisputedSlots;
    }
  | { readonly kind: 'found'; readonly matchId: MatchId; readonly step: FoundStep }
  | {
      readonly kind: 'matchEnded';
      readonly matchId: MatchId;
      readonly ending: Ending;
      readonly losers: readonly Side[];
    }
  | { readonly kind: 'claimLost'; readonly claimId: ClaimId; readonly burnedWei: Wei; readonly potWei: Wei }
  | { readonly kind: 'jobEnded'; readonly status: 'final' | 'void'; readonly winner: ClaimId | null };

/** An event of the chain as part of the story; null for what does not belong to it. */
export function storyOf(event: GameEvent, commitment: ModelCommitment): StoryEvent | null {
  switch (event.name) {
    case 'Claimed': {
      const { claimId: id, claimant, target } = event.args;
      return { kind: 'claimed', claimId: claimId(id), claimant, target: target === 0n ? null : claimId(target) };
    }
    case 'Revealed':
      return { kind: 'revealed', claimId: claimId(event.args.claimId), traceRoot: event.args.traceRoot };
    case 'MatchOpened': {
      const { matchId: id, claim0, claim1 } = event.args;
      return { kind: 'matchOpened', matchId: matchId(id), claims: [claimId(claim0), claimId(claim1)] };
    }
    case 'NodeOpened': {
      const [height, position] = [Number(event.args.height), Number(event.args.position)];
      return {
        kind: 'nodeOpened',
        ...moved(event.args),
        height,
        position,
        slots: slotsBelow(commitment, height, position),
      };
    }
    case 'LeafPosted': {
      const position = Number(event.args.position);
      return { kind: 'leafPosted', ...moved(event.args), position, slots: slotsBelow(commitment, 0, position) };
    }
    case 'ElementComputed':
      return { kind: 'found', matchId: matchId(event.args.matchId), step: foundStep(event.args, commitment) };
    case 'MatchEnded': {
      const { matchId: id, ending, losers } = event.args;
      const lost = ([0, 1] as const).filter((side) => (losers >> BigInt(side)) & 1n);
      return { kind: 'matchEnded', matchId: matchId(id), ending: ENDINGS[Number(ending)] ?? 'none', losers: lost };
    }
    case 'ClaimLost': {
      const { claimId: id, burnedWei, potWei } = event.args;
      return { kind: 'claimLost', claimId: claimId(id), burnedWei: wei(burnedWei), potWei: wei(potWei) };
    }
    case 'JobFinal':
      return { kind: 'jobEnded', status: 'final', winner: claimId(event.args.claimId) };
    case 'JobVoid':
      return { kind: 'jobEnded', status: 'void', winner: null };
    default:
      return null;
  }
}

const moved = (args: { readonly matchId: bigint; readonly side: bigint }) => ({
  matchId: matchId(args.matchId),
  side: Number(args.side) as Side,
});

type ElementComputed = Extract<GameEvent, { name: 'ElementComputed' }>['args'];

export function foundStep(
  { slot, element, value0, value1, computed }: ElementComputed,
  commitment: ModelCommitment,
): FoundStep {
  const { model } = commitment;
  const position = Number(slot) * 2 ** model.tensorDepth;
  const { kind, step } = locate(commitment, { height: 0, position, leaves: [null, null] });
  return {
    slot: Number(slot),
    name: step?.name ?? kind,
    node: step?.origin.node ?? '',
    operator: step?.origin.operator ?? '',
    element: Number(element),
    claimed: [Number(value0), Number(value1)],
    computed: Number(computed),
  };
}

function slotsBelow({ program, model }: ModelCommitment, height: number, position: number): DisputedSlots {
  const { from, to } = slotsUnder(model, height, position);
  const name = (slot: number): string => (slot === 0 ? 'input' : (program.steps[slot - 1]?.name ?? 'padding'));
  return { from, to, fromName: name(from), toName: name(to) };
}
