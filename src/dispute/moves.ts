/** The moves, read off a trace. Which one is due is decided in decide-match.ts. */
import { type Hex, toHex } from '../commit/hash.js';
import { elementReads } from '../commit/reads.js';
import type { ClaimId, MatchId } from '../units.js';
import type { Descend, PostLeaf, ProveInput, ProvePadding, ProveStep, Reveal } from './actions.js';
import type { Both, MatchState, Side } from './game.js';
import { levelsBelow } from './levels.js';
import { locate } from './locate.js';
import type { TraceSource } from './trace.js';

export function revealMove(claimId: ClaimId, { commitment, forest }: TraceSource): Reveal {
  const outputProof = forest.slotProof(commitment.model.stepCount);
  return { kind: 'reveal', claimId, traceRoot: forest.root, outputProof };
}

/** @param opened what side 0 has opened, when it is side 1 that moves. */
export function descendMove(match: MatchState, { forest }: TraceSource, opened: Descend['otherChildren']): Descend {
  const { id: matchId, height, position } = match;
  const children = forest.descendants(height, position, levelsBelow(height));
  return { kind: 'descend', matchId, height, position, children, otherChildren: opened };
}

export function postLeafMove({ id: matchId, position }: MatchState, { forest }: TraceSource, side: Side): PostLeaf {
  return { kind: 'postLeaf', matchId, side, position, leaf: toHex(forest.leaf(position)) };
}

/** The proof that the disputed slot asks for. @param side the side that the trace is of. */
export function proofMove(
  match: MatchState,
  leaves: Both<Hex>,
  trace: TraceSource,
  side: Side,
): ProveInput | ProveStep | ProvePadding {
  const about = { matchId: match.id, position: match.position, leaves };
  const { kind, slot, disputed } = locate(trace.commitment, { ...match, leaves });
  if (kind === 'padding') return { kind: 'provePadding', ...about };
  if (kind === 'input') return proveInput(about, trace);
  return proveStep(about, trace, side, slot, disputed?.element ?? 0);
}

interface About {
  readonly matchId: MatchId;
  readonly position: number;
  readonly leaves: Both<Hex>;
}

/** Slot 0 of a true trace is the job's input, so its leaf and proof are the input's. */
function proveInput(about: About, { commitment, forest }: TraceSource): ProveInput {
  const inputLeaf = toHex(forest.leaf(about.position));
  const inputProof = forest.leafProof(about.position, commitment.model.tensorDepth);
  return { kind: 'proveInput', ...about, inputLeaf, inputProof };
}

function proveStep(about: About, trace: TraceSource, side: Side, slot: number, element: number): ProveStep {
  const { commitment, slots, forest } = trace;
  const reads = elementReads(commitment, slots, slot, element);
  return {
    kind: 'proveStep',
    ...about,
    step: toHex(commitment.encodedSteps[slot] ?? new Uint8Array()),
    stepProof: commitment.stepProof(slot),
    side,
    traceOpening: forest.open(reads.trace),
    constantsOpening: commitment.constants.open(reads.constants),
  };
}
