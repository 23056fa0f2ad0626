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
  /** Stretches of neighbouring leaves; each needs at most two siblings a level. */
  readonly runs: number;
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
function operandBound(program: Program, step: Step, name: OperandName): LeafBound {
  const operand = step[name];
  const { elements, width } = sourceSize(program, operand);
  const all = leafCount(elements, width);
  if (name === 'a' && step.combine === 'indexed') {
    const reads = Math.min(elementCount(step.redDims), all);
    return { leaves: reads, runs: reads };
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
  return { leaves: Math.min(runs * perRun, all), runs: Math.min(runs, all) };
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

/** Bounds for one element of a step, by tree. The table's entry counts as one leaf of the constants. */
export function leafBounds(program: Program, step: Step): { trace: LeafBound; constants: LeafBound } {
  const sum = { trace: { leaves: 0, runs: 0 }, constants: { leaves: 0, runs: 0 } };
  for (const name of readingOperands(step)) {
    const bound = operandBound(program, step, name);
    const tree = step[name].source.kind === 'slot' ? sum.trace : sum.constants;
    tree.leaves += bound.leaves;
    tree.runs += bound.runs;
  }
  if (step.lookup) {
    sum.constants.leaves++;
    sum.constants.runs++;
  }
  return sum;
}
