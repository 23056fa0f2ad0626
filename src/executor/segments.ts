/** Cuts a program into runs of steps that each fit one graph and, where all slots are fetched, bounded memory. */
import { type Program, slotShape } from '../program/program.js';
import { OPERAND_NAMES, type Step } from '../program/step.js';
import { type Segment, slotsRead } from './emit/program.js';

export interface SegmentLimits {
  /** Bytes of the slots that a traced segment makes: 8 as it is computed and 4 as it is fetched, an element. */
  readonly slotBytes: number;
  /** Bytes of a segment's constants as float64; a serialised graph must stay below 2 GiB. */
  readonly constantBytes: number;
}

export const SEGMENT_LIMITS: SegmentLimits = { slotBytes: 2 ** 29, constantBytes: 2 ** 30 };

const BYTES_PER_TRACED_ELEMENT = 12;
const BYTES_PER_CONSTANT_ELEMENT = 8;

function constantsRead(step: Step): number[] {
  const operands = OPERAND_NAMES.flatMap((name) => {
    const { source } = step[name];
    return source.kind === 'constant' ? [source.index] : [];
  });
  return step.lookup ? [...operands, step.lookup.constant] : operands;
}

/** Positions in `program.steps` at which segments start, and the end. */
function cuts(program: Program, traced: boolean, limits: SegmentLimits): number[] {
  const starts = [0];
  let [slotBytes, constantBytes] = [0, 0];
  let seen = new Set<number>();
  program.steps.forEach((step, at) => {
    const slot = traced ? slotShape(program, at + 1).elements * BYTES_PER_TRACED_ELEMENT : 0;
    const sizeOf = (constant: number): number => program.constants[constant]!.data.length * BYTES_PER_CONSTANT_ELEMENT;
    const fresh = [...new Set(constantsRead(step))].filter((constant) => !seen.has(constant));
    const constants = fresh.reduce((sum, constant) => sum + sizeOf(constant), 0);
    if (
      at > starts.at(-1)! &&
      (slotBytes + slot > limits.slotBytes || constantBytes + constants > limits.constantBytes)
    ) {
      starts.push(at);
      [slotBytes, constantBytes] = [0, 0];
      seen = new Set();
    }
    slotBytes += slot;
    constantBytes += constants;
    for (const constant of fresh) seen.add(constant);
  });
  return [...starts, program.steps.length];
}

/** Segments that fetch every slot that they make. */
export function traceSegments(program: Program, limits: SegmentLimits): Segment[] {
  const at = cuts(program, true, limits);
  return at.slice(1).map((to, i) => {
    const from = at[i]!;
    return { from, to, fetch: Array.from({ length: to - from }, (_, k) => from + k + 1) };
  });
}

/** Segments that fetch the last slot, and on the way only what later segments read. */
export function runSegments(program: Program, limits: SegmentLimits): Segment[] {
  const at = cuts(program, false, limits);
  const segments = at.slice(1).map((to, i) => {
    const from = at[i]!;
    const later = new Set([program.steps.length, ...program.steps.slice(to).flatMap(slotsRead)]);
    const fetch = Array.from({ length: to - from }, (_, k) => from + k + 1).filter((slot) => later.has(slot));
    return { from, to, fetch };
  });
  return segments.filter(({ fetch }) => fetch.length > 0);
}
