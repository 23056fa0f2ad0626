/**
 * The other direction of a sliding window (ConvTranspose, Col2Im): which window elements reach an output position. With stride s
 * and dilation 1, position t = q·s + p is reached by the window elements p, p + s, ... of the windows q, q - 1, ...
 */
import { affine, type Index } from '../build/nest.js';

export interface Phase {
  /** Elements of the window, with the zeros that stand between dilated ones. */
  readonly kernel: number;
  /** The window's dilation became zeros between its elements. */
  readonly isStretched: boolean;
  readonly stride: number;
  /** Turns q that cover the output. */
  readonly turns: number;
  /** Window elements of one phase. */
  readonly taps: number;
  /** Where the output begins among the positions that turns and phases cover. */
  readonly first: number;
  /** The window element of a phase and a tap. */
  kernelAt(phase: number, tap: number): number;
  kernelIndex(phaseLoop: number, tapLoop: number): Index;
  /** The window that reaches a turn by a tap. */
  inputAt(turnLoop: number, tapLoop: number): Index;
}

export interface WindowSpec {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly output: number;
}

export function phaseOf({ kernel: size, stride, dilation, before, output }: WindowSpec): Phase {
  const isStretched = stride > 1 && dilation > 1;
  const kernel = isStretched ? (size - 1) * dilation + 1 : size;
  const step = isStretched ? 1 : dilation;
  const firstTurn = Math.floor(before / stride);
  return {
    kernel,
    isStretched,
    stride,
    turns: Math.floor((output - 1 + before) / stride) - firstTurn + 1,
    taps: Math.ceil(kernel / stride),
    first: before - firstTurn * stride,
    kernelAt: (phase, tap) => phase + tap * stride,
    kernelIndex: (phaseLoop, tapLoop) => affine(0, [phaseLoop, 1], [tapLoop, stride]),
    inputAt: (turnLoop, tapLoop) => affine(firstTurn, [turnLoop, 1], [tapLoop, -step]),
  };
}

/** An array with `times - 1` zeros between the elements of each axis. */
export function stretchKernel(
  values: Float64Array,
  shape: readonly number[],
  times: readonly number[],
): { values: Float64Array; shape: number[] } {
  const stretched = shape.map((dim, axis) => (dim - 1) * times[axis]! + 1);
  if (times.every((n) => n === 1)) return { values, shape: stretched };
  const result = new Float64Array(stretched.reduce((n, dim) => n * dim, 1));
  values.forEach((value, i) => {
    let [rest, position, size] = [i, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += (rest % shape[axis]!) * times[axis]! * size;
      rest = Math.floor(rest / shape[axis]!);
      size *= stretched[axis]!;
    }
    result[position] = value;
  });
  return { values: result, shape: stretched };
}
