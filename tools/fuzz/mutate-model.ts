/** Files that are whole protobuf messages and wrong as models: cycles, missing tensors, absurd shapes, attributes, types and names. */
import { clone } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  NodeProtoSchema,
} from 'onnx-buf';
import {
  decode,
  encode,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  node,
  subgraph,
  type TensorProto,
} from '../../fixtures/onnx.js';
import type { Random } from '../../fixtures/random.js';

const WHOLES = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  -2n,
  64n,
  1000n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 40n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const REALS = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-45,
  1e30,
  3.4e38,
  -3.4e38,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const NAMES = ['', 'nowhere', '__proto__', 'constructor', 'toString', 'x', 'y', ' ', '/', 'ü', 'a'.repeat(5000)];
const OPERATORS = [
  'Abs',
  'Add',
  'ArgMax',
  'Cast',
  'Clip',
  'Concat',
  'Constant',
  'ConstantOfShape',
  'Conv',
  'DequantizeLinear',
  'Div',
  'Einsum',
  'Expand',
  'EyeLike',
  'Flatten',
  'Gather',
  'GatherND',
  'Gemm',
  'If',
  'LSTM',
  'Loop',
  'MatMul',
  'MaxPool',
  'Mod',
  'NonZero',
  'OneHot',
  'Pad',
  'Pow',
  'QuantizeLinear',
  'Range',
  'ReduceSum',
  'Reshape',
  'Resize',
  'Scan',
  'ScatterND',
  'Shape',
  'Slice',
  'Softmax',
  'Split',
  'Squeeze',
  'Tile',
  'TopK',
  'Transpose',
  'Trilu',
  'Unsqueeze',
  'Where',
  'Nonsense',
  '',
]; // prettier-ignore
const DOMAINS = ['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft', 'nobody', '__proto__'];
const STRINGS = [
  '',
  'NONE',
  'SOFTMAX',
  'reflect',
  'linear',
  'ij->',
  'i...j,jk',
  'bidirectional',
  '...',
  '\0',
  '9'.repeat(300),
];

class Mutator {
  readonly graph: GraphProto;

  constructor(
    readonly model: ModelProto,
    readonly random: Random,
  ) {
    this.graph = model.graph!;
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.random.integer(0, Math.max(list.length - 1, 0))];
  }

  /** The nodes of the graph, or of a body in it. */
  nodes(): NodeProto[] {
    const bodies = this.graph.node.flatMap(({ attribute }) => attribute.flatMap(({ g }) => (g ? [g] : [])));
    return this.pick([this.graph, this.graph, ...bodies])!.node;
  }

  names(): string[] {
    const { node: nodes, input, initializer } = this.graph;
    return [...nodes.flatMap(({ output }) => output), ...[...input, ...initializer].map(({ name }) => name)];
  }

  name(): string {
    return this.random.unit() < 0.7 ? this.pick(this.names())! : this.pick(NAMES)!;
  }

  replaceOne<T>(list: T[], value: T): void {
    if (list.length > 0) list[this.random.integer(0, list.length - 1)] = value;
  }

  dropOne(list: unknown[]): void {
    if (list.length > 0) list.splice(this.random.integer(0, list.length - 1), 1);
  }
}

type Mutation = (m: Mutator) => void;

function withTensor(change: (m: Mutator, tensor: TensorProto) => void): Mutation {
  return (m) => {
    const inAttributes = m.graph.node.flatMap(({ attribute }) => attribute.flatMap(({ t }) => (t ? [t] : [])));
    const tensor = m.pick([...m.graph.initializer, ...inAttributes]);
    if (tensor) change(m, tensor);
  };
}

function withNode(change: (m: Mutator, node: NodeProto, nodes: NodeProto[]) => void): Mutation {
  return (m) => {
    const nodes = m.nodes();
    const one = m.pick(nodes);
    if (one) change(m, one, nodes);
  };
}

