/**
 * Which leaves the contract needs to compute one element of a step: the twin of what StepVerifier.sol reads, so an opening
 * of exactly these leaves is enough.
 */
import {
  advance,
  clampedEvaluator,
  indexShift,
  reader,
  type Slots,
  setOutputIndices,
  tablePosition,
  viewPosition,
} from '../program/evaluate.js';
import { type Program, slotShape } from '../program/program.js';
import { type Combine, elementCount, type Operand, type OperandName, type Step } from '../program/step.js';
import type { ModelCommitment, ModelHeader } from './model.js';
import { leafElements } from './tensor.js';

/** Leaf positions in the trace's tree and in the constants' tree, ascending, each once. */
export interface ElementReads {
  readonly trace: number[];
  readonly constants: number[];
}

/** Operands that are read at every reduction index. */
const READ_BY: Readonly<Record<Combine, readonly OperandName[]>> = {
  first: ['a'],
  product: ['a', 'b'],
  sum: ['a', 'b'],
  max: ['a', 'b'],
  min: ['a', 'b'],
  less: ['a', 'b'],
  lessOrEqual: ['a', 'b'],
  equal: ['a', 'b'],
  select: ['a', 'b', 'c'],
  indexed: ['a', 'b'],
};

/**
 * @param slots every slot before `slot`: an indexed read and a table lookup depend on values.
 * @param slot the slot that the step makes, 1 or more.
 * @param element flat position in it. Beyond the tensor's end there is nothing to compute, and nothing is read.
 */
export function elementReads(
  { program, model }: Pick<ModelCommitment, 'program' | 'model'>,
  slots: Slots,
  slot: number,
  element: number,
): ElementReads {
  const step = program.steps[slot - 1];
  if (!step) throw new RangeError(`No step makes slot ${slot}.`);
  const reads = new Reads(program, model);
  if (element >= elementCount(step.outDims)) return reads.sorted();

  const loops = new Int32Array(step.outDims.length + step.redDims.length);
  setOutputIndices(loops, step.outDims, element);
  for (const operand of finishOperands(step)) reads.add(operand, loops);
  const shiftOf = step.combine === 'indexed' ? reader(program, slots, step.b) : null;
  do {
    for (const name of READ_BY[step.combine]) {
      const shiftBy = shiftOf && name === 'a' ? indexShift(step, shiftOf(loops)) : 0;
      reads.add(step[name], loops, shiftBy);
    }
  } while (advance(loops, step.redDims, step.outDims.length));

  const { lookup } = step;
  if (lookup)
    reads.addConstant(lookup.constant, tablePosition(lookup, clampedEvaluator(program, step, slots)(element)));
  return reads.sorted();
}

/** Operands that are read once, at the output index. */
function finishOperands(step: Step): Operand[] {
  return step.post === 'divide' ? [step.mult, step.add, step.c] : [step.mult, step.add];
}

class Reads {
  private readonly trace = new Set<number>();
  private readonly constants = new Set<number>();

  constructor(
    private readonly program: Program,
    private readonly model: ModelHeader,
  ) {}

  add({ source, view }: Operand, loops: Int32Array, shiftBy = 0): void {
    if (source.kind === 'none') return;
    const position = viewPosition(view, loops);
    if (position === null) return;
    if (source.kind === 'slot') this.addSlot(source.index, position + shiftBy);
    else this.addConstant(source.index, position + shiftBy);
  }

  addConstant(index: number, position: number): void {
    const constant = this.program.constants[index];
    if (!constant) throw new RangeError(`Constant ${index} does not exist.`);
    const leaf = Math.floor(position / leafElements(constant.width));
    this.constants.add(index * 2 ** this.model.constantTensorDepth + leaf);
  }

  sorted(): ElementReads {
    const ascending = (x: number, y: number) => x - y;
    return { trace: [...this.trace].sort(ascending), constants: [...this.constants].sort(ascending) };
  }

  private addSlot(slot: number, position: number): void {
    const leaf = Math.floor(position / leafElements(slotShape(this.program, slot).width));
    this.trace.add(slot * 2 ** this.model.tensorDepth + leaf);
  }
}
