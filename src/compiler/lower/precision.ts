/** Which tensors are stored otherwise than with 16 bits over their measured range. */

import { LARGEST_REAL } from '../measure.js';
import { toNumbers } from '../onnx/tensor.js';
import { constantOf, factsOf, type Plan, type PlanNode } from '../plan.js';
import { isForest, largestThreshold } from './forest.js';
import { loweringOf } from './register.js';

export interface SpecialTensors {
  /** More precision. */
  readonly wide: ReadonlySet<string>;
  /** Only Softmax reads them: what is far below their largest value does not count. */
  readonly exponents: ReadonlySet<string>;
  /** Square roots are taken of them, or of sums of them. */
  readonly radicands: ReadonlySet<string>;
  /** They hold numbers that stand for infinity, as attention masks do. */
  readonly infinite: ReadonlySet<string>;
  /** Only decision trees read them; the largest magnitude of their thresholds. */
  readonly thresholds: ReadonlyMap<string, number>;
}

const COMPARISONS = new Set(['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal']);
const LINES = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** Rows of features: some may be a thousand times as large as others. */
const FEATURES_RANK = 2;

/**
 * Whether a node makes use of the precision of all its inputs: comparisons, functions of rows or of wide results, and
 * what brings columns of very different sizes to one.
 */
function usesAllBits(plan: Plan, node: PlanNode, isWide: boolean): boolean {
  if (node.domain !== '' && !node.unary) return false;
  if (COMPARISONS.has(node.operator)) return true;
  const output = node.outputs.find((name) => name !== '')!;
  const isOfRows = factsOf(plan, output).shape.length <= FEATURES_RANK;
  if (node.unary) return isOfRows || (isWide && node.unary.affine !== null);
  return (
    isOfRows &&
    LINES.has(node.operator) &&
    node.inputs.some((name) => constantOf(plan, name)?.dims.some((dim) => dim > 1))
  );
}

const SUMS = new Set(['Add', 'Sub', 'Sum', 'ReduceSum', 'ReduceMean', 'Mean']);

/** What a square root is taken of, and what that is a sum of: a root of a small number is much larger. */
function radicands(plan: Plan): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of [...plan.nodes].reverse()) {
    const isSum = node.domain === '' && SUMS.has(node.operator) && !node.applied;
    if (node.unary?.label === 'Sqrt' || (isSum && node.outputs.some((name) => found.has(name))))
      for (const name of node.inputs) found.add(name);
  }
  return found;
}

/** Tensors that only an output or a node that wants them reads, through views or not: they get more precision. */
function wideTensors(plan: Plan): ReadonlySet<string> {
  const narrow = new Set<string>();
  const read = new Set(plan.outputs.map(({ tensor }) => tensor));
  const underRoots = radicands(plan);
  for (const node of [...plan.nodes].reverse()) {
    const lowering = loweringOf(node);
    const isWide = node.outputs.every((name) => !narrow.has(name)) && !node.applied;
    const isWideView = lowering?.isView === true && isWide;
    node.inputs.forEach((name, i) => {
      read.add(name);
      if (underRoots.has(name)) return;
      if ((lowering?.selects === true && isWide) || usesAllBits(plan, node, isWide)) return;
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

/** Inputs that nothing but decision trees reads, with the largest magnitude of their thresholds. */
function treeInputs(plan: Plan): ReadonlyMap<string, number> {
  const others = new Set(plan.outputs.map(({ tensor }) => tensor));
  const read = new Map<string, number>();
  for (const node of plan.nodes)
    for (const name of node.inputs) {
      if (!isForest(node)) others.add(name);
      else read.set(name, Math.max(read.get(name) ?? 0, largestThreshold(node)));
    }
  return new Map([...read].filter(([name]) => !others.has(name)));
}

export const specialTensors = (plan: Plan): SpecialTensors => ({
  wide: wideTensors(plan),
  radicands: radicands(plan),
  exponents: exponentTensors(plan),
  infinite: infiniteTensors(plan),
  thresholds: treeInputs(plan),
});
