/**
 * If. With a condition that does not depend on the input: the nodes of the branch that is taken. With any other: the nodes of both
 * branches, and a choice between their results.
 */
import { clone, create } from '@bufbuild/protobuf';
import { type GraphProto, GraphProtoSchema, NodeProtoSchema } from 'onnx-buf';
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const BRANCHES = ['then_branch', 'else_branch'] as const;

const takenBranch = (site: Site): GraphProto | undefined =>
  site.body(site.numbers(0)?.[0] ? 'then_branch' : 'else_branch');

/** What a branch hands on from around it, by result, when it does nothing else; null when it computes something. */
function handedOn(branch: GraphProto): string[] | null {
  if (branch.initializer.length > 0 || branch.node.some(({ opType }) => opType !== 'Identity')) return null;
  const own = new Set(branch.node.flatMap(({ output }) => output));
  const sources = branch.output.map(({ name }) => branch.node.find(({ output }) => output[0] === name)?.input[0] ?? '');
  return sources.some((name) => name === '' || own.has(name)) ? null : sources;
}

/** A branch that hands on these. */
function handingOn(results: readonly string[]): GraphProto {
  const names = results.map((_, i) => `result${i}`);
  return create(GraphProtoSchema, {
    name: 'results',
    node: results.map((name, i) => ({ opType: 'Identity', name: names[i]!, input: [name], output: [names[i]!] })),
    output: names.map((name) => ({ name })),
  });
}

/**
 * The shapes of both branches' results have to be known before one of them can be chosen, so that it takes two turns: the first
 * takes the nodes out of the branches.
 */
const choose: Expansion = {
  expand: (site) => {
    const [then, otherwise] = BRANCHES.map((name) => handedOn(site.body(name)!));
    if (!then || !otherwise) {
      const opened = clone(NodeProtoSchema, site.proto);
      for (const attribute of opened.attribute) if (attribute.g) attribute.g = handingOn(site.inline(attribute.g, []));
      site.nodes.push(opened);
      return;
    }
    const condition = site.reshape(site.input(0), []);
    then.forEach((name, i) => {
      site.give(i, 'Where', [condition, name, otherwise[i]!]);
    });
  },
  refuses: (site) => {
    if (!BRANCHES.every((name) => site.body(name))) return 'it has not both branches';
    const [then, otherwise] = BRANCHES.map((name) =>
      handedOn(site.body(name)!)?.map((source) => site.shapeOf(source).join('x')),
    );
    if (!then || !otherwise || then.join() === otherwise.join()) return null;
    return `its condition depends on the input, and so do the shapes of its results: ${then.join(', ')} or ${otherwise.join(', ')}`;
  },
};

export const ifExpansion: Expansion = {
  expand: (site) => {
    site.inline(takenBranch(site)!, []).forEach((name, i) => {
      site.give(i, 'Identity', [name]);
    });
  },
  refuses: (site) =>
    site.numbers(0)?.length === 1
      ? takenBranch(site)
        ? null
        : 'it has no branch for its condition'
      : 'its condition depends on the input',
  lastResort: choose,
};
