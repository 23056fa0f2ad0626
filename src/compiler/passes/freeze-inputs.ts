/**
 * Freezes inputs that a node needs constant (axes, shapes, bounds, statistics, ...) to the value that all calibration samples agree
 * on: they become initialisers, and everything computed from them is folded. An input without elements is always frozen.
 */
import { create } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import { UserError } from '../../errors.js';
import { constantTensors, liveNodes } from '../constness.js';
import type { FloatTensor } from '../float-runtime.js';
import { constantInputs } from '../lower/constant-inputs.js';
import { describeNode, type GraphInput, type Node, type OnnxModel, readsOf } from '../onnx/graph.js';
import { emptyArray } from '../onnx/tensor.js';
import { DATA_TYPES } from '../onnx/write.js';
import type { FloatSample } from '../samples.js';
import type { Shapes } from '../shapes.js';

/** An operand that must be constant, and the graph inputs that it is computed from. */
interface Need {
  readonly node: Node;
  /** What the operand is: "axes". */
  readonly operand: string;
  readonly inputs: readonly string[];
}

/** Operators that a real number may go through on its way to such an operand. */
const CARRIERS = new Set(['Identity', 'Cast', 'CastLike', 'Squeeze', 'Unsqueeze', 'Reshape', 'Concat', 'Sqrt']);

const isReal = ({ type }: GraphInput): boolean => type.startsWith('float');

/** Graph inputs that a tensor is computed from, or null when one of them is data and no parameter. */
function sourcesOf(tensor: string, model: OnnxModel, constant: ReadonlySet<string>): readonly string[] | null {
  const inputs = new Map(model.graph.inputs.map((input) => [input.name, input]));
  const producers = new Map(model.graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const found = new Set<string>();
  const seen = new Set<string>();
  /** @param carried whether nothing but carriers is between here and the operand. */
  const visit = (name: string, carried: boolean): boolean => {
    if (name === '' || constant.has(name) || seen.has(name)) return true;
    seen.add(name);
    const input = inputs.get(name);
    if (input) {
      found.add(name);
      return carried || !isReal(input);
    }
    const node = producers.get(name);
    const isCarrier = node?.domain === '' && CARRIERS.has(node.operator);
    return node ? readsOf(node).every((operand) => visit(operand, carried && isCarrier)) : false;
  };
  return visit(tensor, true) ? [...found] : null;
}

/** An input that has to be constant, and what for. */
export interface NeededInput {
  readonly input: string;
  readonly node: string;
  readonly operator: string;
  readonly operand: string;
}

/** The inputs that nodes need constant, each with the first of those nodes. */
export function neededInputs(model: OnnxModel): NeededInput[] {
  const found = new Map<string, NeededInput>();
  for (const { node, operand, inputs } of needsOf(model))
    for (const input of inputs)
      if (!found.has(input)) found.set(input, { input, node: node.name, operator: node.operator, operand });
  return [...found.values()];
}

function needsOf(model: OnnxModel): Need[] {
  const constant = constantTensors(model.graph);
  return liveNodes(model.graph, constant).flatMap((node) =>
    Object.entries(constantInputs(node)).flatMap(([position, operand]): Need[] => {
      const name = node.inputs[Number(position)] ?? '';
      if (name === '' || constant.has(name)) return [];
      const inputs = sourcesOf(name, model, constant);
      // What no input explains is refused by the lowering, which knows whether it can do without.
      return inputs && inputs.length > 0 ? [{ node, operand, inputs }] : [];
    }),
  );
}

const sameTensor = (x: FloatTensor, y: FloatTensor): boolean =>
  x.type === y.type && x.dims.join() === y.dims.join() && x.data.every((value, i) => Object.is(value, y.data[i]));

/** The value that all samples agree on, or why there is none. */
function agreedValue(name: string, samples: readonly FloatSample[]): FloatTensor | string {
  const [first] = samples;
  if (!first) return 'and there are no calibration samples to take its value from';
  const value = first[name];
  if (!value) return 'and a calibration sample does not give it';
  return samples.every((sample) => sample[name] && sameTensor(sample[name], value))
    ? value
    : 'and the calibration samples disagree on it';
}

/** Until this version of the file format, initialisers are listed among the inputs. */
const LAST_LISTING_IR = 3n;

function withInitializers(model: OnnxModel, values: ReadonlyMap<string, FloatTensor>): OnnxModel {
  const { graph, graphProto, proto } = model;
  const added = [...values].map(([name, { type, dims, data }]) =>
    create(TensorProtoSchema, {
      name,
      dims: dims.map(BigInt),
      dataType: DATA_TYPES[type],
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
    }),
  );
  const stays = ({ name }: { readonly name: string }): boolean => !values.has(name);
  const newGraph = {
    ...graphProto,
    input: proto.irVersion > LAST_LISTING_IR ? graphProto.input.filter(stays) : graphProto.input,
    initializer: [...graphProto.initializer, ...added],
  };
  return {
    ...model,
    proto: { ...proto, graph: newGraph },
    graphProto: newGraph,
    graph: {
      ...graph,
      inputs: graph.inputs.filter(stays),
      initializers: new Map([...graph.initializers, ...values]),
    },
  };
}

const MOST_SHOWN = 8;

const describeValue = ({ dims, data }: FloatTensor): string => {
  const shown = [...data.slice(0, MOST_SHOWN)].map(String).join(', ');
  const all = data.length > MOST_SHOWN ? `${shown}, ...` : shown;
  return dims.length === 0 ? all : `[${all}]`;
};

function refuse(model: OnnxModel, lines: readonly string[]): never {
  throw new UserError(
    'OG_INPUT_NOT_CONSTANT',
    `${model.file} cannot be compiled as it is: some of its inputs have to be constant.\n${lines.map((line) => `  ${line}`).join('\n')}`,
    'Fix them (--input-value name=value), or give a calibration file in which they have one value (--calibration): they are frozen to it.',
  );
}

export interface Frozen {
  readonly model: OnnxModel;
  /** Without the frozen inputs. */
  readonly shapes: Shapes;
  readonly samples: readonly FloatSample[];
  /** The inputs that are constant now. */
  readonly values: ReadonlyMap<string, FloatTensor>;
}

const without = <T>(record: Readonly<Record<string, T>>, names: ReadonlyMap<string, unknown>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.has(name)));

