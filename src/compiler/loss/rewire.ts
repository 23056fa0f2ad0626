/**
 * The float model with tensors whose readers read something else: a value from outside, or the value with an error from outside
 * added. Both come as float64 inputs of any shape and are cast to the tensor's own type.
 */
import { create } from '@bufbuild/protobuf';
import { type NodeProto, NodeProtoSchema, type ValueInfoProto, ValueInfoProtoSchema } from 'onnx-buf';
import type { FloatTensorType } from '../float-runtime.js';
import type { OnnxModel } from '../onnx/graph.js';
import { attribute, DATA_TYPES } from '../onnx/write.js';

/** Element types of the tensors to rewire, by name. */
export type Types = ReadonlyMap<string, FloatTensorType>;

/** What the readers of a tensor read instead. */
export const readName = (tensor: string): string => `${tensor}/og:read`;
/** The input that the value or the error comes by. */
export const inputName = (tensor: string): string => `${tensor}/og:given`;

const cast = (from: string, to: string, type: FloatTensorType): NodeProto =>
  create(NodeProtoSchema, {
    opType: 'Cast',
    name: to,
    input: [from],
    output: [to],
    attribute: [attribute('to', DATA_TYPES[type])],
  });

const anyShape = (name: string): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DATA_TYPES.float64 } } },
  });

function rewired(model: OnnxModel, types: Types, nodesFor: (name: string, type: FloatTensorType) => NodeProto[]) {
  const { graphProto } = model;
  const made = new Set(graphProto.node.flatMap(({ output }) => output));
  const added = (names: Iterable<string>): NodeProto[] =>
    [...names].flatMap((name) => (types.has(name) ? nodesFor(name, types.get(name)!) : []));
  const node = graphProto.node.flatMap((each) => {
    const reading = { ...each, input: each.input.map((name) => (types.has(name) ? readName(name) : name)) };
    return [reading, ...added(each.output)];
  });
  const inputs = [...types.keys()].filter((name) => !made.has(name));
  const changed = {
    ...graphProto,
    input: [...graphProto.input, ...[...types.keys()].map((name) => anyShape(inputName(name)))],
    node: [...added(inputs), ...node],
  };
  return { ...model, graphProto: changed, proto: { ...model.proto, graph: changed } };
}

/** The readers of these tensors read what is given. */
export const withGiven = (model: OnnxModel, types: Types): OnnxModel =>
  rewired(model, types, (name, type) => [cast(inputName(name), readName(name), type)]);

/** The readers of these tensors read them with an error added: a scalar 0 for none. */
export const withErrors = (model: OnnxModel, types: Types): OnnxModel =>
  rewired(model, types, (name, type) => {
    const [exact, sum] = [`${name}/og:exact`, `${name}/og:sum`];
    return [
      cast(name, exact, 'float64'),
      create(NodeProtoSchema, { opType: 'Add', name: sum, input: [exact, inputName(name)], output: [sum] }),
      cast(sum, readName(name), type),
    ];
  });
