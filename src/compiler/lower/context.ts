/** What a lowering works with: the tensors so far, the target of its result, and the steps it adds. */

import { UserError } from '../../errors.js';
import { clamp, rangeOf } from '../../program/range.js';
import { INT32_MAX, INT32_MIN, type Origin } from '../../program/step.js';
import { ProgramBuilder } from '../build/builder.js';
import { type DotProduct, emitDot } from '../build/dot.js';
import { type Accumulation, emitLinear, largestMagnitude, type Stored } from '../build/linear.js';
import { at, Nest } from '../build/nest.js';
import {
  floatStorage,
  INT32,
  lineTarget,
  type Precision,
  quantumTarget,
  storedTarget,
  type Target,
  tableTarget,
  WHOLE,
} from '../build/target.js';
import { contiguousStrides, isContiguous, memoryOrder, type Tensor } from '../build/tensor.js';
import type { FloatTensor } from '../float-runtime.js';
import { LARGEST_REAL, type RealRange } from '../measure.js';
import { describeNode } from '../onnx/graph.js';
import { isFloat, toNumbers } from '../onnx/tensor.js';
import { constantOf, factsOf, type Plan, type PlanNode } from '../plan.js';
import { line } from '../unary-function.js';
import type { SpecialTensors } from './precision.js';

export interface TargetOptions {
  /** Which of the node's results; 0 unless told. */
  readonly output?: number;
  /** The result has this tensor's values: it keeps its scale. */
  readonly keep?: Tensor;
}

/** A softmax gives 0 to whatever is so far below its largest value: masks of -10,000 and the like. */
const EXPONENT_SPAN = 1_024;

export class LoweringContext {
  readonly builder = new ProgramBuilder();
  private readonly tensors = new Map<string, Tensor>();

  constructor(
    readonly plan: Plan,
    /** Largest integer of an ordinary weight. */
    readonly limit: number,
    /** Largest integer of an ordinary activation; more than that of a weight where the model needs it. */
    readonly activationLimit: number,
    private readonly special: SpecialTensors,
  ) {}

  /** Refuses a node: the reason is a clause ("its weights are not constant"). */
  refuse(node: PlanNode, reason: string, hint = 'Replace it in the model, or ask for this case.'): never {
    const shape = node.inputs.map((name) => this.plan.facts.get(name)?.shape.join('x') ?? '-').join(', ');
    throw new UserError(
      'OG_UNSUPPORTED_NODE',
      `${describeNode(node)} (opset ${node.opset}, inputs ${shape}) cannot be compiled: ${reason}.`,
      hint,
    );
  }

  shape(name: string): readonly number[] {
    return factsOf(this.plan, name).shape;
  }

  /** ONNX name of the element type. */
  type(name: string): string {
    return factsOf(this.plan, name).type;
  }

  isInteger(name: string): boolean {
    return !isFloat(this.type(name));
  }

  /** Measured smallest and largest value. */
  range(name: string): RealRange {
    const constant = constantOf(this.plan, name);
    if (constant) {
      const largest = largestMagnitude(toNumbers(constant));
      return [-largest, largest];
    }
    const range = this.plan.ranges[name];
    if (!range) throw new Error(`The tensor "${name}" has no range.`);
    return this.special.exponents.has(name) ? [Math.max(range[0], range[1] - EXPONENT_SPAN), range[1]] : range;
  }

  /** Whether activations are finer than weights. */
  get isFine(): boolean {
    return this.activationLimit > this.limit;
  }

  has(node: PlanNode, input: number): boolean {
    return (node.inputs[input] ?? '') !== '';
  }

  constant(node: PlanNode, input: number): FloatTensor | undefined {
    return this.has(node, input) ? constantOf(this.plan, node.inputs[input]) : undefined;
  }

  /** The numbers of a constant input, undefined when it is left out or not constant. */
  numbers(node: PlanNode, input: number): Float64Array | undefined {
    const constant = this.constant(node, input);
    return constant && toNumbers(constant);
  }

  /** An input as integers; a constant is quantised. */
  input(node: PlanNode, input: number): Tensor {
    return this.tensor(node.inputs[input] ?? '');
  }

  tensor(name: string): Tensor {
    const known = this.tensors.get(name);
    if (known) return known;
    const constant = constantOf(this.plan, name);
    if (!constant) throw new Error(`The tensor "${name}" is read before it is computed.`);
    const tensor = this.quantiseConstant(name, toNumbers(constant), constant.dims, !isFloat(constant.type));
    this.tensors.set(name, tensor);
    return tensor;
  }

  /** Every tensor that there is so far, by name. */
  get defined(): ReadonlyMap<string, Tensor> {
    return this.tensors;
  }