/** Whether the input has no elements whatever it is: a dimension of its shape is 0. */
const isEmpty = (input: GraphInput, shapes: Shapes): boolean => shapes[input.name]?.includes(0) === true;

/**
 * @param known values that inputs are frozen to whether a node needs it or not.
 * @throws UserError naming every node and input whose value is needed and not known.
 */
export function freezeInputs(
  original: OnnxModel,
  shapes: Shapes,
  samples: readonly FloatSample[],
  warn: (warning: string) => void,
  known: ReadonlyMap<string, FloatTensor> = new Map(),
): Frozen {
  const values = new Map<string, FloatTensor>();
  for (const input of original.graph.inputs) {
    const value = known.get(input.name);
    if (value) {
      values.set(input.name, value);
      warn(`The input "${input.name}" is frozen to ${describeValue(value)}: it is not an input of the program.`);
    } else if (isEmpty(input, shapes)) {
      values.set(input.name, { type: input.type, dims: [...shapes[input.name]!], data: emptyArray(input.type, 0) });
      warn(`The input "${input.name}" has no elements: it is not an input of the program.`);
    }
  }
  const problems: string[] = [];
  for (const { node, operand, inputs } of needsOf(withInitializers(original, values)))
    for (const name of inputs) {
      if (values.has(name)) continue;
      const value = agreedValue(name, samples);
      if (typeof value === 'string') {
        // Where samples show both ways, both branches are compiled.
        if (node.operator === 'If' && samples.length > 1) continue;
        const line = `${describeNode(node)} (opset ${node.opset}): its ${operand} depends on the input "${name}", ${value}`;
        if (!problems.includes(line)) problems.push(line);
        continue;
      }
      values.set(name, value);
      warn(
        `The input "${name}" is frozen to ${describeValue(value)}, its value in the calibration samples: ${describeNode(node)} needs its ${operand} constant. It is not an input of the program.`,
      );
    }
  if (problems.length > 0) refuse(original, problems);
  if (values.size === 0) return { model: original, shapes, samples, values };
  return {
    model: withInitializers(original, values),
    shapes: without(shapes, values),
    samples: samples.map((sample) => without(sample, values)),
    values,
  };
}
