/** The model's inputs packed into slot 0, and its outputs into the last slot. */
import { UserError } from '../../errors.js';
import type { Program, RealType, TensorLayout } from '../../program/program.js';
import { hull, type Range, widthRange } from '../../program/range.js';
import { type ElementWidth, elementCount, scalar, widthFor } from '../../program/step.js';
import { affine, at, Nest } from '../build/nest.js';
import { floatStorage } from '../build/target.js';
import { contiguousStrides, isContiguous, type Tensor } from '../build/tensor.js';
import { Attributes } from '../onnx/graph.js';
import { isFloat } from '../onnx/tensor.js';
import { factsOf, type PlanNode } from '../plan.js';
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

/** The model's inputs in slot 0, one after the other. */
export function packInputs(context: LoweringContext): Pick<Program, 'input' | 'inputs'> {
  const { plan } = context;
  if (plan.inputs.length === 0)
    throw new UserError(
      'OG_NO_INPUTS',
      'The model has no inputs, or none but those that have to be constant: it computes the same each time.',
      'A program computes something from its inputs.',
    );
  const isWide = (name: string): boolean => context.precision(name).wide;
  const width = Math.max(...plan.inputs.map(({ name, type }) => widthOf(type, isWide(name)))) as ElementWidth;
  const range: Range = widthRange(width);
  const isRead = (name: string): boolean =>
    plan.nodes.some(({ inputs }) => inputs.includes(name)) || plan.outputs.some(({ tensor }) => tensor === name);
  let offset = 0;
  const inputs = plan.inputs.map(({ name, type }): TensorLayout => {
    const shape = factsOf(plan, name).shape;
    const integer = !isFloat(type);
    const scale = integer ? 1 : floatStorage(context.range(name), context.precision(name)).scale;
    const layout = { name, shape: [...shape], type: type as RealType, scale, offset };
    const strides = contiguousStrides(shape);
    const source = { kind: 'slot', index: 0 } as const;
    const tensor: Tensor = { source, shape, strides, offset, scale, range, integer };
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

export function packOutputs(context: LoweringContext): Pick<Program, 'outputs'> {
  const { plan } = context;
  const tensors = plan.outputs.map(({ name, tensor }) => {
    const { type, shape } = factsOf(plan, tensor);
    if (shape.includes(0))
      throw new UserError(
        'OG_EMPTY_TENSOR',
        `The output "${name}" has no elements (its shape is ${shape.join('x')}).`,
        'Remove it from the model.',
      );
    if (type === 'uint64')
      throw new UserError(
        'OG_UNSUPPORTED_TYPE',
        `The output "${name}" has elements of the type uint64, which og does not give.`,
        'Cast it to int64 in the model.',
      );
    return { name, type: type as RealType, value: context.tensor(tensor) };
  });
  const isAtHome = (tensor: Tensor): boolean =>
    tensor.source.kind === 'slot' &&
    tensor.source.index === context.builder.steps.length &&
    tensor.source.index > 0 &&
    tensor.offset === 0 &&
    isContiguous(tensor) &&
    elementCount(context.builder.steps.at(-1)!.outDims) === elementCount(tensor.shape);
  const [only] = tensors;
  let values = tensors.map(({ value }) => value);
  if (tensors.length === 1 && only) {
    if (!isAtHome(only.value)) values = [context.copy(boundaryNode(only.name, 'output'), only.value, 'output')];
  } else {
    const stretches = tensors.map(({ name, value }) =>
      context.contiguous(boundaryNode(name, 'output'), value, 'output'),
    );
    packStretches(context, 'outputs', stretches);
    values = stretches;
  }
  let offset = 0;
  const outputs = tensors.map(({ name, type }, i): TensorLayout => {
    const { shape, scale } = values[i]!;
    const layout = { name, shape: [...shape], type, scale, offset };
    offset += elementCount(shape);
    return layout;
  });
  return { outputs };
}