function withAttribute(
  change: (m: Mutator, attribute: NodeProto['attribute'][number], owner: NodeProto) => void,
): Mutation {
  return (m) => {
    const owner = m.pick(m.nodes().filter(({ attribute }) => attribute.length > 0));
    const one = owner && m.pick(owner.attribute);
    if (one) change(m, one, owner);
  };
}

const GRAPH: readonly Mutation[] = [
  withNode((m, one) => m.replaceOne(one.input, m.name())),
  // A cycle of one.
  withNode((m, one) => m.replaceOne(one.input, one.output[0] ?? '')),
  withNode((m, one) => m.dropOne(one.input)),
  withNode((m, one) => void one.input.push(m.name())),
  withNode((m, one) => m.replaceOne(one.output, m.name())),
  withNode((m, one) => m.dropOne(one.output)),
  withNode((m, one) => void one.output.push(m.name())),
  withNode((m, one) => {
    one.opType = m.pick(OPERATORS)!;
  }),
  withNode((m, one) => {
    one.domain = m.pick(DOMAINS)!;
  }),
  withNode((m, one) => {
    one.name = m.pick(NAMES)!;
  }),
  withNode((m, _, nodes) => m.dropOne(nodes)),
  withNode((_m, one, nodes) => void nodes.push(clone(NodeProtoSchema, one))),
  withNode((m, _, nodes) => m.random.shuffle(nodes)),
  (m) => m.dropOne(m.graph.initializer),
  (m) => m.dropOne(m.graph.input),
  (m) => m.dropOne(m.graph.output),
  (m) => void m.graph.output.push(...m.graph.output.slice(0, 1)),
  (m) => void m.graph.output.push(...m.graph.input.slice(0, 1)),
  (m) => void m.graph.input.push(...m.graph.input.slice(0, 1)),
  (m) => void m.graph.initializer.push(...m.graph.initializer.slice(0, 1)),
  (m) => {
    const info = m.pick([...m.graph.output, ...m.graph.input]);
    if (info) info.name = m.name();
  },
  (m) => {
    const info = m.pick([...m.graph.initializer]);
    if (info) info.name = m.name();
  },
  // The graph within itself, some times over.
  (m) => {
    for (let depth = m.random.integer(1, 12); depth > 0; depth--) {
      const copy = clone(GraphProtoSchema, m.graph);
      if (copy.node.length > 200) return;
      const branch = { then_branch: subgraph(copy), else_branch: subgraph(clone(GraphProtoSchema, m.graph)) };
      m.graph.node = [node('If', [m.name()], [copy.output[0]?.name || 'out'], branch)];
      if (JSON.stringify(m.graph, (_, value) => (typeof value === 'bigint' ? String(value) : value)).length > 2e5)
        return;
    }
  },
];

const SHAPES: readonly Mutation[] = [
  (m) => {
    const info = m.pick([...m.graph.input, ...m.graph.input, ...m.graph.output]);
    if (info?.type?.value.case !== 'tensorType') return;
    const { value } = info.type.value;
    const dim = m.pick(value.shape?.dim ?? []);
    const kind = m.random.integer(0, 6);
    if (kind === 0) delete value.shape;
    else if (kind === 1) value.elemType = m.random.integer(-1, 26);
    else if (kind === 2 && dim) dim.value = { case: 'dimParam', value: m.pick(NAMES)! };
    else if (kind === 3) m.dropOne(value.shape?.dim ?? []);
    else if (dim) dim.value = { case: 'dimValue', value: m.pick(WHOLES)! };
  },
  (m) => {
    const info = m.pick(m.graph.input);
    if (info) delete info.type;
  },
  withTensor((m, tensor) => m.replaceOne(tensor.dims, m.pick(WHOLES)!)),
  withTensor((m, tensor) => void tensor.dims.push(m.pick(WHOLES)!)),
  withTensor((m, tensor) => m.dropOne(tensor.dims)),
  withTensor((m, tensor) => {
    tensor.dataType = m.random.integer(-1, 26);
  }),
  withTensor((m, tensor) => {
    tensor.rawData = tensor.rawData.slice(0, m.random.integer(0, tensor.rawData.length));
  }),
  withTensor((_, tensor) => void tensor.floatData.push(1, 2)),
  withTensor((m, tensor) => {
    tensor.dataLocation = m.random.integer(0, 1);
  }),
  // Constants decide shapes: of Reshape, Slice, Expand, Pad, ...
  withTensor((m, tensor) => {
    const raw = new Uint8Array(tensor.rawData);
    const view = new DataView(raw.buffer);
    if (raw.length === 0) return;
    const isWide = tensor.dataType === 7 && raw.length >= 8;
    const at = m.random.integer(0, Math.floor(raw.length / 8) - 1);
    if (isWide) view.setBigInt64(8 * at, m.pick(WHOLES)!, true);
    else if (raw.length >= 4) view.setFloat32(0, m.pick(REALS)!, true);
    else view.setUint8(0, m.random.integer(0, 255));
    tensor.rawData = raw;
  }),
];

