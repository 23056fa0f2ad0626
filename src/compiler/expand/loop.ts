/** Loop and Scan with a number of turns that does not depend on the input: the nodes of the body, once a turn. */
import type { GraphProto } from 'onnx-buf';
import { Attributes } from '../onnx/graph.js';
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const MOST_TURNS = 1_024;
/** Nodes that one loop may become. */
const MOST_NODES = 50_000;

const TURNS = 0;
const CONDITION = 1;
/** Inputs of a Loop before its states, and inputs of its body before them. */
const BEFORE_STATES = 2;

/** Results of the turns side by side on an axis where each has length 1. */
function stacked(site: Site, output: number, axis: number, turns: readonly string[]): void {
  if (!site.gives(output)) return;
  const shape = site.outputShape(output);
  if (turns.length === 0) {
    site.give(output, 'Reshape', [site.cast(site.wholes([]), site.outputType(output)), site.wholes(shape)]);
    return;
  }
  const one = shape.map((dim, i) => (i === axis ? 1 : dim));
  const slices = turns.map((name) => site.reshape(name, one));
  site.give(output, 'Concat', slices, { axis });
}

/** Whether a body always gives true for "go on", as it is for a loop that only counts; null when it computes it. */
function goesOn(body: GraphProto, isTrueAtFirst: boolean): boolean | null {
  const producers = new Map(body.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  let name = body.output[0]?.name;
  for (let steps = 0; name !== undefined && steps <= body.node.length; steps++) {
    if (name === body.input[CONDITION]?.name) return isTrueAtFirst;
    const initializer = body.initializer.find((tensor) => tensor.name === name);
    if (initializer) return [...initializer.rawData, ...initializer.int32Data].some((value) => value !== 0);
    const node = producers.get(name);
    if (node?.opType === 'Constant') {
      const value = new Attributes(node.attribute).tensor('value');
      return value ? Number(value.data[0]) !== 0 : null;
    }
    if (node?.opType !== 'Identity') return null;
    name = node.input[0];
  }
  return null;
}

/** How many turns a Loop takes, or why that is not known. */
function turnsOf(site: Site, body: GraphProto): number | string {
  if (site.has(CONDITION) && !site.constant(CONDITION)) return 'its first condition depends on the input';
  if (site.numbers(CONDITION)?.[0] === 0) return 0;
  if (site.has(TURNS) && !site.constant(TURNS)) return 'its number of turns depends on the input';
  const limit = site.numbers(TURNS)?.[0];
  const next = goesOn(body, true);
  if (next === null) return 'its condition is computed in its body';
  if (!next) return Math.min(limit ?? 1, 1);
  return limit === undefined ? 'it has no number of turns, and its condition never ends it' : Math.max(limit, 0);
}

const tooLong = (turns: number, body: GraphProto): string | null =>
  turns > MOST_TURNS || turns * body.node.length > MOST_NODES
    ? `it takes ${turns} turns of ${body.node.length} nodes, more than og unrolls (${MOST_TURNS} turns, ${MOST_NODES} nodes)`
    : null;

export const loop: Expansion = {
  expand: (site) => {
    const body = site.body('body')!;
    const turns = turnsOf(site, body) as number;
    const count = site.node.inputs.length - BEFORE_STATES;
    let states = site.node.inputs.slice(BEFORE_STATES);
    const scanned: string[][] = body.output.slice(1 + count).map(() => []);
    for (let turn = 0; turn < turns; turn++) {
      const condition = site.cast(site.wholes([1], []), 'bool');
      const [, ...results] = site.inline(body, [site.wholes([turn], []), condition, ...states]);
      states = results.slice(0, count);
      results.slice(count).forEach((name, i) => {
        scanned[i]!.push(name);
      });
    }
    states.forEach((name, i) => {
      site.give(i, 'Identity', [name]);
    });
    scanned.forEach((names, i) => {
      stacked(site, count + i, 0, names);
    });
  },
  refuses: (site) => {
    const body = site.body('body');
    if (!body) return 'it has no body';
    const turns = turnsOf(site, body);
    return typeof turns === 'string' ? turns : tooLong(turns, body);
  },
};

const FORWARD = 0;
/** In opset 8 it has a batch and lengths of sequences. */
const FIRST_PLAIN_SCAN = 9;

export const scan: Expansion = {
  expand: (site) => {
    const body = site.body('body')!;
    const { attributes, node } = site;
    const sequences = attributes.int('num_scan_inputs', 1);
    const count = node.inputs.length - sequences;
    const axisOf = (name: string, i: number, rank: number): number => {
      const axis = attributes.ints(name)?.[i] ?? 0;
      return axis < 0 ? axis + rank : axis;
    };
    const isForward = (name: string, i: number): boolean => (attributes.ints(name)?.[i] ?? FORWARD) === FORWARD;
    const inputs = Array.from({ length: sequences }, (_, i) => {
      const shape = site.shape(count + i);
      const axis = axisOf('scan_input_axes', i, shape.length);
      return {
        name: site.input(count + i),
        axis,
        length: shape[axis]!,
        forward: isForward('scan_input_directions', i),
      };
    });
    const turns = inputs[0]!.length;
    let states = node.inputs.slice(0, count);
    const scanned: string[][] = body.output.slice(count).map(() => []);
    for (let turn = 0; turn < turns; turn++) {
      const elements = inputs.map(({ name, axis, forward }) =>
        site.add('Gather', [name, site.wholes([forward ? turn : turns - 1 - turn], [])], { axis }),
      );
      const results = site.inline(body, [...states, ...elements]);
      states = results.slice(0, count);
      results.slice(count).forEach((name, i) => {
        if (isForward('scan_output_directions', i)) scanned[i]!.push(name);
        else scanned[i]!.unshift(name);
      });
    }
    states.forEach((name, i) => {
      site.give(i, 'Identity', [name]);
    });
    scanned.forEach((names, i) => {
      if (!site.gives(count + i)) return;
      stacked(site, count + i, axisOf('scan_output_axes', i, site.outputShape(count + i).length), names);
    });
  },
  refuses: (site) => {
    const body = site.body('body');
    if (!body) return 'it has no body';
    if (site.opset < FIRST_PLAIN_SCAN) return 'it is the Scan of opset 8, with sequences of different lengths';
    const first = site.node.inputs.length - site.attributes.int('num_scan_inputs', 1);
    const axis = site.attributes.ints('scan_input_axes')?.[0] ?? 0;
    return tooLong(site.shape(first).at(axis)!, body);
  },
};
