/** Emits a run of steps as an ONNX model. */
import { stepBounds } from '../../program/bounds.js';
import { type Program, slotShape } from '../../program/program.js';
import type { Range } from '../../program/range.js';
import { OPERAND_NAMES, type Step } from '../../program/step.js';
import { LIMITS, type Limits } from './accumulate.js';
import { Graph, type Value } from './graph.js';
import { cast, flatten } from './ops.js';
import type { Slots } from './reading.js';
import { emitStep, emitUnrounded } from './step.js';

/** Steps `from` to `to - 1` (positions in `program.steps`), and the slots to hand out. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly fetch: readonly number[];
}

export interface EmittedModel {
  readonly bytes: Uint8Array;
  /** Slots that are fed: they are read here and made before the segment. */
  readonly feeds: readonly number[];
  /** Names of the graph's outputs; slots that are computed alike share one. */
  readonly fetches: readonly { readonly slot: number; readonly name: string }[];
}

/** The graph's inputs are slots, flat and int32, by these names; so are its outputs, by others. */
export const slotName = (slot: number): string => `slot${slot}`;

/** Nodes are named for the step they compute a part of, so that a failure can say where it was. */
const labelOf = (at: number, step: Step): string => `step ${at + 1}: ${step.name}`;

/** The step that a node's name names. */
export function placeOf(node: string): string {
  const [, position, name] = /^step (\d+): (.*) \[\d+\]/.exec(node) ?? [];
  return position === undefined ? 'The program' : `Step ${position} ("${name}")`;
}

/** Slots that a step reads. Operands that its combine and post do not look at count as well. */
export function slotsRead(step: Step): number[] {
  return OPERAND_NAMES.flatMap((name) => {
    const { source } = step[name];
    return source.kind === 'slot' ? [source.index] : [];
  });
}

/** The slots that come from outside, and a place for those that the segment makes. */
function feed(g: Graph, program: Program, ranges: readonly Range[], { from, to }: Pick<Segment, 'from' | 'to'>) {
  const read = new Set(program.steps.slice(from, to).flatMap(slotsRead));
  const feeds = [...read].filter((slot) => slot <= from).sort((x, y) => x - y);
  const values = new Map<number, Value>();
  for (const slot of feeds) {
    const input = g.input(slotName(slot), 'int32', [slotShape(program, slot).elements]);
    values.set(slot, cast(g, input, 'double'));
  }
  const slots: Slots = { program, ranges, value: (slot) => values.get(slot)! };
  return { feeds, values, slots };
}

/** Emits one step up to where it rounds down: its one output is flat and float64. */
export function emitUnroundedStep(
  program: Program,
  ranges: readonly Range[],
  at: number,
  limits: Limits,
): EmittedModel {
  const g = new Graph();
  const step = program.steps[at]!;
  const { feeds, slots } = feed(g, program, ranges, { from: at, to: at + 1 });
  g.label = labelOf(at, step);
  const output = flatten(g, emitUnrounded(g, slots, step, stepBounds(program, at, ranges), limits));
  return { bytes: g.encode([output]), feeds, fetches: [{ slot: at + 1, name: output.name }] };
}

/** @param ranges what every slot can hold, as `checkProgram` proves it. */
export function emitProgram(
  program: Program,
  ranges: readonly Range[],
  segment: Segment,
  limits: Limits = LIMITS,
): EmittedModel {
  const g = new Graph();
  const steps = program.steps.slice(segment.from, segment.to);
  const { feeds, values, slots } = feed(g, program, ranges, segment);
  steps.forEach((step, i) => {
    const at = segment.from + i;
    g.label = labelOf(at, step);
    values.set(at + 1, emitStep(g, slots, step, stepBounds(program, at, ranges), limits));
  });
  g.label = 'output';
  const outputs = new Map(segment.fetch.map((slot) => [slot, cast(g, flatten(g, slots.value(slot)), 'int32')]));
  const fetches = [...outputs].map(([slot, { name }]) => ({ slot, name }));
  return { bytes: g.encode([...outputs.values()]), feeds, fetches };
}
