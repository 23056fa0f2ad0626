/**
 * The reference evaluator: the definition of what a step computes. Written for reading; the runtime (src/executor) and
 * the contract (StepVerifier.sol) must agree with it bit for bit. Plain numbers are exact here because `check.ts` has
 * proven every intermediate below 2^53.
 */
import type { Program } from './program.js';
import { clamp } from './range.js';
import { elementCount, type Lookup, type Operand, type Step, type View } from './step.js';

/** All slots of one execution: index 0 is the packed input, k the output of step k - 1. */
export type Slots = readonly Int32Array[];
/** All that a step needs of its program besides the slots. */
type Constants = Pick<Program, 'constants'>;

/** Flat position that a view reads at these loop indices, or null where it reads its fill value. */
export function viewPosition(view: View, loops: ArrayLike<number>): number | null {
  let position = view.offset;
  for (let i = 0; i < view.coefs.length; i++) position += (view.coefs[i] as number) * (loops[i] as number);
  for (const axis of view.axes) {
    let coordinate = axis.base;
    for (let i = 0; i < axis.coefs.length; i++) coordinate += (axis.coefs[i] as number) * (loops[i] as number);
    if (coordinate < 0 || coordinate >= axis.extent) return null;
    position += axis.stride * coordinate;
  }
  return position;
}

/** The elements an operand reads from, or null for a `none` source. */
export function operandData(program: Constants, slots: Slots, operand: Operand): Int32Array | null {
  const { source } = operand;
  if (source.kind === 'none') return null;
  const data = source.kind === 'slot' ? slots[source.index] : program.constants[source.index]?.data;
  if (!data) throw new RangeError(`The ${source.kind} ${source.index} has no data.`);
  return data;
}

export type Reader = (loops: ArrayLike<number>, shiftBy?: number) => number;

/** Prepares a function that reads an operand's value, weight included, `shiftBy` elements after where its view points. */
export function reader(program: Constants, slots: Slots, operand: Operand): Reader {
  const { weight, view } = operand;
  const data = operandData(program, slots, operand);
  if (!data) return () => weight;
  return (loops, shiftBy = 0) => {
    const position = viewPosition(view, loops);
    return weight * (position === null ? view.fill : (data[position + shiftBy] as number));
  };
}

/** How many elements further on an `indexed` combine reads for this value of b. */
export function indexShift(step: Step, b: number): number {
  return step.index.stride * clamp(b, 0, step.index.extent - 1);
}

/** Position in a step's table for a value that has been clamped to [lo, hi]. */
export function tablePosition(lookup: Lookup, value: number): number {
  return clamp(value - lookup.base, 0, lookup.length - 1);
}

function combineAt(step: Step, a: Reader, b: Reader, c: Reader, loops: ArrayLike<number>): number {
  switch (step.combine) {
    case 'first':
      return a(loops);
    case 'product':
      return a(loops) * b(loops);
    case 'sum':
      return a(loops) + b(loops);
    case 'max':
      return Math.max(a(loops), b(loops));
    case 'min':
      return Math.min(a(loops), b(loops));
    case 'less':
      return a(loops) < b(loops) ? 1 : 0;
    case 'lessOrEqual':
      return a(loops) <= b(loops) ? 1 : 0;
    case 'equal':
      return a(loops) === b(loops) ? 1 : 0;
    case 'select':
      return a(loops) !== 0 ? b(loops) : c(loops);
    case 'indexed':
      return a(loops, indexShift(step, b(loops)));
  }
}

/** Sets the output indices of a flat output position. */
export function setOutputIndices(loops: Int32Array, outDims: readonly number[], element: number): void {
  let rest = element;
  for (let i = outDims.length - 1; i >= 0; i--) {
    const dim = outDims[i] as number;
    loops[i] = rest % dim;
    rest = Math.floor(rest / dim);
  }
}

/** Advances loop indices [from, to) like an odometer, last fastest; false after the last combination. */
export function advance(loops: Int32Array, dims: readonly number[], from: number): boolean {
  for (let i = dims.length - 1; i >= 0; i--) {
    const next = (loops[from + i] as number) + 1;
    if (next < (dims[i] as number)) {
      loops[from + i] = next;
      return true;
    }
    loops[from + i] = 0;
  }
  return false;
}

function reduceOver(step: Step, a: Reader, b: Reader, c: Reader, loops: Int32Array): number {
  const from = step.outDims.length;
  loops.fill(0, from);
  let accumulator = combineAt(step, a, b, c, loops);
  let best = 0;
  for (let position = 1; advance(loops, step.redDims, from); position++) {
    const x = combineAt(step, a, b, c, loops);
    if (step.reduce === 'sum') accumulator += x;
    else if (step.reduce === 'max' || step.reduce === 'argMax') {
      if (x > accumulator) [accumulator, best] = [x, position];
    } else if (x < accumulator) [accumulator, best] = [x, position];
  }
  loops.fill(0, from);
  return step.reduce === 'argMax' || step.reduce === 'argMin' ? best : accumulator;
}

function finish(step: Step, accumulator: number, mult: number, add: number, c: number): number {
  const v = accumulator * mult + add;
  const r = step.shift > 0 ? Math.floor((v + 2 ** (step.shift - 1)) / 2 ** step.shift) : v * 2 ** -step.shift;
  let t = r;
  if (step.post === 'divide') t = Math.floor(r / Math.max(c, 1));
  else if (step.post === 'sqrt') t = Math.floor(Math.sqrt(Math.max(r, 0)));
  return clamp(t, step.lo, step.hi) + 0; // + 0 turns -0 into 0
}

/**
 * Prepares a function that computes one element of a step up to its clamp: the stored value, or what the step's table is
 * read with.
 *
 * @param slots must hold every slot that the step reads.
 * @returns a function from the flat output position (0 to elements - 1).
 */
export function clampedEvaluator(program: Constants, step: Step, slots: Slots): (element: number) => number {
  const a = reader(program, slots, step.a);
  const b = reader(program, slots, step.b);
  const c = reader(program, slots, step.c);
  const mult = reader(program, slots, step.mult);
  const add = reader(program, slots, step.add);
  const loops = new Int32Array(step.outDims.length + step.redDims.length);
  return (element) => {
    setOutputIndices(loops, step.outDims, element);
    const accumulator = reduceOver(step, a, b, c, loops);
    const divisor = step.post === 'divide' ? c(loops) : 1;
    return finish(step, accumulator, mult(loops), add(loops), divisor);
  };
}

/** Prepares a function that computes one element of a step as it is stored: a flat output position to an int32. */
export function stepEvaluator(program: Constants, step: Step, slots: Slots): (element: number) => number {
  const clamped = clampedEvaluator(program, step, slots);
  const { lookup } = step;
  if (!lookup) return clamped;
  const table = program.constants[lookup.constant]?.data;
  if (!table) throw new RangeError(`The constant ${lookup.constant} has no data.`);
  return (element) => table[tablePosition(lookup, clamped(element))] as number;
}

/** Computes a whole step. */
export function evaluateStep(program: Program, step: Step, slots: Slots): Int32Array {
  const at = stepEvaluator(program, step, slots);
  const output = new Int32Array(elementCount(step.outDims));
  for (let i = 0; i < output.length; i++) output[i] = at(i);
  return output;
}

/** Computes every slot from the packed input. */
export function evaluate(program: Program, input: Int32Array): Int32Array[] {
  const slots = [input];
  for (const step of program.steps) slots.push(evaluateStep(program, step, slots));
  return slots;
}
