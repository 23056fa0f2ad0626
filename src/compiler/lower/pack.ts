/** The model's inputs packed into slot 0, and its outputs into the last slot. */
import { UserError } from '../../errors.js';
import type { InputSlot, Program, RealType, TensorLayout } from '../../program/program.js';
import { hull, type Range, widthRange } from '../../program/range.js';
import { type ElementWidth, elementCount, scalar, widthFor } from '../../program/step.js';
import { affine, at, Nest } from '../build/nest.js';
import { floatStorage, type Precision } from '../build/target.js';
import { contiguousStrides, isContiguous, type Tensor } from '../build/tensor.js';
import { LARGEST_REAL } from '../measure.js';
import { Attributes } from '../onnx/graph.js';
import { isFloat, toNumbers } from '../onnx/tensor.js';
import { constantOf, factsOf, type PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';

/** Bytes that hold every value of an integer input; int64 and uint32 beyond int32 are refused when they are packed. */
const INPUT_WIDTHS: Readonly<Record<string, ElementWidth>> = {
  bool: 1,
  int8: 1,
  uint8: 2,
  int16: 2,
  uint16: 4,
  int32: 4,
  uint32: 4,
  int64: 4,
};
const FLOAT_WIDTH: ElementWidth = 2;
const WIDE_FLOAT_WIDTH: ElementWidth = 4;

const widthOf = (type: string, wide: boolean): ElementWidth =>
  isFloat(type) ? (wide ? WIDE_FLOAT_WIDTH : FLOAT_WIDTH) : (INPUT_WIDTHS[type] ?? 4);

/** Stands for an input or output of the model where a step needs a node to come from. */
const boundaryNode = (name: string, operator: 'input' | 'output'): PlanNode => ({
  name,
  operator,
  domain: 'og',
  opset: 0,
  inputs: [name],
  outputs: [name],
  attributes: new Attributes(),
});

/** An input whose slot is wider than it needs, because another input is, is saturated to its own width first. */
function narrowed(context: LoweringContext, name: string, tensor: Tensor, width: ElementWidth): Tensor {
  const range = widthRange(width);
  if (range.hi >= tensor.range.hi) return tensor;
  return context.copy(boundaryNode(name, 'input'), tensor, 'input', range);
}

/** Slot 0 of a program without inputs: an element that no step reads. */
const NO_INPUT: InputSlot = { elements: 1, width: 1 };

/** What requesters post is not made longer for the sake of finer activations. */
const inputPrecision = (context: LoweringContext, name: string): Precision => ({
  ...context.precision(name),
  limit: context.limit,
});

/** The model's inputs in slot 0, one after the other. */
export function packInputs(context: LoweringContext): Pick<Program, 'input' | 'inputs'> {
  const { plan } = context;
  if (plan.inputs.length === 0) return { input: NO_INPUT, inputs: [] };
  const isWide = (name: string): boolean => context.precision(name).wide;
  const width = Math.max(...plan.inputs.map(({ name, type }) => widthOf(type, isWide(name)))) as ElementWidth;
  const range: Range = widthRange(width);
  const isRead = (name: string): boolean =>
    plan.nodes.some(({ inputs }) => inputs.includes(name)) || plan.outputs.some(({ tensor }) => tensor === name);
  let offset = 0;
  const inputs = plan.inputs.map(({ name, type }): TensorLayout => {
    const shape = factsOf(plan, name).shape;
    const integer = !isFloat(type);
    const { wide, thresholds } = context.precision(name);
    // Nothing but comparisons with thresholds, whatever the sizes of the features are.
    const order = type === 'float32' && wide && thresholds !== undefined ? ({ ordered: true } as const) : {};
    const isScaled = !integer && !('ordered' in order);
    const scale = isScaled ? floatStorage(context.range(name), inputPrecision(context, name)).scale : 1;
    const layout = { name, shape: [...shape], type: type as RealType, scale, offset, ...order };
    const strides = contiguousStrides(shape);
    const source = { kind: 'slot', index: 0 } as const;
    const tensor: Tensor = { source, shape, strides, offset, scale, range, integer, ...order };
    context.define(name, isRead(name) ? narrowed(context, name, tensor, widthOf(type, isWide(name))) : tensor);
    offset += elementCount(shape);
    return layout;
  });
  return { input: { elements: offset, width }, inputs };
}

/** Outputs that one step can put side by side: two operands and the addend. */
const OUTPUTS_A_STEP = 3;

/** All outputs as one slot: each a stretch of it, at its own scale. */
function packStretches(context: LoweringContext, name: string, stretches: readonly Tensor[]): void {
  const ends: number[] = [];
  for (const { shape } of stretches) ends.push((ends.at(-1) ?? 0) + elementCount(shape));
  const flat = stretches.map((tensor) => ({ ...tensor, shape: [elementCount(tensor.shape)], strides: [1] }));
  let packed: Tensor | null = null;
  for (let i = 0; i < flat.length; ) {
    const taken = flat.slice(i, i + OUTPUTS_A_STEP - (packed ? 1 : 0));
    const nest: Nest = new Nest([ends[i + taken.length - 1]!]);
    const parts = taken.map((tensor, k) => nest.read(tensor, [affine(-(ends[i + k - 1] ?? 0), [0, 1])]));
    const earlier = packed ? [nest.read(packed, [at(0)])] : [];
    const operands = [...earlier, ...parts];
    const zero = { lo: 0, hi: 0 };
    const range: Range = [...(packed ? [packed.range] : []), ...taken.map((tensor) => tensor.range)].reduce(hull, zero);
    const source = context.builder.step(
      name,
      { node: name, operator: 'output' },
      {
        nest,
        combine: 'sum',
        a: operands[0]!,
        b: operands[1] ?? scalar(0),
        add: operands[2] ?? scalar(0),
        lo: range.lo,
        hi: range.hi,
        width: widthFor(range.lo, range.hi),
      },
    );
    i += taken.length;
    packed = { ...flat[0]!, source, shape: [ends[i - 1]!], strides: [1], offset: 0, range };
  }
}

/** The last slot of a program whose outputs have no elements: one zero. */
function packNothing(context: LoweringContext, name: string): void {
  const nest = new Nest([1]);
  context.builder.step(
    name,
    { node: name, operator: 'output' },
    { nest, a: scalar(0), lo: 0, hi: 0, width: widthFor(0, 0) },
  );
}

export function packOutputs(context: LoweringContext): Pick<Program, 'outputs'> {
  const { plan } = context;
  const named = plan.outputs.map(({ name, tensor }) => {
    const { type, shape } = factsOf(plan, tensor);
    if (type === 'uint64')
      throw new UserError(
        'OG_UNSUPPORTED_TYPE',
        `The output "${name}" has elements of the type uint64, which og does not give.`,
        'Cast it to int64 in the model.',
      );
    const constant = constantOf(plan, tensor);
    if (constant && !toNumbers(constant).every((value) => Math.abs(value) <= LARGEST_REAL))
      throw new UserError(
        'OG_INFINITE_OUTPUT',
        `The output "${name}" is constant, and holds infinity or what is not a number: og's numbers are finite.`,
        'Remove it from the model.',
      );
    return { name, tensor, shape, type: type as RealType };
  });
  const tensors = named
    .filter(({ shape }) => !shape.includes(0))
    .map(({ name, tensor }) => ({ name, value: context.tensor(tensor) }));
  const isAtHome = (tensor: Tensor): boolean =>
    tensor.source.kind === 'slot' &&
    tensor.source.index === context.builder.steps.length &&
    tensor.source.index > 0 &&
    tensor.offset === 0 &&
    isContiguous(tensor) &&
    elementCount(context.builder.steps.at(-1)!.outDims) === elementCount(tensor.shape);
  const [only] = tensors;
  if (tensors.length > 1) {
    const stretches = tensors.map(({ name, value }) =>
      context.contiguous(boundaryNode(name, 'output'), value, 'output'),
    );
    packStretches(context, 'outputs', stretches);
  } else if (!only) packNothing(context, named[0]!.name);
  else if (!isAtHome(only.value)) context.copy(boundaryNode(only.name, 'output'), only.value, 'output');
  const scales = new Map(tensors.map(({ name, value }) => [name, value.scale]));
  let offset = 0;
  const outputs = named.map(({ name, type, shape }): TensorLayout => {
    const layout = { name, shape: [...shape], type, scale: scales.get(name) ?? 1, offset };
    offset += elementCount(shape);
    return layout;
  });
  return { outputs };
}