const ATTRIBUTES: readonly Mutation[] = [
  withAttribute((m, one) => {
    if (one.type === AttributeType.INT) one.i = m.pick(WHOLES)!;
    else if (one.type === AttributeType.FLOAT) one.f = m.pick(REALS)!;
    else if (one.type === AttributeType.STRING) one.s = new TextEncoder().encode(m.pick(STRINGS)!);
    else if (one.ints.length > 0) m.replaceOne(one.ints, m.pick(WHOLES)!);
    else if (one.floats.length > 0) m.replaceOne(one.floats, m.pick(REALS)!);
    else if (one.strings.length > 0) m.replaceOne(one.strings, new TextEncoder().encode(m.pick(STRINGS)!));
  }),
  withAttribute((m, one) => {
    const lists: unknown[][] = [one.ints, one.floats, one.strings];
    const list = lists.find(({ length }) => length > 0) ?? one.ints;
    if (m.random.unit() < 0.5) m.dropOne(list);
    else list.push(list[0] ?? 0n);
  }),
  withAttribute((m, one) => {
    one.type = m.random.integer(0, 14);
  }),
  withAttribute((m, _, owner) => m.dropOne(owner.attribute)),
  withAttribute((m, one) => {
    one.name = m.pick(m.nodes().flatMap(({ attribute }) => attribute.map(({ name }) => name))) ?? m.pick(NAMES)!;
  }),
  withAttribute((_, one, owner) => void owner.attribute.push(clone(AttributeProtoSchema, one))),
  withAttribute((m, one) => {
    one.g = clone(GraphProtoSchema, m.graph);
    one.type = AttributeType.GRAPH;
  }),
  withAttribute((_, one) => {
    one.refAttrName = one.name;
  }),
];

const MODEL: readonly Mutation[] = [
  (m) => {
    const one = m.pick(m.model.opsetImport);
    if (one) one.version = m.pick([...WHOLES, 6n, 8n, 9n, 10n, 11n, 12n, 13n, 18n, 21n, 24n, 27n])!;
  },
  (m) => {
    const one = m.pick(m.model.opsetImport);
    if (one) one.domain = m.pick(DOMAINS)!;
  },
  (m) => m.dropOne(m.model.opsetImport),
  (m) => {
    m.model.irVersion = m.pick([...WHOLES, 4n, 8n, 12n])!;
  },
  (m) => {
    delete m.model.graph;
  },
];

const KINDS: readonly (readonly Mutation[])[] = [GRAPH, GRAPH, SHAPES, SHAPES, ATTRIBUTES, ATTRIBUTES, MODEL];

/** One to three changes of a model that can be parsed. */
export function mutateModel(bytes: Uint8Array, random: Random): Uint8Array {
  const m = new Mutator(decode(bytes), random);
  for (let times = random.integer(1, 3); times > 0; times--) m.pick(m.pick(KINDS)!)!(m);
  return encode(m.model);
}
