/** Where in the model a match stands, in people's terms. */
import { fromHex, type Hex } from '../commit/hash.js';
import type { ModelCommitment, ModelHeader } from '../commit/model.js';
import { leafElements, tensorFromBytes } from '../commit/tensor.js';
import { slotShape } from '../program/program.js';
import type { ElementWidth, Origin } from '../program/step.js';
import type { Both, MatchState } from './game.js';

/** The first element in which the two leaves differ. */
export interface DisputedElement {
  /** Flat position in the slot; at or beyond its size in the padding. */
  readonly element: number;
  readonly values: Both<number>;
}

export interface Location {
  /** `input`: the job's input; `step`: the output of a step; `padding`: a slot that does not exist, where every byte is zero. */
  readonly kind: 'input' | 'step' | 'padding';
  readonly slot: number;
  /** Leaf within the slot. */
  readonly leaf: number;
  /** Bytes of an element there. */
  readonly width: ElementWidth;
  /** The step that makes the slot, and the node of the model that it came from; null when no step does. */
  readonly step: { readonly name: string; readonly origin: Origin } | null;
  /** Null until both leaves are posted. */
  readonly disputed: DisputedElement | null;
}

/** @throws RangeError when the match has not come down to a leaf. */
export function locate(
  commitment: ModelCommitment,
  { height, position, leaves }: Pick<MatchState, 'height' | 'position' | 'leaves'>,
): Location {
  if (height !== 0) throw new RangeError(`The match is still ${height} levels above the leaves.`);
  const { program, model } = commitment;
  const slot = Math.floor(position / 2 ** model.tensorDepth);
  const leaf = position % 2 ** model.tensorDepth;
  const exists = slot <= model.stepCount;
  const width = exists ? slotShape(program, slot).width : 1;
  const step = program.steps[slot - 1];
  const difference = leaves[0] && leaves[1] ? firstDifference([leaves[0], leaves[1]], width) : null;
  return {
    kind: slot === 0 ? 'input' : exists ? 'step' : 'padding',
    slot,
    leaf,
    width,
    step: step ? { name: step.name, origin: step.origin } : null,
    disputed: difference && { ...difference, element: leaf * leafElements(width) + difference.element },
  };
}

/** The slots under a node of a trace's tree, both counted in; slots that do not exist only where there is nothing else. */
export function slotsUnder(
  { stepCount, slotDepth, tensorDepth }: ModelHeader,
  height: number,
  position: number,
): { readonly from: number; readonly to: number } {
  const slotOf = (leaf: number): number => Math.min(Math.floor(leaf / 2 ** tensorDepth), 2 ** slotDepth - 1);
  const from = slotOf(position * 2 ** height);
  return { from, to: Math.min(slotOf((position + 1) * 2 ** height - 1), Math.max(from, stepCount)) };
}

/** The first element, counted from the leaf's start, in which two leaves differ; null when they are equal. */
export function firstDifference(leaves: Both<Hex>, width: ElementWidth): DisputedElement | null {
  const [x, y] = leaves.map((leaf) => tensorFromBytes(fromHex(leaf), width, leafElements(width)));
  if (!x || !y) return null;
  const element = x.findIndex((value, i) => value !== y[i]);
  return element < 0 ? null : { element, values: [x[element] as number, y[element] as number] };
}
