/** The bytes of an ONNX file to a graph. What is not an ONNX file, or not a whole one, is said so. */
import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, type ModelProto, ModelProtoSchema, type ValueInfoProto } from 'onnx-buf';
import { UserError } from '../../errors.js';
import type { FloatTensor } from '../float-runtime.js';
import { inlineFunctions } from './functions.js';
import { Attributes, type Dimension, type Graph, type GraphInput, type Node, type OnnxModel } from './graph.js';
import { decodeTensor, describeType, typeName } from './tensor.js';
import { validateGraph } from './validate.js';

const OLDEST_IR = 3n;
const LFS_POINTER = 'version https://git-lfs';

const bad = (message: string, hint: string): UserError => new UserError('OG_BAD_MODEL', message, hint);

function refuseWhatIsNoModel(bytes: Uint8Array, file: string): void {
  if (bytes.length === 0) throw bad(`${file} is empty.`, 'Fetch or export the model again.');
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 512));
  if (start.startsWith(LFS_POINTER))
    throw bad(`${file} is a Git LFS pointer and not the model itself.`, 'Fetch the file it points to: git lfs pull.');
  if (bytes.length >= 4 && start.split('').every((character) => /[\t\n\r -~]/.test(character)))
    throw bad(
      `${file} is a text file and not an ONNX model.`,
      'Give the path of an .onnx file; a download that failed often leaves an HTML page under its name.',
    );
}

function parse(bytes: Uint8Array, file: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new UserError(
      'OG_BAD_MODEL',
      `${file} cannot be read as ONNX: it is cut short, damaged, or a file of another kind.`,
      'Compare its size with the original, and fetch or export it again.',
      { cause },
    );
  }
}

function dimensions(info: ValueInfoProto): Dimension[] | null {
  if (info.type?.value.case !== 'tensorType') return null;
  const { shape } = info.type.value.value;
  if (!shape) return null;
  return shape.dim.map(({ value }) => {
    if (value.case === 'dimValue') return Number(value.value) > 0 ? Number(value.value) : null;
    return value.case === 'dimParam' && value.value !== '' ? value.value : null;
  });
}

function readInput(info: ValueInfoProto): GraphInput {
  if (info.type?.value.case !== 'tensorType')
    throw bad(`The input "${info.name}" is not a tensor.`, 'Export a model whose inputs are tensors.');
  const { elemType } = info.type.value.value;
  const type = typeName(elemType);
  if (!type || type === 'uint64')
    throw new UserError(
      'OG_UNSUPPORTED_TYPE',
      `The input "${info.name}" has elements of the type ${describeType(elemType)}, which og does not take.`,
      'Export the model with float32 or integer inputs.',
    );
  return { name: info.name, type, dims: dimensions(info) };
}

/** The nodes of a graph in the file, in its order. */
export function readNodes(graph: GraphProto, opset: Readonly<Record<string, number>>): Node[] {
  return graph.node.map((node, i) => {
    const domain = node.domain === 'ai.onnx' ? '' : node.domain;
    return {
      name: node.name || node.output.find((name) => name !== '') || `node ${i}`,
      operator: node.opType,
      domain,
      opset: opset[domain] ?? 0,
      inputs: node.input,
      outputs: node.output,
      attributes: new Attributes(node.attribute),
    };
  });
}

function readGraph(graph: GraphProto, opset: Readonly<Record<string, number>>): Graph {
  const initializers = new Map<string, FloatTensor>();
  for (const tensor of graph.initializer) initializers.set(tensor.name, decodeTensor(tensor, 'an initialiser'));
  if (graph.sparseInitializer.length > 0)
    throw bad('The model has sparse initialisers, which og does not read.', 'Export it with dense weights.');
  return {
    inputs: graph.input.filter(({ name }) => !initializers.has(name)).map(readInput),
    outputs: graph.output.map(({ name }) => name),
    nodes: readNodes(graph, opset),
    initializers,
  };
}

/**
 * Reads an ONNX file; calls of functions that it defines become their nodes. Initialisers share the memory of `bytes` where they are aligned in it.
 *
 * @param file its name, for errors and for the artefact; only the base name is kept.
 * @throws UserError when it is not a whole ONNX model that og can read.
 */
export function readModel(bytes: Uint8Array, file: string): OnnxModel {
  const name = file.split(/[\\/]/).at(-1) || file;
  refuseWhatIsNoModel(bytes, name);
  const given = parse(bytes, name);
  if (!given.graph || (given.graph.node.length === 0 && given.graph.output.length === 0))
    throw bad(`${name} holds no ONNX graph.`, 'Give the path of an .onnx file.');
  if (given.irVersion < OLDEST_IR)
    throw bad(
      `${name} says ONNX file format version ${given.irVersion}; og reads version ${OLDEST_IR} and later.`,
      'Convert it with the onnx package: onnx.version_converter.convert_version(model, 17).',
    );
  const imported: Record<string, number> = {};
  for (const { domain, version } of given.opsetImport) imported[domain === 'ai.onnx' ? '' : domain] = Number(version);
  const { proto, opset } = inlineFunctions(given, name, imported);
  const graphProto = proto.graph!;
  validateGraph(name, graphProto);
  const graph = readGraph(graphProto, opset);
  if (graph.outputs.length === 0) throw bad(`${name} has no outputs.`, 'Export the model with its outputs.');
  const producer = [proto.producerName, proto.producerVersion].filter((part) => part !== '').join(' ');
  return { file: name, producer, opset, graph, proto, graphProto };
}
