/** The place of one node in a graph, and the simpler nodes that take it. */
import { create } from '@bufbuild/protobuf';
import { type GraphProto, type NodeProto, NodeProtoSchema, type TensorProto } from 'onnx-buf';
import type { FloatTensor, FloatTensorType } from '../float-runtime.js';
import type { Measurement, RealRange } from '../measure.js';
import { inlineBody } from '../onnx/body.js';
import type { Attributes, Node } from '../onnx/graph.js';
import { toNumbers } from '../onnx/tensor.js';
import { type AttributeValue, attribute, DATA_TYPES, realTensor, wholeTensor } from '../onnx/write.js';

export type NewAttributes = Readonly<Record<string, AttributeValue>>;

/** Since when the axes of a reduction are an input. */
const AXES_INPUT = { ReduceSum: 13, other: 18 };

export class Site {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  /** Bodies that were added; one may have no nodes. */
  private bodies = 0;

  constructor(
    readonly node: Node,
    /** The node in the file. */
    readonly proto: NodeProto,
    private readonly survey: Measurement,
    /** Names that begin with this are free. */
    readonly prefix: string,
  ) {}

  get attributes(): Attributes {
    return this.node.attributes;
  }

  get opset(): number {
    return this.node.opset;
  }

  /** Whether the node has this input. */
  has(input: number): boolean {
    return (this.node.inputs[input] ?? '') !== '';
  }

  /** Whether the node's result number `output` has a name. */
  gives(output: number): boolean {
    return (this.node.outputs[output] ?? '') !== '';
  }

  input(input: number): string {
    return this.node.inputs[input]!;
  }

  private facts(name: string) {
    const facts = this.survey.facts.get(name);
    if (!facts) throw new Error(`Nothing is known of the tensor "${name}".`);
    return facts;
  }

  shape(input: number): readonly number[] {
    return this.facts(this.input(input)).shape;
  }

  /** Of any tensor around the node. */
  shapeOf(name: string): readonly number[] {
    return this.facts(name).shape;
  }

  outputShape(output = 0): readonly number[] {
    return this.facts(this.node.outputs[output]!).shape;
  }

  type(input: number): FloatTensorType {
    return this.facts(this.input(input)).type as FloatTensorType;
  }

  outputType(output = 0): FloatTensorType {
    return this.facts(this.node.outputs[output]!).type as FloatTensorType;
  }

  constant(input: number): FloatTensor | undefined {
    return this.has(input) ? this.facts(this.input(input)).constant : undefined;
  }

  numbers(input: number): Float64Array | undefined {
    const constant = this.constant(input);
    return constant && toNumbers(constant);
  }

  /** Smallest and largest value of an input in the samples looked at, exactly. */
  range(input: number): RealRange {
    const numbers = this.numbers(input);
    if (!numbers) return this.survey.ranges[this.input(input)]!;
    return [numbers.reduce((x, y) => Math.min(x, y)), numbers.reduce((x, y) => Math.max(x, y))];
  }

  /** A free name that says what the tensor is. */
  private name(label: string): string {
    const count = this.nodes.length + this.initializers.length + this.bodies;
    return `${this.prefix}/${label}${count === 0 ? '' : `.${count}`}`;
  }

  private node_(operator: string, name: string, inputs: readonly string[], outputs: string[], more: NewAttributes) {
    const attributes = Object.entries(more).map(([key, value]) => attribute(key, value));
    this.nodes.push(
      create(NodeProtoSchema, { opType: operator, name, input: [...inputs], output: outputs, attribute: attributes }),
    );
  }

  /** Adds a node with one result. @returns the name of the result. */
  add(operator: string, inputs: readonly string[], attributes: NewAttributes = {}): string {
    const name = this.name(operator);
    this.node_(operator, name, inputs, [name], attributes);
    return name;
  }

  /** Adds a node whose result is that of the replaced node. */
  give(output: number, operator: string, inputs: readonly string[], attributes: NewAttributes = {}): void {
    if (!this.gives(output)) return;
    const name = output === 0 ? this.node.name : this.name(operator);
    this.node_(operator, name, inputs, [this.node.outputs[output]!], attributes);
  }

  /** A body that the node carries. */
  body(attributeName: string): GraphProto | undefined {
    return this.proto.attribute.find(({ name }) => name === attributeName)?.g;
  }

  /** Adds the nodes of a body. @returns the names of its outputs. */
  inline(body: GraphProto, inputs: readonly string[]): string[] {
    const { nodes, initializers, outputs } = inlineBody(body, this.name('body'), inputs);
    this.nodes.push(...nodes);
    this.initializers.push(...initializers);
    this.bodies++;
    return outputs;
  }

  /** A constant of real numbers. @param type that of the result. */
  reals(values: ArrayLike<number>, dims: readonly number[], type = this.type(0)): string {
    const tensor = realTensor(this.name('constant'), dims, values);
    this.initializers.push(tensor);
    return type === 'float64' ? tensor.name : this.cast(tensor.name, type);
  }

  real(value: number, type = this.type(0)): string {
    return this.reals([value], [], type);
  }

  /** A constant of int64 numbers. */
  wholes(values: ArrayLike<number>, dims: readonly number[] = [values.length]): string {
    const tensor = wholeTensor(this.name('constant'), dims, values);
    this.initializers.push(tensor);
    return tensor.name;
  }

  cast(x: string, type: FloatTensorType): string {
    return this.add('Cast', [x], { to: DATA_TYPES[type] });
  }

  reshape(x: string, dims: readonly number[]): string {
    return this.add('Reshape', [x, this.wholes(dims)]);
  }

  /** A reduction that keeps its axes as 1. */
  reduce(operator: string, x: string, axes: readonly number[]): string {
    const isInput = this.opset >= (operator === 'ReduceSum' ? AXES_INPUT.ReduceSum : AXES_INPUT.other);
    return isInput
      ? this.add(operator, [x, this.wholes(axes)], { keepdims: 1 })
      : this.add(operator, [x], { axes, keepdims: 1 });
  }

  /** Elements `start` to `end` of an axis (opset 10). */
  slice(x: string, axis: number, start: number, end: number): string {
    return this.opset >= 10
      ? this.add('Slice', [x, this.wholes([start]), this.wholes([end]), this.wholes([axis])])
      : this.add('Slice', [x], { starts: [start], ends: [end], axes: [axis] });
  }
}
