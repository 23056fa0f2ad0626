/** One element of one step, computed from openings alone: what `computeElement` of StepVerifier.sol does. */
import { decodeStep } from '../program/decode.js';
import { stepEvaluator } from '../program/evaluate.js';
import type { Constant } from '../program/program.js';
import { type ElementWidth, elementCount, OPERAND_NAMES, type Step } from '../program/step.js';
import { LEAF_BYTES, leafElements, tensorFromBytes } from './tensor.js';

/** Leaves that are opened of one tree, by position, and the levels inside one of its tensors. */
export interface OpenedTree {
  readonly leaves: ReadonlyMap<number, Uint8Array>;
  readonly tensorDepth: number;
}

export class MissingLeaf extends RangeError {
  constructor(readonly position: number) {
    super(`Leaf ${position} is not opened.`);
  }
}

/** More terms than a transaction could pay for: a check of a step that large would be a trap. */
const MOST_TERMS = 2 ** 24;

/**
 * @param encoded the step, already proven to be the one that makes `slot`.
 * @param element flat position in its output; one beyond the output's end is 0.
 * @throws RangeError when the step is no step, reads its own or a later slot, or reads what is not opened (MissingLeaf).
 */
export function openedElement(
  encoded: Uint8Array,
  slot: number,
  element: number,
  trace: OpenedTree,
  constants: OpenedTree,
): number {
  const { step, widths, lookupWidth } = decodeStep(encoded);
  if (element >= elementCount(step.outDims)) return 0;
  if (elementCount(step.redDims) > MOST_TERMS)
    throw new RangeError(`The step sums ${elementCount(step.redDims)} terms, more than any contract could.`);
  const slots: Int32Array[] = [];
  const tables: Constant[] = [];
  const addConstant = (index: number, width: ElementWidth): void => {
    tables[index] = { name: '', width, data: openedTensor(constants, index, width) };
  };
  for (const name of OPERAND_NAMES) {
    const { source } = step[name];
    const width = widths[name];
    if (source.kind === 'none' || width === null) continue;
    if (source.kind === 'constant') addConstant(source.index, width);
    else if (source.index < slot) slots[source.index] = openedTensor(trace, source.index, width);
    else throw new RangeError(`The step that makes slot ${slot} reads slot ${source.index}.`);
  }
  if (step.lookup && lookupWidth) addConstant(step.lookup.constant, lookupWidth);
  const whole: Step = { ...step, name: '', origin: { node: '', operator: '' } };
  return stepEvaluator({ constants: tables }, whole, slots)(element);
}

/**
 * Stands in for the elements of tensor `index`: those in an opened leaf are read from its bytes, any other throws MissingLeaf.
 *
 * @param onRead told of every leaf that is read.
 */
export function openedTensor(
  { leaves, tensorDepth }: OpenedTree,
  index: number,
  width: ElementWidth,
  onRead: (position: number) => void = () => {},
): Int32Array {
  const perLeaf = leafElements(width);
  return new Proxy(new Int32Array(), {
    get(_, property) {
      const element = Number(String(property));
      const within = Math.floor(element / perLeaf);
      const position = index * 2 ** tensorDepth + within;
      const leaf = within < 2 ** tensorDepth ? leaves.get(position) : undefined;
      if (leaf?.length !== LEAF_BYTES) throw new MissingLeaf(position);
      onRead(position);
      return tensorFromBytes(leaf, width, perLeaf)[element % perLeaf];
    },
  });
}
