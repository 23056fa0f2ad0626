/** The moves, read off a trace. Which one is due is decided in decide-match.ts. */
import { type Hex, toHex } from '../commit/hash.js';
import { elementReads } from '../commit/reads.js';
import type { MatchId } from '../units.js';
import type {
  Descend,
  DescendToLeaf,
  Open,
  PostLeaf,
  ProveInput,
  ProvePadding,
  ProveStep,
  Reveal,
  Terms,
} from './actions.js';
import { answerTo } from './answer.js';
import { type Both, type ClaimState, type MatchState, otherSide, type Side } from './game.js';
import { levelsBelow } from './levels.js';
import { locate } from './locate.js';
import type { TraceSource } from './trace.js';

export function termsOf({ seal, outputRoot, target }: ClaimState): Terms {
  return { seal, outputRoot, target };
}

export function revealMove(claim: ClaimState, { commitment, forest }: TraceSource): Reveal {
  const outputProof = forest.slotProof(commitment.model.stepCount);
  return { kind: 'reveal', claimId: claim.id, terms: termsOf(claim), traceRoot: forest.root, outputProof };
}

export function openMove({ id: matchId, height }: MatchState, { forest }: TraceSource): Open {
  return { kind: 'open', matchId, children: forest.descendants(height, 0, levelsBelow(height)) };
}

/**
 * The answer of the side to move, with what it opens next.
 *
 * @param opened what the other side has opened.
 * @returns null when the trace does not differ from it: then it is not one that this side has committed to.
 */
export function descendMove(
  { id: matchId, height, position, turn }: MatchState,
  { forest }: TraceSource,
  opened: Descend['children'],
): Descend | DescendToLeaf | null {
  const levels = levelsBelow(height);
  const own = forest.descendants(height, position, levels);
  const answer = answerTo(turn === 0 ? [own, opened] : [opened, own], turn);
  if (!answer) return null;
  const at = { matchId, height, position, answer };
  const [below, node] = [height - levels, position * 2 ** levels + answer.index];
  if (below === 0) return { kind: 'descendToLeaf', ...at, leaf: toHex(forest.leaf(node)) };
  return { kind: 'descend', ...at, children: forest.descendants(below, node, levelsBelow(below)) };
}

/** The second leaf. @param nodes both sides' leaf hashes. */
export function postLeafMove(
  { id: matchId, position, turn }: MatchState,
  { forest }: TraceSource,
  nodes: NonNullable<MatchState['nodes']>,
): PostLeaf {
  const leaf = toHex(forest.leaf(position));
  return { kind: 'postLeaf', matchId, position, otherNode: nodes[otherSide(turn)], leaf };
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
