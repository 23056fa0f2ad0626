/** An ONNX graph as the compiler works with it: names instead of protobuf messages, attributes with defaults. */
import type { AttributeProto, GraphProto, ModelProto } from 'onnx-buf';
import type { FloatTensor } from '../float-runtime.js';
import { decodeTensor, type ElementType } from './tensor.js';

/** A dimension of a declared shape: a number, a symbol, or null when the file says nothing. */
export type Dimension = number | string | null;

/** A graph input. `dims` is null when the file declares no shape. */
export interface GraphInput {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly Dimension[] | null;
}

/** Attributes of one node. A getter with a default gives it when the attribute is absent. */
export class Attributes {
  private readonly byName: ReadonlyMap<string, AttributeProto>;

  constructor(attributes: readonly AttributeProto[] = []) {
    this.byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  /** The same attributes without these, so that their defaults count. */
  without(...names: readonly string[]): Attributes {
    return new Attributes([...this.byName.values()].filter(({ name }) => !names.includes(name)));
  }
  has(name: string): boolean {
    return this.byName.has(name);
  }
  int(name: string, absent: number): number {
    const attribute = this.byName.get(name);
    return attribute ? Number(attribute.i) : absent;
  }
  ints(name: string): number[] | undefined {
    return this.byName.get(name)?.ints.map(Number);
  }
  float(name: string, absent: number): number {
    return this.byName.get(name)?.f ?? absent;
  }
  floats(name: string): number[] | undefined {
    const attribute = this.byName.get(name);
    return attribute && [...attribute.floats];
  }
  text(name: string, absent: string): string {
    const attribute = this.byName.get(name);
    return attribute ? new TextDecoder().decode(attribute.s) : absent;
  }
  texts(name: string): string[] | undefined {
    return this.byName.get(name)?.strings.map((bytes) => new TextDecoder().decode(bytes));
  }
  tensor(name: string): FloatTensor | undefined {
    const tensor = this.byName.get(name)?.t;
    return tensor && decodeTensor(tensor, `attribute ${name}`);
  }
  /** The bodies that a node carries (If, Loop, Scan). */
  get graphs(): readonly GraphProto[] {
    return [...this.byName.values()].flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);
  }
  /** Whether a node carries a body of its own. */
  get hasGraph(): boolean {
    return this.graphs.length > 0;
  }
}

/** Names that the nodes of a body read and that the body does not define. */
export function capturedBy(body: GraphProto): string[] {
  const own = new Set([...body.input, ...body.initializer].map(({ name }) => name));
  const read: string[] = [];
  for (const { input, output, attribute } of body.node) {
    const inner = attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);
    read.push(...input, ...inner.flatMap(capturedBy));
    for (const name of output) own.add(name);
  }
  return [...read, ...body.output.map(({ name }) => name)].filter((name) => !own.has(name));
}

/** Tensors that a node reads: its inputs, and what its bodies take from around them. */
export const readsOf = ({ inputs, attributes }: Pick<Node, 'inputs' | 'attributes'>): readonly string[] =>
  attributes.hasGraph ? [...inputs, ...attributes.graphs.flatMap(capturedBy)] : inputs;

/** One operator. An input or output that is left out is the empty string. */
export interface Node {
  readonly name: string;
  readonly operator: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  /** Version of the operator set that the node's domain is imported with. */
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** The main graph of a model. */
export interface Graph {
  /** Without the initialisers that old files list among the inputs. */
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
  /** In an order in which each node comes after the nodes it reads from (ONNX asks for that). */
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, FloatTensor>;
}

/** A whole file: the graph, and the messages it came from. */
export interface OnnxModel {
  readonly file: string;
  readonly producer: string;
  readonly opset: Readonly<Record<string, number>>;
  readonly graph: Graph;
  readonly proto: ModelProto;
  readonly graphProto: GraphProto;
}

/** `Conv node "conv1"`: how an error names a node. */
export function describeNode(node: Node): string {
  const operator = node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;
  return `${operator} node "${node.name}"`;
}
