/**
 * The legality check: what a program must be before anybody runs, registers or bonds on it (docs/protocol.md, 2.2). Run
 * when a program is compiled and again whenever one is loaded.
 */
import { stepBounds } from './bounds.js';
import { type Program, slotCount, slotShape, type TensorLayout } from './program.js';
import { ProgramError } from './program-error.js';
import { type Range, rangeOf, widthRange } from './range.js';
import { tooMuch } from './size.js';
import {
  COMBINES,
  elementCount,
  INT32_MAX,
  INT32_MIN,
  MAX_AXES,
  MAX_LOOPS,
  MAX_TABLE_LENGTH,
  OPERAND_NAMES,
  type Operand,
  type OperandName,
  POSTS,
  REDUCES,
  type Step,
  type View,
} from './step.js';

const MAX_ELEMENTS = 2 ** 31 - 1;

type Fail = (reason: string) => never;

const isInteger = (x: unknown, lo: number, hi: number): boolean =>
  Number.isSafeInteger(x) && (x as number) >= lo && (x as number) <= hi;

function requireInteger(fail: Fail, what: string, value: unknown, lo: number, hi: number): void {
  if (!isInteger(value, lo, hi)) fail(`${what} is ${String(value)}, not an integer from ${lo} to ${hi}`);
}

function checkDims(fail: Fail, what: string, dims: readonly number[]): void {
  for (const dim of dims) requireInteger(fail, `a dimension of ${what}`, dim, 1, MAX_ELEMENTS);
  if (elementCount(dims) > MAX_ELEMENTS) fail(`${what} has ${elementCount(dims)} elements, more than ${MAX_ELEMENTS}`);
}

/** Range of an affine function over the loop nest. */
function affineRange(base: number, coefs: readonly number[], loops: readonly number[]): Range {
  let lo = base;
  let hi = base;
  coefs.forEach((coef, i) => {
    const reach = coef * (loops[i]! - 1);
    if (reach > 0) hi += reach;
    else lo += reach;
  });
  return { lo, hi };
}

function checkCoefs(fail: Fail, what: string, coefs: readonly number[], loops: readonly number[]): void {
  if (coefs.length !== loops.length) fail(`${what} has ${coefs.length} coefficients for ${loops.length} loops`);
  for (const coef of coefs) requireInteger(fail, `a coefficient of ${what}`, coef, INT32_MIN, INT32_MAX);
}

/** Positions that the view can read, or null when it always reads its fill value. */
function viewReach(fail: Fail, what: string, view: View, loops: readonly number[]): Range | null {
  requireInteger(fail, `the fill of ${what}`, view.fill, INT32_MIN, INT32_MAX);
  requireInteger(fail, `the offset of ${what}`, view.offset, -(2 ** 48), 2 ** 48);
  checkCoefs(fail, what, view.coefs, loops);
  if (view.axes.length > MAX_AXES) fail(`${what} has ${view.axes.length} axes, more than ${MAX_AXES}`);
  let { lo, hi } = affineRange(view.offset, view.coefs, loops);
  let reachable = true;
  for (const axis of view.axes) {
    requireInteger(fail, `an axis stride of ${what}`, axis.stride, INT32_MIN, INT32_MAX);
    requireInteger(fail, `an axis extent of ${what}`, axis.extent, 1, MAX_ELEMENTS);
    requireInteger(fail, `an axis base of ${what}`, axis.base, INT32_MIN, INT32_MAX);
    checkCoefs(fail, `an axis of ${what}`, axis.coefs, loops);
    const coordinate = affineRange(axis.base, axis.coefs, loops);
    const [first, last] = [Math.max(coordinate.lo, 0), Math.min(coordinate.hi, axis.extent - 1)];
    if (first > last) reachable = false;
    lo += Math.min(axis.stride * first, axis.stride * last);
    hi += Math.max(axis.stride * first, axis.stride * last);
  }
  return reachable ? { lo, hi } : null;
}

function sourceElements(fail: Fail, program: Program, slot: number, name: OperandName, operand: Operand): number {
  const { source } = operand;
  if (source.kind === 'slot') {
    if (!isInteger(source.index, 0, slot - 1))
      fail(`operand ${name} reads slot ${source.index}, which is not before slot ${slot}`);
    return slotShape(program, source.index).elements;
  }
  if (source.kind === 'constant') {
    const constant = program.constants[source.index];
    if (!constant) fail(`operand ${name} reads constant ${source.index}, and there are ${program.constants.length}`);
    return constant.data.length;
  }
  return fail(`operand ${name} has the unknown source "${String((source as { kind: unknown }).kind)}"`);
}

function checkOperand(fail: Fail, program: Program, slot: number, step: Step, name: OperandName): void {
  const operand = step[name];
  const loops = [...step.outDims, ...step.redDims];
  requireInteger(
    fail,
    `the weight of operand ${name}`,
    operand.weight,
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  );
  if (operand.source.kind === 'none') return;
  const elements = sourceElements(fail, program, slot, name, operand);
  const reach = viewReach(fail, `operand ${name}`, operand.view, loops);
  if (!reach) return;
  let { lo, hi } = reach;
  if (name === 'a' && step.combine === 'indexed') {
    const far = step.index.stride * (step.index.extent - 1);
    lo += Math.min(far, 0);
    hi += Math.max(far, 0);
  }
  if (lo < 0 || hi >= elements)
    fail(
      `operand ${name} reads positions ${lo} to ${hi} of ${operand.source.kind} ${operand.source.index}, which has ${elements} elements`,
    );
  const still = name === 'mult' || name === 'add' || (name === 'c' && step.post === 'divide');
  const moves = [operand.view.coefs, ...operand.view.axes.map((axis) => axis.coefs)].some((coefs) =>
    coefs.slice(step.outDims.length).some((coef) => coef !== 0),
  );
  if (still && moves) fail(`operand ${name} moves with a reduction index`);
}

