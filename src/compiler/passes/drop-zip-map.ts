/**
 * What scikit-learn's converters put around a model: ZipMap, which makes a list of dictionaries of a tensor, is dropped; labels that
 * are texts become their positions. A file that imports ONNX's own operators in no version gets one.
 */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { OnnxModel } from '../onnx/graph.js';
import { readNodes } from '../onnx/read.js';

const ML = 'ai.onnx.ml';
const DEFAULT_OPSET = 15;
const CLASSIFIERS = new Set(['TreeEnsembleClassifier', 'LinearClassifier']);
const TEXT_LABELS = 'classlabels_strings';

/** The classifier with whole numbers for its labels, or null when it has them already. */
function withWholeLabels(node: NodeProto): { node: NodeProto; labels: string[] } | null {
  const texts = node.attribute.find(({ name }) => name === TEXT_LABELS);
  if (!CLASSIFIERS.has(node.opType) || !texts || texts.strings.length === 0) return null;
  const labels = texts.strings.map((bytes) => new TextDecoder().decode(bytes));
  const numbers = create(AttributeProtoSchema, {
    name: node.opType === 'LinearClassifier' ? 'classlabels_ints' : 'classlabels_int64s',
    type: AttributeType.INTS,
    ints: labels.map((_, i) => BigInt(i)),
  });
  const others = node.attribute.filter(({ name }) => name !== TEXT_LABELS);
  return { node: create(NodeProtoSchema, { ...node, attribute: [...others, numbers] }), labels };
}

export function dropZipMaps(model: OnnxModel, warn: (warning: string) => void): OnnxModel {
  const { graphProto, proto } = model;
  if (!graphProto.node.some(({ domain }) => domain === ML)) return model;
  const dropped = new Set<string>();
  const whole = new Set<string>();
  const nodes = graphProto.node.map((node): NodeProto => {
    if (node.domain !== ML) return node;
    if (node.opType === 'ZipMap') {
      dropped.add(node.output[0]!);
      warn(`ZipMap node "${node.name}" is dropped: the output "${node.output[0]}" is the tensor of its values.`);
      return create(NodeProtoSchema, { opType: 'Identity', name: node.name, input: node.input, output: node.output });
    }
    const changed = withWholeLabels(node);
    if (!changed) return node;
    whole.add(node.output[0]!);
    warn(
      `The labels of ${node.opType} node "${node.name}" are texts; it gives their positions: ${changed.labels.map((label, i) => `${i} ${label}`).join(', ')}.`,
    );
    return changed.node;
  });
  const output = graphProto.output.map((info) => {
    if (dropped.has(info.name)) return create(ValueInfoProtoSchema, { name: info.name });
    if (!whole.has(info.name)) return info;
    const type = { value: { case: 'tensorType' as const, value: { elemType: DataType.INT64 } } };
    return create(ValueInfoProtoSchema, { name: info.name, type });
  });
  const opset = { ...model.opset };
  const opsetImport = [...proto.opsetImport];
  if (opset[''] === undefined) {
    opset[''] = DEFAULT_OPSET;
    opsetImport.push(create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(DEFAULT_OPSET) }));
  }
  const graph = { ...graphProto, node: nodes, output };
  return {
    ...model,
    opset,
    proto: { ...proto, opsetImport, graph },
    graphProto: graph,
    graph: { ...model.graph, nodes: readNodes(graph, opset) },
  };
}
