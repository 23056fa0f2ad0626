/** What is in an ONNX file, and which of its nodes would not compile. Reads the file only; runs nothing. */
import { constantTensors, liveNodes } from './constness.js';
import type { Dimension } from './onnx/graph.js';
import { readModel } from './onnx/read.js';
import { type NeededInput, neededInputs } from './passes/freeze-inputs.js';
import { findUnsupported, type Unsupported } from './supported.js';

export interface Inspected {
  readonly file: string;
  readonly producer: string;
  readonly opset: Readonly<Record<string, number>>;
  readonly inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly dims: readonly Dimension[] | null;
  }[];
  readonly outputs: readonly string[];
  /** How many nodes there are of each operator, sorted by name. */
  readonly operators: Readonly<Record<string, number>>;
  readonly parameters: number;
  readonly unsupported: readonly Unsupported[];
  /** Inputs that have to be constant. */
  readonly constantInputs: readonly NeededInput[];
}

/** @throws UserError when it is not an ONNX file. */
export function inspect(bytes: Uint8Array, file: string): Inspected {
  const model = readModel(bytes, file);
  const { graph } = model;
  const counts = new Map<string, number>();
  for (const { domain, operator } of graph.nodes) {
    const name = domain === '' ? operator : `${domain}.${operator}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const isWeights = (type: string): boolean => type.startsWith('float');
  const weights = [...graph.initializers.values()].filter(({ type }) => isWeights(type));
  const constants = graph.nodes.flatMap(({ operator, attributes }) => {
    const value = operator === 'Constant' ? attributes.tensor('value') : undefined;
    return value && isWeights(value.type) ? [value] : [];
  });
  return {
    file: model.file,
    producer: model.producer,
    opset: model.opset,
    inputs: graph.inputs,
    outputs: graph.outputs,
    operators: Object.fromEntries([...counts].sort(([x], [y]) => (x < y ? -1 : 1))),
    parameters: [...weights, ...constants].reduce((sum, { data }) => sum + data.length, 0),
    unsupported: findUnsupported(model, liveNodes(graph, constantTensors(graph))),
    constantInputs: neededInputs(model),
  };
}
