/** Which tensors are stored otherwise than with 16 bits over their measured range. */

import { LARGEST_REAL } from '../measure.js';
import { toNumbers } from '../onnx/tensor.js';
import type { Plan, PlanNode } from '../plan.js';
import { loweringOf } from './register.js';

export interface SpecialTensors {
  /** More precision. */
  readonly wide: ReadonlySet<string>;
  /** Only Softmax reads them: what is far below their largest value does not count. */
  readonly exponents: ReadonlySet<string>;
  /** They hold numbers that stand for infinity, as attention masks do. */
  readonly infinite: ReadonlySet<string>;
}

/** Tensors that only an output or a node that wants them reads, through views or not: they get more precision. */
function wideTensors(plan: Plan): ReadonlySet<string> {
  const narrow = new Set<string>();
  const read = new Set(plan.outputs.map(({ tensor }) => tensor));
  for (const node of [...plan.nodes].reverse()) {
    const lowering = loweringOf(node);
    const isWideView = lowering?.isView === true && node.outputs.every((name) => !narrow.has(name));
    node.inputs.forEach((name, i) => {
      read.add(name);
      if (i > 0 || !(lowering?.wantsWide || isWideView)) narrow.add(name);
    });
  }
  return new Set([...read].filter((name) => name !== '' && !narrow.has(name)));
}

/** Tensors that nothing but the exponentials of a softmax reads. */
function exponentTensors(plan: Plan): ReadonlySet<string> {
  const others = new Set(plan.outputs.map(({ tensor }) => tensor));
  const read = new Set<string>();
  for (const node of plan.nodes) {
    const isSoftmax = node.domain === '' && node.operator === 'Softmax';
    for (const name of node.inputs) (isSoftmax ? read : others).add(name);
  }
  return new Set([...read].filter((name) => !others.has(name)));
}

/** Operators that hand on an infinite operand. */
const HANDS_ON = new Set(['Add', 'Sub', 'Mul', 'Max', 'Min', 'Where', 'Concat', 'Pad', 'Gather']);

function givesInfinity(plan: Plan, { unary, applied, inputs }: PlanNode): boolean {
  const fn = unary ?? applied?.fn;
  const range = plan.ranges[applied?.before ?? inputs[0] ?? ''];
  if (!fn || !range) return false;
  return range.some((end) => Math.abs(fn.evaluate(end)) > LARGEST_REAL);
}

function infiniteTensors(plan: Plan): ReadonlySet<string> {
  const infinite = new Set<string>();
  const isInfinite = (name: string): boolean => {
    const constant = plan.facts.get(name)?.constant;
    return infinite.has(name) || (!!constant && toNumbers(constant).some((value) => Math.abs(value) > LARGEST_REAL));
  };
  for (const node of plan.nodes) {
    const handsOn = node.domain === '' && (HANDS_ON.has(node.operator) || loweringOf(node)?.isView === true);
    if ((handsOn && node.inputs.some(isInfinite)) || givesInfinity(plan, node))
      for (const name of node.outputs) infinite.add(name);
  }
  return infinite;
}

export const specialTensors = (plan: Plan): SpecialTensors => ({
  wide: wideTensors(plan),
  exponents: exponentTensors(plan),
  infinite: infiniteTensors(plan),
});
