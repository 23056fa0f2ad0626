/**
 * Cast, CastLike and BitCast where they are no function of one table: to truth values, and to whole numbers of another
 * width. (Casts to and from real numbers are views or `Unary`.)
 */
import { scalar } from '../../program/step.js';
import type { Lowering } from './lowering.js';
import { loopsOver, wholeInput, wholeStep, wrapTensor } from './whole.js';

export const cast: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const type = context.type(output);
    const x = wholeInput(context, node, 0);
    if (type !== 'bool') return context.define(output, wrapTensor(context, node, '', x, type));
    const loops = loopsOver([x], x.shape);
    const range = { lo: 0, hi: 1 };
    const isZero = {
      combine: 'equal' as const,
      a: loops.read(0),
      b: scalar(0),
      mult: scalar(-1),
      add: scalar(1),
      range,
    };
    context.define(output, wholeStep(context, node, '', loops, x.shape, isZero));
  },
};

const WIDTHS: Readonly<Record<string, number>> = {
  int8: 8,
  uint8: 8,
  int16: 16,
  uint16: 16,
  int32: 32,
  int64: 64,
};

/** The same bits as another type: among whole numbers of one width that is to wrap. */
export const bitCast: Lowering = {
  ...cast,
  refuses: (context, node) => {
    const [from, to] = [context.type(node.inputs[0]!), context.type(node.outputs[0]!)];
    return from === to || (WIDTHS[from] !== undefined && WIDTHS[from] === WIDTHS[to])
      ? null
      : `it takes the bits of ${from} for ${to}`;
  },
};
