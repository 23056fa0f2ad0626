/**
 * The shortest loop nest of a step: loops of one iteration go, and two neighbouring loops become one where every view moves
 * through both evenly. Nothing is computed otherwise; checking an element takes less gas.
 */
import { OPERAND_NAMES, type Operand, type OperandName, type Step } from '../../program/step.js';

type Nested = Pick<Step, 'outDims' | 'redDims' | OperandName>;

function mapCoefs(operand: Operand, change: (coefs: readonly number[]) => number[]): Operand {
  if (operand.source.kind === 'none') return operand;
  const { view } = operand;
  return {
    ...operand,
    view: {
      ...view,
      coefs: change(view.coefs),
      axes: view.axes.map((axis) => ({ ...axis, coefs: change(axis.coefs) })),
    },
  };
}

const coefLists = (operand: Operand): (readonly number[])[] =>
  operand.source.kind === 'none' ? [] : [operand.view.coefs, ...operand.view.axes.map(({ coefs }) => coefs)];

function withoutLoop<T extends Nested>(step: T, loop: number, outDims: number[], redDims: number[]): T {
  const drop = (coefs: readonly number[]): number[] => coefs.filter((_, i) => i !== loop);
  const operands = Object.fromEntries(OPERAND_NAMES.map((name) => [name, mapCoefs(step[name], drop)]));
  return { ...step, outDims, redDims, ...operands };
}

/** Whether loop i and the one after it are one loop of their product for every view. */
function mergeable(step: Nested, i: number, innerSize: number): boolean {
  return OPERAND_NAMES.every((name) => coefLists(step[name]).every((coefs) => coefs[i] === coefs[i + 1]! * innerSize));
}

export function canonicalNest<T extends Nested>(original: T): T {
  let step = original;
  const outputs = original.outDims.length;
  for (let i = outputs + original.redDims.length - 1; i >= 0; i--) {
    const isOutput = i < step.outDims.length;
    const [dims, k] = isOutput ? [step.outDims, i] : [step.redDims, i - step.outDims.length];
    const next = dims[k + 1];
    let changed: number[] | null = null;
    if (dims[k] === 1 && !(isOutput && dims.length === 1)) changed = dims.filter((_, d) => d !== k);
    else if (next !== undefined && mergeable(step, i, next))
      changed = dims.flatMap((dim, d) => (d === k ? [dim * next] : d === k + 1 ? [] : [dim]));
    if (!changed) continue;
    // The coefficient of a merged loop is that of its inner one.
    step = isOutput
      ? withoutLoop(step, i, changed, [...step.redDims])
      : withoutLoop(step, i, [...step.outDims], changed);
  }
  return step;
}
