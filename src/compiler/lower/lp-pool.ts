/** LpPool: (Σ |x|^p)^(1/p) over a window. Powers and their sums have 30 bits, and the root has a table for each of a few pieces. */
import { magnitude } from '../../program/range.js';
import { MAX_TABLE_LENGTH } from '../../program/step.js';
import { INT32, storedTarget, tableTarget } from '../build/target.js';
import type { Lowering } from './lowering.js';
import { piecewise } from './piecewise.js';
import { attributeDims, poolNest } from './pool.js';
import { keptTensor, reductionNest } from './reduce.js';

const PIECES = 6;
/** Each piece of the root's argument is so many times longer than the one before. */
const GROWTH = 2 ** 5;

export const lpPool: Lowering = {
  lower: (context, node) => {
    const output = node.outputs[0]!;
    const p = node.attributes.int('p', 2);
    const x = context.input(node, 0);
    const largest = Math.max(...context.range(node.inputs[0]!).map(Math.abs)) || 1;
    const every = reductionNest(x, []);
    const powerOf = tableTarget({
      fn: { label: 'Power', evaluate: (value) => Math.abs(value) ** p, affine: null },
      given: x,
      argument: [-largest, largest],
      result: [0, largest ** p],
      precision: { limit: MAX_TABLE_LENGTH / 2 - 1, wide: true },
      integerArgument: false,
      integer: false,
    });
    const elements = { nest: every.nest, a: every.nest.read(x, every.indices), range: x.range, scale: x.scale };
    const powers = keptTensor(context.linear(node, 'power', elements, powerOf), x, [], every.kept);

    const shape = context.shape(output);
    const dims = attributeDims(context, node);
    const { nest, order, inputAt } = poolNest(powers, shape, dims);
    const range = { lo: 0, hi: magnitude(powers.range) * nest.terms };
    // The sum of a window is at most that of as many of the largest.
    const [, most] = context.range(output).map((end) => Math.max(end, 0) ** p) as [number, number];
    const scale = Math.max(most, largest ** p / nest.terms) / 2 ** 29;
    const exact = storedTarget(scale, { lo: 0, hi: INT32.hi }, { isFree: false, integer: false });
    const summing = { nest, reduce: 'sum' as const, a: nest.read(powers, inputAt), range, scale: powers.scale };
    const sum = context.stored(context.linear(node, 'sum', summing, exact), shape, order);

    const end = INT32.hi * scale;
    const ends = [0, ...Array.from({ length: PIECES }, (_, i) => end / GROWTH ** (PIECES - 1 - i))];
    const resultScale = end ** (1 / p) / 2 ** 30;
    const root = piecewise(context, node, 'root', sum, (value) => value ** (1 / p), ends, resultScale);
    const target = context.target(node);
    const last = reductionNest(root, []);
    const finish = { nest: last.nest, a: last.nest.read(root, last.indices), range: root.range, scale: root.scale };
    context.define(output, keptTensor(context.linear(node, '', finish, target), root, [], last.kept));
  },
  refuses: (_, node) => (node.attributes.int('p', 2) < 1 ? 'its p is below 1' : null),
  finishes: true,
};
