/**
 * How many leaves and runs of leaves the check of one element can have to open: an upper bound from the views alone. Where a view's
 * fill leaves out leaves of a stretch there are more runs of fewer leaves: a leaf that is left out saves more than the run costs.
 */
import { LEAF_BYTES, leafCount } from '../commit/tensor.js';
import type { Program } from './program.js';
import { slotShape } from './program.js';
import { type ElementWidth, elementCount, OPERAND_NAMES, type Operand, type OperandName, type Step } from './step.js';

export interface LeafBound {
  readonly leaves: number;
  /** Stretches of neighbouring leaves. */
  readonly runs: number;
  readonly siblings: number;
}

/** Levels of a tree above one tensor, and inside one. */
export interface TreeDepths {
  readonly slot: number;
  readonly tensor: number;
}

const sourceSize = (program: Program, operand: Operand): { elements: number; width: ElementWidth } => {
  const { source } = operand;
  if (source.kind === 'slot') return slotShape(program, source.index);
  const constant = program.constants[source.kind === 'constant' ? source.index : -1]!;
  return { elements: constant.data.length, width: constant.width };
};

/** Bytes of its source that an operand's position moves by for one unit of a loop index. */
export function strideBytes(program: Program, operand: Operand, loop: number): number {
  const { view } = operand;
  const stride = view.axes.reduce((sum, axis) => sum + axis.stride * axis.coefs[loop]!, view.coefs[loop]!);
  return stride * sourceSize(program, operand).width;
}

/**
 * Leaves of one operand for one output element. Reduction loops are taken from the smallest stride up: a loop that steps by less than
 * the stretch so far plus a leaf lengthens the stretch, any other one repeats it.
 */
function operandBound(program: Program, step: Step, name: OperandName): OperandBound {
  const operand = step[name];
  const { elements, width } = sourceSize(program, operand);
  const all = leafCount(elements, width);
  if (name === 'a' && step.combine === 'indexed') {
    const reads = Math.min(elementCount(step.redDims), all);
    return { leaves: reads, runs: reads, of: all };
  }
  const loops = step.redDims
    .map((size, i) => ({ size, bytes: Math.abs(strideBytes(program, operand, step.outDims.length + i)) }))
    .filter(({ size, bytes }) => size > 1 && bytes > 0)
    .sort((x, y) => x.bytes - y.bytes);
  let stretchBytes: number = width;
  let runs = 1;
  for (const { size, bytes } of loops) {
    if (runs === 1 && bytes <= stretchBytes + LEAF_BYTES) stretchBytes += bytes * (size - 1);
    else runs *= size;
  }
  // Elements are aligned to their width, so a stretch of one never straddles two leaves.
  const perRun = Math.floor((stretchBytes - width + LEAF_BYTES - width) / LEAF_BYTES) + 1;
  return { leaves: Math.min(runs * perRun, all), runs: Math.min(runs, all), of: all };
}

/** Leaves of one operand, and how many leaves its tensor has. */
interface OperandBound extends Omit<LeafBound, 'siblings'> {
  readonly of: number;
}

/**
 * Hashes that the proof of one operand's leaves takes: at each level of its tensor one for a leaf that stands alone and one for each end of
 * a longer run, but no more than one for each pair of nodes that there is; above the tensor one a level.
 */
function siblingBound({ leaves, runs, of }: OperandBound, { slot, tensor }: TreeDepths): number {
  const ends = leaves > runs ? 2 * runs : runs;
  let siblings = slot;
  for (let height = 0; height < tensor; height++) siblings += Math.min(ends, Math.ceil(of / 2 ** (height + 1)));
  return siblings;
}

/** Operands of a step that read a tensor, without those it does not use. */
export function readingOperands(step: Step): OperandName[] {
  const used = (name: OperandName): boolean => {
    if (name === 'b') return step.combine !== 'first';
    if (name === 'c') return step.combine === 'select' || step.post === 'divide';
    return true;
  };
  return OPERAND_NAMES.filter((name) => used(name) && step[name].source.kind !== 'none');
}

/** Bounds for one element of a step, by tree. The table's entry is one leaf of the constants. */
export function leafBounds(
  program: Program,
  step: Step,
  depths: { readonly trace: TreeDepths; readonly constants: TreeDepths },
): { trace: LeafBound; constants: LeafBound } {
  const sum = { trace: { leaves: 0, runs: 0, siblings: 0 }, constants: { leaves: 0, runs: 0, siblings: 0 } };
  const add = (tree: 'trace' | 'constants', bound: OperandBound): void => {
    sum[tree].leaves += bound.leaves;
    sum[tree].runs += bound.runs;
    sum[tree].siblings += siblingBound(bound, depths[tree]);
  };
  for (const name of readingOperands(step))
    add(step[name].source.kind === 'slot' ? 'trace' : 'constants', operandBound(program, step, name));
  if (step.lookup) {
    const { data, width } = program.constants[step.lookup.constant]!;
    add('constants', { leaves: 1, runs: 1, of: leafCount(data.length, width) });
  }
  return sum;
}
