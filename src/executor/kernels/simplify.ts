/** A step without its loops of one index: they move nothing. */
import type { Operand, Step } from '../../program/step.js';
import { INT32_MAX, INT32_MIN, OPERAND_NAMES } from '../../program/step.js';

export function withoutSingleLoops(step: Step): Step {
  const loops = [...step.outDims, ...step.redDims];
  const kept = <T>(values: readonly T[]): T[] => values.filter((_, i) => loops[i] !== 1);
  const narrow = (operand: Operand): Operand => {
    const { view } = operand;
    const axes = view.axes.map((axis) => ({ ...axis, coefs: kept(axis.coefs) }));
    return { ...operand, view: { ...view, coefs: kept(view.coefs), axes } };
  };
  const operands = Object.fromEntries(OPERAND_NAMES.map((name) => [name, narrow(step[name])]));
  const wide = (dims: readonly number[]): number[] => dims.filter((dim) => dim !== 1);
  return { ...step, ...operands, outDims: wide(step.outDims), redDims: wide(step.redDims) };
}

/** Whether every axis coordinate stays an int32, in which the kernels count. */
export function countsInInt32(step: Step): boolean {
  const loops = [...step.outDims, ...step.redDims];
  return OPERAND_NAMES.every((name) =>
    step[name].view.axes.every((axis) => {
      const reach = axis.coefs.reduce((sum, coef, i) => sum + Math.abs(coef) * ((loops[i] as number) - 1), 0);
      return axis.base - reach >= INT32_MIN && axis.base + reach <= INT32_MAX && reach <= INT32_MAX;
    }),
  );
}
