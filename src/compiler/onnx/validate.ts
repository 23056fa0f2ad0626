/**
 * What a graph must be before anything else looks at it: every tensor is given once, by something that does not depend on it, and
 * whatever is read is given. Files whose nodes are out of order are put in order, as ONNX Runtime does.
 */
import type { GraphProto, NodeProto } from 'onnx-buf';
import { UserError } from '../../errors.js';
import { capturedBy } from './graph.js';

/** Bodies within bodies. */
const MOST_LEVELS = 16;
/** It is a property of every object: nothing can be kept under it by name. */
const IMPOSSIBLE_NAME = '__proto__';

function refuse(file: string, reason: string): never {
  throw new UserError(
    'OG_BAD_MODEL',
    `${file} is not a valid model: ${reason}.`,
    'Check it with the onnx package, onnx.checker.check_model(path), and export it again.',
  );
}

const nameOf = ({ name, opType }: NodeProto): string => `${opType} node "${name}"`;

const bodiesOf = ({ attribute }: NodeProto): GraphProto[] =>
  attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);

/** What gives each tensor: a node, or null for an input or initialiser. */
function giversOf(file: string, graph: GraphProto): Map<string, NodeProto | null> {
  const givers = new Map<string, NodeProto | null>();
  const give = (name: string, giver: NodeProto | null, kind: string): void => {
    if (name === IMPOSSIBLE_NAME) refuse(file, `a tensor is named "${name}"`);
    if (givers.has(name)) refuse(file, `the ${kind} "${name}" is given twice`);
    givers.set(name, giver);
  };
  for (const { name } of graph.input) {
    if (name === '') refuse(file, 'an input has no name');
    give(name, null, 'input');
  }
  const isInput = new Set(givers.keys());
  const initializers = new Set<string>();
  for (const { name } of graph.initializer) {
    if (initializers.has(name)) refuse(file, `the initialiser "${name}" is given twice`);
    initializers.add(name);
    // Old files list them among the inputs.
    if (!isInput.has(name)) give(name, null, 'initialiser');
  }
  for (const { values } of graph.sparseInitializer) if (values) give(values.name, null, 'sparse initialiser');
  for (const node of graph.node) for (const name of node.output) if (name !== '') give(name, node, 'result');
  return givers;
}

/** The nodes in an order in which each comes after those it reads from; theirs where that is one. */
function ordered(
  file: string,
  graph: GraphProto,
  givers: ReadonlyMap<string, NodeProto | null>,
  around: ReadonlySet<string>,
): NodeProto[] {
  const readBy = new Map(
    graph.node.map((node) => [node, new Set([...node.input, ...bodiesOf(node).flatMap(capturedBy)])]),
  );
  for (const [node, names] of readBy)
    for (const name of names)
      if (name !== '' && !givers.has(name) && !around.has(name))
        refuse(file, `the ${nameOf(node)} reads "${name}", which nothing gives`);
  const waiting = new Map(
    graph.node.map((node) => {
      const from = [...readBy.get(node)!].flatMap((name) => givers.get(name) ?? []);
      return [node, new Set(from)];
    }),
  );
  const readers = new Map<NodeProto, NodeProto[]>();
  for (const [node, from] of waiting)
    for (const giver of from) {
      const list = readers.get(giver);
      if (list) list.push(node);
      else readers.set(giver, [node]);
    }
  const done: NodeProto[] = [];
  const passed = new Set<NodeProto>();
  const finish = (first: NodeProto): void => {
    const ready = [first];
    for (let node = ready.pop(); node; node = ready.pop()) {
      waiting.delete(node);
      done.push(node);
      for (const reader of readers.get(node) ?? []) {
        const rest = waiting.get(reader)!;
        rest.delete(node);
        // Whatever comes later in the file has its turn there.
        if (rest.size === 0 && passed.has(reader)) ready.push(reader);
      }
    }
  };
  for (const node of graph.node) {
    passed.add(node);
    if (waiting.get(node)?.size === 0) finish(node);
  }
  const [stuck] = waiting.keys();
  if (stuck) refuse(file, `the ${nameOf(stuck)} reads, in a cycle, what is computed from it`);
  return done;
}

/**
 * Checks a graph and the bodies in it, and puts their nodes in order, in place.
 *
 * @param around names that a body may take from the graphs it is in.
 * @throws UserError naming what is wrong.
 */
export function validateGraph(
  file: string,
  graph: GraphProto,
  around: ReadonlySet<string> = new Set(),
  level = 0,
): void {
  if (level > MOST_LEVELS) refuse(file, `its bodies are nested more than ${MOST_LEVELS} deep`);
  const givers = giversOf(file, graph);
  const known = new Set([...around, ...givers.keys()]);
  for (const node of graph.node) for (const body of bodiesOf(node)) validateGraph(file, body, known, level + 1);
  graph.node = ordered(file, graph, givers, around);
  const outputs = new Set<string>();
  for (const { name } of graph.output) {
    if (!known.has(name)) refuse(file, `nothing gives its output "${name}"`);
    if (outputs.has(name) && level === 0) refuse(file, `it has two outputs named "${name}"`);
    outputs.add(name);
  }
}
