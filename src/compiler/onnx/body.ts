/** Puts the nodes of a body (the branch of an If, a turn of a Loop, a function) into the graph around it. */
import { clone } from '@bufbuild/protobuf';
import { type GraphProto, type NodeProto, NodeProtoSchema, type TensorProto, TensorProtoSchema } from 'onnx-buf';

/** The nodes and initialisers of a body under names of the graph around it, and what its outputs are called there. */
export interface Inlined {
  readonly nodes: NodeProto[];
  readonly initializers: TensorProto[];
  readonly outputs: string[];
}

const definedIn = (graph: GraphProto): string[] => [
  ...graph.input.map(({ name }) => name),
  ...graph.initializer.map(({ name }) => name),
  ...graph.node.flatMap(({ output }) => output).filter((name) => name !== ''),
];

/** The same node under other names, also in the bodies that it has; names that a body defines are its own. */
export function renamed(node: NodeProto, names: ReadonlyMap<string, string>): NodeProto {
  const copy = clone(NodeProtoSchema, node);
  const rename = (name: string): string => names.get(name) ?? name;
  copy.input = copy.input.map(rename);
  copy.output = copy.output.map(rename);
  for (const attribute of copy.attribute)
    for (const body of [...(attribute.g ? [attribute.g] : []), ...attribute.graphs]) {
      const own = new Set(definedIn(body));
      const visible = new Map([...names].filter(([name]) => !own.has(name)));
      body.node = body.node.map((inner) => renamed(inner, visible));
      for (const output of body.output) output.name = visible.get(output.name) ?? output.name;
    }
  return copy;
}

/**
 * @param prefix names that begin with this are free.
 * @param inputs names around the body of what its inputs are given, in their order.
 */
export function inlineBody(body: GraphProto, prefix: string, inputs: readonly string[]): Inlined {
  const names = new Map(definedIn(body).map((name) => [name, `${prefix}/${name}`]));
  body.input.forEach(({ name }, i) => {
    names.set(name, inputs[i]!);
  });
  const initializers = body.initializer.map((initializer) => {
    const copy = clone(TensorProtoSchema, initializer);
    copy.name = names.get(copy.name)!;
    return copy;
  });
  const nodes = body.node.map((node) => {
    const copy = renamed(node, names);
    if (copy.name !== '') copy.name = `${prefix}/${copy.name}`;
    return copy;
  });
  return { nodes, initializers, outputs: body.output.map(({ name }) => names.get(name) ?? name) };
}
