/** Operators that only rearrange: Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Expand, Slice, Split, DepthToSpace, ... */
import { broadcastTo, reshape, slice, type Tensor, transpose } from '../build/tensor.js';
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';
import type { Lowering } from './lowering.js';

/** The tensor under another shape; a copy where no view can say it. */
export function reshaped(context: LoweringContext, node: PlanNode, tensor: Tensor, shape: readonly number[]): Tensor {
  return reshape(tensor, shape) ?? reshape(context.contiguous(node, tensor), shape)!;
}

/** Reshape, Flatten, Squeeze, Unsqueeze: the float model knows the result's shape. */
export const newShape: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    context.define(output, reshaped(context, node, context.input(node, 0), context.shape(output)));
  },
  isView: true,
};

export const transposeLowering: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const reversed = x.shape.map((_, axis) => x.shape.length - 1 - axis);
    context.define(node.outputs[0]!, transpose(x, node.attributes.ints('perm') ?? reversed));
  },
  isView: true,
};

export const expand: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    context.define(output, broadcastTo(context.input(node, 0), context.shape(output)));
  },
  isView: true,
};

const normalAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Operand lists of Slice: attributes before opset 10, inputs since. */
function sliceLists(context: LoweringContext, node: PlanNode, rank: number) {
  const list = (input: number, attribute: string): number[] | undefined => {
    const numbers = context.numbers(node, input);
    return numbers ? [...numbers] : node.attributes.ints(attribute);
  };
  const starts = list(1, 'starts') ?? [];
  return {
    starts,
    axes: (list(3, 'axes') ?? starts.map((_, i) => i)).map((axis) => normalAxis(axis, rank)),
    steps: list(4, 'steps') ?? starts.map(() => 1),
  };
}

export const sliceLowering: Lowering = {
  lower: (context, node) => {
    let x = context.input(node, 0);
    const shape = context.shape(node.outputs[0]!);
    const { starts, axes, steps } = sliceLists(context, node, x.shape.length);
    axes.forEach((axis, i) => {
      const dim = x.shape[axis]!;
      const step = steps[i]!;
      const start = starts[i]! < 0 ? starts[i]! + dim : starts[i]!;
      const first = step > 0 ? Math.min(Math.max(start, 0), dim) : Math.min(Math.max(start, -1), dim - 1);
      x = slice(x, axis, first, step, shape[axis]!);
    });
    context.define(node.outputs[0]!, x);
  },
  refuses: (context, node) =>
    node.inputs.slice(1).some((name, i) => name !== '' && !context.constant(node, i + 1))
      ? 'its bounds depend on the input'
      : null,
  isView: true,
};

export const split: Lowering = {
  lower: (context, node) => {
    const x = context.input(node, 0);
    const axis = normalAxis(node.attributes.int('axis', 0), x.shape.length);
    let start = 0;
    for (const output of node.outputs) {
      // A part that nobody reads has no name, and the float model tells nothing of it: it is as long as the first.
      const length = context.shape(output === '' ? node.outputs[0]! : output)[axis]!;
      if (output !== '') context.define(output, slice(x, axis, start, 1, length));
      start += length;
    }
  },
  isView: true,
};

/** [n, c, h, w] to blocks: reshape, transpose, reshape. */
function rearrange(
  context: LoweringContext,
  node: PlanNode,
  split: readonly number[],
  permutation: readonly number[],
): void {
  const output = node.outputs[0]!;
  const blocks = reshaped(context, node, context.input(node, 0), split);
  context.define(output, reshaped(context, node, transpose(blocks, permutation), context.shape(output)));
}

export const depthToSpace: Lowering = {
  lower: (context, node) => {
    const [n, c, h, w] = context.shape(node.inputs[0]!) as [number, number, number, number];
    const block = node.attributes.int('blocksize', 1);
    const depth = c / block ** 2;
    if (node.attributes.text('mode', 'DCR') === 'DCR')
      rearrange(context, node, [n, block, block, depth, h, w], [0, 3, 4, 1, 5, 2]);
    else rearrange(context, node, [n, depth, block, block, h, w], [0, 1, 4, 2, 5, 3]);
  },
  isView: true,
};

export const spaceToDepth: Lowering = {
  lower: (context, node) => {
    const [n, c, h, w] = context.shape(node.inputs[0]!) as [number, number, number, number];
    const block = node.attributes.int('blocksize', 1);
    rearrange(context, node, [n, c, h / block, block, w / block, block], [0, 3, 5, 1, 2, 4]);
  },
  isView: true,
};

/** Tile: broadcasts a new axis before each repeated one, and merges the two. */
export const tile: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const x = context.input(node, 0);
    const repeats = context.numbers(node, 1)!;
    const split = x.shape.flatMap((dim) => [1, dim]);
    const whole = x.shape.flatMap((dim, axis) => [repeats[axis]!, dim]);
    const strided = { ...x, shape: split, strides: x.strides.flatMap((stride) => [0, stride]) };
    context.define(output, reshaped(context, node, broadcastTo(strided, whole), context.shape(output)));
  },
  refuses: (context, node) => (context.constant(node, 1) ? null : 'its repeats depend on the input'),
  isView: true,
};
