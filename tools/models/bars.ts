/** What is asked of a model beside a cosine similarity, by what it is made of. */
import type { OnnxModel } from '../../src/compiler/onnx/graph.js';

/** Part of a quantised model's outputs that has to be equal; the others are within one quantum. */
export const LEAST_EQUAL = 0.999;

/** Real value of one unit of a quantised model's outputs, by output: the scale of what dequantises it, 1 for integers. */
export function quantumOf({ graph, graphProto }: OnnxModel, output: string): number {
  const node = graphProto.node.find((each) => each.output.includes(output));
  if (node?.opType !== 'DequantizeLinear') return 1;
  const scale = graph.initializers.get(node.input[1]!);
  if (!scale) throw new Error(`The scale of "${output}" is not an initialiser.`);
  return Number(scale.data[0]);
}
