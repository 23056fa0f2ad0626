/**
 * Builds an ONNX graph. Equal nodes are made once (everything here is pure, so the same operator on the same values is the same
 * value), and what no output needs is left out.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { elementCount } from '../../program/step.js';

/** Opset of the graph: the newest that leaves every operator used here with a float64 kernel in ONNX Runtime's CPU provider. */
const OPSET = 18n;
const IR_VERSION = 8n;

export type ElementType = 'double' | 'int64' | 'int32' | 'bool';

const DATA_TYPES: Record<ElementType, DataType> = {
  double: DataType.DOUBLE,
  int64: DataType.INT64,
  int32: DataType.INT32,
  bool: DataType.BOOL,
};

export type Data = Float64Array | Int32Array | BigInt64Array;

/** A tensor of the graph. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** The one number that every element of this constant is, where that is known. */
  readonly uniform?: number;
}

export type Attributes = Readonly<Record<string, number | readonly number[]>>;

interface Node {
  readonly op: string;
  readonly label: string;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly attributes: Attributes;
}

/** Constants up to this size are compared by content. */
const SMALL = 64;

export class Graph {
  /** Name of the step that is being emitted: nodes carry it, so that a failure at run time can say where. */
  label = '';

  private readonly inputs: Value[] = [];
  private readonly nodes: Node[] = [];
  private readonly made = new Map<string, Value>();
  private readonly data = new Map<string, Data>();
  private serial = 0;

  input(name: string, type: ElementType, dims: readonly number[]): Value {
    const value = { name, type, dims };
    this.inputs.push(value);
    return value;
  }

  /** @param key says what the data are, so that the same large constant is stored once; small ones need none. */
  constant(data: Data, dims: readonly number[], key?: string): Value {
    const type = data instanceof Float64Array ? 'double' : data instanceof Int32Array ? 'int32' : 'int64';
    const content = data.length <= SMALL ? data.join() : (key ?? `unique ${this.serial}`);
    return this.once(`constant|${type}|${dims}|${content}`, (name) => {
      this.data.set(name, data);
      const first = data[0];
      const uniform = data instanceof Float64Array && data.length === 1 ? { uniform: first as number } : {};
      return { name, type, dims, ...uniform };
    });
  }

  /** One output tensor, whose shape the caller knows. */
  node(
    op: string,
    inputs: readonly Value[],
    dims: readonly number[],
    type: ElementType,
    attributes: Attributes = {},
  ): Value {
    const key = `${op}|${inputs.map((value) => value.name)}|${JSON.stringify(attributes)}`;
    return this.once(key, (name) => {
      const output = { name, type, dims };
      this.nodes.push({ op, label: this.label, inputs, output, attributes });
      return output;
    });
  }

  private once(key: string, make: (name: string) => Value): Value {
    let value = this.made.get(key);
    if (!value) {
      value = make(`v${this.serial++}`);
      this.made.set(key, value);
    }
    return value;
  }

  /** The bytes of an ONNX file. @param outputs made by nodes; the graph's outputs have their names. */
  encode(outputs: readonly Value[]): Uint8Array {
    const distinct = [...new Set(outputs)];
    const nodes = this.needed(distinct);
    const read = new Set(nodes.flatMap((node) => node.inputs.map((value) => value.name)));
    const initializer = [...this.made.values()]
      .filter((value) => read.has(value.name) && this.data.has(value.name))
      .map((value) => {
        const data = this.data.get(value.name)!;
        const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
        const dims = value.dims.map(BigInt);
        return create(TensorProtoSchema, { name: value.name, dims, dataType: DATA_TYPES[value.type], rawData });
      });
    const graph = create(GraphProtoSchema, {
      name: 'og',
      input: this.inputs.map(valueInfo),
      output: distinct.map(valueInfo),
      node: nodes.map((node, i) =>
        create(NodeProtoSchema, {
          opType: node.op,
          name: `${node.label} [${i}]`,
          input: node.inputs.map((value) => value.name),
          output: [node.output.name],
          attribute: Object.entries(node.attributes).map(([name, value]) =>
            typeof value === 'number'
              ? { name, type: AttributeType.INT, i: BigInt(value) }
              : { name, type: AttributeType.INTS, ints: value.map(BigInt) },
          ),
        }),
      ),
      initializer,
    });
    const opsetImport = [{ domain: '', version: OPSET }];
    return toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, { irVersion: IR_VERSION, producerName: 'og', graph, opsetImport }),
    );
  }

  /** The nodes that lead to these values, in the order in which they were made. */
  private needed(outputs: readonly Value[]): Node[] {
    const wanted = new Set(outputs.map((value) => value.name));
    const kept: Node[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!wanted.has(node.output.name)) continue;
      for (const value of node.inputs) wanted.add(value.name);
      kept.push(node);
    }
    return kept.reverse();
  }
}

function valueInfo({ name, type, dims }: Value) {
  const dim = dims.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  const elemType = DATA_TYPES[type];
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType' as const, value: { elemType, shape: { dim } } } },
  });
}

/** Number of elements of a tensor. */
export const sizeOf = (value: Value): number => elementCount(value.dims);
