/** If with a condition that does not depend on the input: the nodes of the branch that is taken. */
import { clone } from '@bufbuild/protobuf';
import { type GraphProto, type NodeProto, NodeProtoSchema, TensorProtoSchema } from 'onnx-buf';
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

/** The same node under other names, also in the bodies that it has; names that a body defines are its own. */
function renamed(node: NodeProto, names: ReadonlyMap<string, string>): NodeProto {
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

const definedIn = (graph: GraphProto): string[] => [
  ...graph.input.map(({ name }) => name),
  ...graph.initializer.map(({ name }) => name),
  ...graph.node.flatMap(({ output }) => output).filter((name) => name !== ''),
];

function branchOf(site: Site): GraphProto | undefined {
  const condition = site.numbers(0);
  const wanted = condition?.[0] ? 'then_branch' : 'else_branch';
  return site.proto.attribute.find(({ name }) => name === wanted)?.g;
}

export const ifExpansion: Expansion = {
  expand: (site) => {
    const branch = branchOf(site)!;
    const names = new Map(definedIn(branch).map((name) => [name, `${site.prefix}/${name}`]));
    for (const initializer of branch.initializer) {
      const copy = clone(TensorProtoSchema, initializer);
      copy.name = names.get(copy.name)!;
      site.initializers.push(copy);
    }
    for (const node of branch.node) {
      const copy = renamed(node, names);
      if (copy.name !== '') copy.name = `${site.prefix}/${copy.name}`;
      site.nodes.push(copy);
    }
    branch.output.forEach(({ name }, i) => {
      site.give(i, 'Identity', [names.get(name) ?? name]);
    });
  },
  refuses: (site) =>
    site.numbers(0)?.length === 1
      ? branchOf(site)
        ? null
        : 'it has no branch for its condition'
      : 'its condition depends on the input',
};