function checkStep(program: Program, stepIndex: number): void {
  const step = program.steps[stepIndex]!;
  const fail: Fail = (reason) => {
    throw new ProgramError(stepIndex, step.name, reason);
  };
  if (!COMBINES.includes(step.combine)) fail(`its combine "${step.combine}" is not known`);
  if (!REDUCES.includes(step.reduce)) fail(`its reduce "${step.reduce}" is not known`);
  if (!POSTS.includes(step.post)) fail(`its post "${step.post}" is not known`);
  if (step.outDims.length + step.redDims.length > MAX_LOOPS) fail(`it has more than ${MAX_LOOPS} loops`);
  checkDims(fail, 'its output', step.outDims);
  checkDims(fail, 'its reduction', step.redDims);
  if (step.reduce === 'none' && step.redDims.length > 0) fail('it reduces nothing but has reduction dimensions');
  requireInteger(fail, 'its shift', step.shift, -52, 52);
  requireInteger(fail, 'its lower clamp', step.lo, INT32_MIN, INT32_MAX);
  requireInteger(fail, 'its upper clamp', step.hi, step.lo, INT32_MAX);
  requireInteger(fail, 'its index stride', step.index.stride, INT32_MIN, INT32_MAX);
  requireInteger(fail, 'its index extent', step.index.extent, step.combine === 'indexed' ? 1 : 0, MAX_ELEMENTS);
  if (step.lookup) {
    const table = program.constants[step.lookup.constant];
    if (!table) fail(`its table is constant ${step.lookup.constant}, and there are ${program.constants.length}`);
    requireInteger(fail, 'its table length', step.lookup.length, 1, MAX_TABLE_LENGTH);
    requireInteger(fail, 'its table base', step.lookup.base, INT32_MIN, INT32_MAX);
    if (table.data.length !== step.lookup.length)
      fail(`its table has ${table.data.length} entries and not ${step.lookup.length}`);
  }
  for (const name of OPERAND_NAMES) checkOperand(fail, program, stepIndex + 1, step, name);
}

function checkWidth(fail: Fail, what: string, width: number, range: Range): void {
  if (width !== 1 && width !== 2 && width !== 4) fail(`${what} has elements of ${width} bytes, not 1, 2 or 4`);
  const { lo, hi } = widthRange(width as 1 | 2 | 4);
  if (range.lo < lo || range.hi > hi)
    fail(`${what} holds ${range.lo} to ${range.hi}, which does not fit ${width} bytes`);
}

function checkLayouts(fail: Fail, what: string, layouts: readonly TensorLayout[], elements: number): void {
  const names = new Set<string>();
  for (const { name, shape, type, offset, scale, ordered } of layouts) {
    if (names.has(name)) fail(`two ${what}s are named "${name}"`);
    names.add(name);
    // A tensor may have no elements; dimensions alone say so.
    for (const dim of shape) requireInteger(fail, `a dimension of ${what} "${name}"`, dim, 0, MAX_ELEMENTS);
    if (!isInteger(offset, 0, elements - elementCount(shape)))
      fail(`${what} "${name}" lies outside its slot of ${elements} elements`);
    if (ordered && (type !== 'float32' || what !== 'input')) fail(`${what} "${name}" (${type}) cannot be ordered`);
    if (!(Number.isFinite(scale) && scale > 0)) fail(`${what} "${name}" has the scale ${scale}`);
  }
}

/**
 * Proves that a program is legal.
 *
 * @returns what every slot can hold, index 0 the input.
 * @throws ProgramError naming the step and the reason.
 */
export function checkProgram(program: Program): Range[] {
  const fail: Fail = (reason) => {
    throw new ProgramError(null, '', reason);
  };
  requireInteger(fail, 'the number of input elements', program.input.elements, 1, MAX_ELEMENTS);
  if (program.steps.length === 0) fail('it has no steps');
  program.constants.forEach((constant) => {
    requireInteger(fail, `the size of constant "${constant.name}"`, constant.data.length, 1, MAX_ELEMENTS);
    checkWidth(fail, `constant "${constant.name}"`, constant.width, rangeOf(constant.data));
  });
  checkWidth(fail, 'the input', program.input.width, { lo: 0, hi: 0 });
  const ranges: Range[] = [widthRange(program.input.width)];
  program.steps.forEach((step, stepIndex) => {
    checkStep(program, stepIndex);
    const { output } = stepBounds(program, stepIndex, ranges);
    checkWidth(
      (reason) => {
        throw new ProgramError(stepIndex, step.name, reason);
      },
      'its output',
      step.width,
      output,
    );
    ranges.push(output);
  });
  const excess = tooMuch(program);
  if (excess) fail(excess);
  if (program.input.width !== 4 && program.inputs.some(({ ordered }) => ordered))
    fail(`ordered numbers do not fit ${program.input.width} bytes`);
  checkLayouts(fail, 'input', program.inputs, program.input.elements);
  if (program.outputs.length === 0) fail('it has no output');
  checkLayouts(fail, 'output', program.outputs, slotShape(program, slotCount(program) - 1).elements);
  return ranges;
}