  /** A constant tensor with one scale. */
  quantiseConstant(
    name: string,
    values: Float64Array,
    shape: readonly number[],
    integer: boolean,
    limit = this.limit,
  ): Tensor {
    // What stands for infinity tells nothing of the scale, and saturates at the ends of int32.
    const finite = values.filter((value) => Math.abs(value) <= LARGEST_REAL);
    const scale = integer ? 1 : (largestMagnitude(finite) || 1) / limit;
    const data = Int32Array.from(values, (value) => clamp(Math.floor(value / scale + 0.5), INT32_MIN + 1, INT32_MAX));
    const source = this.builder.constant(name, data);
    return { source, shape, strides: contiguousStrides(shape), offset: 0, scale, range: rangeOf(data), integer };
  }

  define(name: string, tensor: Tensor): void {
    this.tensors.set(name, tensor);
  }

  origin(node: PlanNode): Origin {
    const functions = [node.unary?.label ?? node.operator, ...(node.applied ? [node.applied.fn.label] : [])];
    return { node: node.name, operator: functions.join('+') };
  }

  stepName(node: PlanNode, part = ''): string {
    return part === '' ? node.name : `${node.name}/${part}`;
  }

  precision(name: string): Precision {
    const { wide, radicands, infinite, thresholds } = this.special;
    return {
      limit: this.activationLimit,
      wide: wide.has(name),
      radicand: wide.has(name) && radicands.has(name),
      infinite: infinite.has(name),
      thresholds: thresholds.get(name),
    };
  }

  /** The target of a node's result: the scale by its measured range, and the function it has absorbed. */
  target(node: PlanNode, { output = 0, keep }: TargetOptions = {}): Target {
    const name = node.outputs[output]!;
    const integer = this.isInteger(name);
    const precision = this.precision(name);
    const applied = output === 0 ? node.applied : undefined;
    const quantum = output === 0 ? node.quantum : undefined;
    if (quantum && !(applied && !applied.fn.affine))
      return quantumTarget(applied?.fn.affine ?? line(1, 0), quantum.scale, quantum);
    const storage = () => (integer ? { scale: 1, clamp: INT32 } : floatStorage(this.range(name), precision));
    if (!applied) {
      if (keep) return storedTarget(keep.scale, keep.range, { isFree: false, integer });
      if (integer) return WHOLE;
      const { scale, clamp: bounds } = storage();
      return storedTarget(scale, bounds, { isFree: true, integer });
    }
    const affine = applied.fn.affine;
    if (affine) {
      const isClamp = keep && affine.alpha === 1 && affine.beta === 0 && !integer;
      return lineTarget(affine, isClamp ? { scale: keep.scale, clamp: keep.range } : storage(), integer || !!isClamp);
    }
    return tableTarget({
      fn: applied.fn,
      given: keep ?? null,
      argument: this.range(applied.before),
      result: this.range(name),
      precision,
      integerArgument: this.isInteger(applied.before),
      integer,
      ...(quantum ? { storage: { scale: quantum.scale, clamp: quantum } } : {}),
    });
  }

  linear(node: PlanNode, part: string, accumulation: Accumulation, target: Target): Stored {
    return emitLinear(this.builder, this.stepName(node, part), this.origin(node), accumulation, target);
  }

  dot(node: PlanNode, dot: DotProduct, target: Target): Stored {
    return emitDot(this.builder, this.stepName(node), this.origin(node), dot, target, this.limit);
  }

  /** The tensor in a finished step's slot. @param order the logical axis of each output loop. */
  stored(stored: Stored, shape: readonly number[], order: readonly number[]): Tensor {
    const loopStrides = contiguousStrides(order.map((axis) => shape[axis]!));
    const strides = shape.map((_, axis) => loopStrides[order.indexOf(axis)]!);
    const { slot, range, scale, integer } = stored;
    return { source: slot, shape, strides, offset: 0, scale, range, integer };
  }

  /** The tensor in row-major order in a slot of its own. */
  contiguous(node: PlanNode, tensor: Tensor, part = 'copy'): Tensor {
    if (isContiguous(tensor)) return tensor;
    return this.copy(node, tensor, part);
  }

  /** A step that writes the tensor in row-major order, saturated to `bounds`. */
  copy(node: PlanNode, tensor: Tensor, part: string, bounds = tensor.range): Tensor {
    const nest = new Nest(tensor.shape);
    const a = nest.read(
      tensor,
      tensor.shape.map((_, axis) => at(axis)),
    );
    const { scale, range, integer } = tensor;
    const target = storedTarget(scale, bounds, { isFree: false, integer });
    const stored = this.linear(node, part, { nest, a, range, scale }, target);
    return this.stored(
      stored,
      tensor.shape,
      tensor.shape.map((_, axis) => axis),
    );
  }

  /** Loops over a tensor's axes in its memory order, and the loop of each axis. */
  static elementwise(tensor: Tensor): { nest: Nest; order: number[]; loopOf: (axis: number) => number } {
    const order = memoryOrder(tensor);
    const nest = new Nest(order.map((axis) => tensor.shape[axis]!));
    return { nest, order, loopOf: (axis) => order.indexOf(axis) };
  }
}
