/** Model-local functions: every node that calls one becomes the nodes of its body, before anything else looks at the graph. */
import { clone, create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
} from 'onnx-buf';
import { UserError } from '../../errors.js';
import { renamed } from './body.js';

/** Functions that call functions; a circle of calls is deeper than any. */
const DEEPEST = 32;
const MOST_NODES = 50_000;

const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);
const keyOf = (domain: string, name: string, overload: string): string =>
  JSON.stringify([domainOf(domain), name, overload]);

class Inliner {
  private readonly functions: ReadonlyMap<string, FunctionProto>;
  /** What names begin with, up to and with a slash. */
  private readonly taken = new Set<string>();
  private count = 0;

  constructor(
    private readonly file: string,
    model: ModelProto,
    private readonly opset: Readonly<Record<string, number>>,
  ) {
    this.functions = new Map(model.functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn]));
    if (model.graph) this.take(model.graph);
  }

  private take(graph: GraphProto): void {
    for (const { name } of [...graph.input, ...graph.initializer]) this.takeName(name);
    for (const node of graph.node) {
      for (const name of [...node.output, node.name]) this.takeName(name);
      for (const { g, graphs } of node.attribute) for (const body of g ? [g, ...graphs] : graphs) this.take(body);
    }
  }

  /** Keeps what a name has before each of its slashes. */
  private takeName(name: string): void {
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) this.taken.add(name.slice(0, at + 1));
  }

  private refuse(reason: string): never {
    throw new UserError(
      'OG_BAD_MODEL',
      `${this.file} cannot be read: ${reason}.`,
      'Export it without functions, or inline them: onnx.inliner.inline_local_functions(model).',
    );
  }

  /** A name for the nodes of one call; nothing else begins with it and a slash. */
  private prefixOf(node: NodeProto): string {
    let prefix = node.name || node.output.find((name) => name !== '') || node.opType;
    while (this.taken.has(`${prefix}/`)) prefix = `${prefix}'`;
    this.taken.add(`${prefix}/`);
    return prefix;
  }

  private checkOpsets({ name, opsetImport }: FunctionProto): void {
    for (const { domain, version } of opsetImport) {
      const used = this.opset[domainOf(domain)];
      if (used !== undefined && used !== Number(version))
        this.refuse(
          `its function "${name}" is of opset ${version} of the domain "${domainOf(domain)}", and the model of opset ${used}`,
        );
    }
  }

  /** Nodes with the calls among them opened, in their bodies too. */
  open(nodes: readonly NodeProto[], depth: number): NodeProto[] {
    return nodes.flatMap((node) => {
      const fn = this.functions.get(keyOf(node.domain, node.opType, node.overload));
      if (fn) return this.open(this.callOf(fn, node, depth), depth + 1);
      this.count++;
      if (this.count > MOST_NODES) this.refuse(`its functions make more than ${MOST_NODES} nodes`);
      return [this.withOpenBodies(node, depth)];
    });
  }

  private withOpenBodies(node: NodeProto, depth: number): NodeProto {
    if (!node.attribute.some(({ g, graphs }) => g || graphs.length > 0)) return node;
    const copy = clone(NodeProtoSchema, node);
    for (const { g, graphs } of copy.attribute)
      for (const body of g ? [g, ...graphs] : graphs) body.node = this.open(body.node, depth);
    return copy;
  }

  /** The body of a function in place of a node. */
  private callOf(fn: FunctionProto, node: NodeProto, depth: number): NodeProto[] {
    if (depth >= DEEPEST) this.refuse(`its function "${fn.name}" calls itself, or functions are ${DEEPEST} deep`);
    this.checkOpsets(fn);
    const prefix = this.prefixOf(node);
    const given = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
    const absent = new Map(fn.attributeProto.map((attribute) => [attribute.name, attribute]));
    const attributeOf = (name: string): AttributeProto | undefined => given.get(name) ?? absent.get(name);
    const names = new Map(fn.node.flatMap(({ output }) => output).map((name) => [name, `${prefix}/${name}`]));
    fn.output.forEach((name, i) => {
      const wanted = node.output[i] ?? '';
      if (wanted !== '') names.set(name, wanted);
    });
    const handedOn = fn.output.flatMap((name, i) => (fn.input.includes(name) ? [[name, i] as const] : []));
    fn.input.forEach((name, i) => {
      names.set(name, node.input[i] ?? '');
    });
    names.set('', '');
    const nodes = fn.node.map((inner) => {
      const copy = renamed(withAttributes(inner, attributeOf), names);
      copy.name = `${prefix}/${copy.name || copy.output.find((name) => name !== '') || copy.opType}`;
      return copy;
    });
    const identities = handedOn.map(([name, i]) =>
      create(NodeProtoSchema, { opType: 'Identity', input: [names.get(name)!], output: [node.output[i] ?? ''] }),
    );
    return [...nodes, ...identities.filter(({ output }) => output[0] !== '')];
  }
}

/** A node of a body with the attributes of the call where it refers to them; without those that the call leaves out. */
function withAttributes(node: NodeProto, attributeOf: (name: string) => AttributeProto | undefined): NodeProto {
  const copy = clone(NodeProtoSchema, node);
  copy.attribute = copy.attribute.flatMap((attribute) => {
    if (attribute.refAttrName !== '') {
      const value = attributeOf(attribute.refAttrName);
      if (!value) return [];
      const own = clone(AttributeProtoSchema, value);
      own.name = attribute.name;
      return [own];
    }
    for (const body of attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs)
      body.node = body.node.map((inner) => withAttributes(inner, attributeOf));
    return [attribute];
  });
  return copy;
}

/**
 * @param opset versions by domain that the model imports.
 * @throws UserError when functions call each other in a circle, are of another opset, or make too many nodes.
 */
export function inlineFunctions(
  model: ModelProto,
  file: string,
  opset: Readonly<Record<string, number>>,
): { proto: ModelProto; opset: Record<string, number> } {
  const all = { ...opset };
  if (model.functions.length === 0 || !model.graph) return { proto: model, opset: all };
  const graph = { ...model.graph, node: new Inliner(file, model, opset).open(model.graph.node, 0) };
  const added = model.functions.flatMap(({ opsetImport }) =>
    opsetImport.filter(({ domain, version }) => {
      if (all[domainOf(domain)] !== undefined) return false;
      all[domainOf(domain)] = Number(version);
      return true;
    }),
  );
  return { proto: { ...model, graph, functions: [], opsetImport: [...model.opsetImport, ...added] }, opset: all };
}
