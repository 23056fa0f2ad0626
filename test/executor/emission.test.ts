/** Programs made by hand, one for each way in which the executor emits a step. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LIMITS } from '../../src/executor/emit/accumulate.js';
import type { Program } from '../../src/program/program.js';
import { INT32_MAX, INT32_MIN, NO_VIEW, scalar } from '../../src/program/step.js';
import { randomInput } from '../helpers/random-program.js';
import { expectSame, operators } from './compare.js';
import { at, type Place, Sketch, type Tensor } from './sketch.js';

const INT16 = { lo: -32_768, hi: 32_767 };

async function same(sketch: Sketch, width: 1 | 2 | 4 = 2): Promise<Program> {
  const program = sketch.program(width);
  for (const seed of [1, 2]) await expectSame(program, randomInput(program, seed));
  return program;
}

const constantOf = (tensor: Tensor): number => (tensor.source as { index: number }).index;

test('a convolution is one gather and one matrix product', async () => {
  const sketch = new Sketch([9, 8, 4]);
  sketch.conv('conv', sketch.input, 6, [3, 3], { pad: 1 });
  const used = operators(await same(sketch));
  assert.is(used['Gather'], 1);
  assert.is(used['Gemm'], 1, 'multiplier, addend and shift are in the weights and the bias');
  for (const absent of ['Transpose', 'Mul', 'Add', 'Where']) assert.is(used[absent], undefined, absent);
});

test('convolutions of every stride, dilation, padding, fill and group', async () => {
  for (const stride of [1, 2, 3])
    for (const dilation of [1, 2])
      for (const pad of [0, 1, 3])
        for (const groups of [1, 2, 4]) {
          const sketch = new Sketch([9, 8, 4]);
          const fill = pad === 3 ? -77 : 0;
          sketch.conv('conv', sketch.input, 8, [3, 2], { stride, dilation, pad, groups, fill });
          const program = sketch.program();
          await expectSame(
            program,
            randomInput(program, stride),
            [{ threads: 1 }],
            JSON.stringify({ stride, dilation, pad, groups }),
          );
        }
});

test('a pointwise convolution is a matrix product', async () => {
  const sketch = new Sketch([7, 5, 6]);
  sketch.conv('conv', sketch.input, 8, [1, 1]);
  const used = operators(await same(sketch));
  assert.is(used['Gemm'], 1);
  for (const absent of ['Gather', 'Transpose', 'Slice', 'Pad']) assert.is(used[absent], undefined, absent);
});

test('a depthwise convolution is one product and one sum for each position of its window', async () => {
  const sketch = new Sketch([8, 7, 5]);
  sketch.conv('depthwise', sketch.input, 5, [3, 3], { pad: 1, groups: 5, stride: 2 });
  const program = await same(sketch);
  const used = operators(program, TINY_WINDOW);
  assert.is(used['Mul'], 9);
  assert.is(used['Pad'], 1, 'the source is padded once');
  assert.is(used['Gather'], undefined);
});

const TINY_WINDOW = { ...LIMITS, unroll: 1 };

test('a convolution of a channels-first tensor', async () => {
  const sketch = new Sketch([3, 8, 7]);
  const weights = sketch.weights([4, 3, 3, 3]);
  const window = (loop: number, k: number): Place => ({ base: -1, loops: { [loop]: 1, [k]: 1 }, padded: true });
  sketch.step('conv', [4, 8, 7], {
    red: [3, 3, 3],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(sketch.input, 6, [at(3), window(1, 4), window(2, 5)]),
    b: sketch.read(weights, 6, [at(0), at(3), at(4), at(5)]),
    shift: 9,
    ...INT16,
  });
  const used = operators(await same(sketch));
  assert.is(used['Transpose'], undefined);
  assert.is(used['Gather'], 1);
});

test('convolutions of one and three dimensions', async () => {
  const one = new Sketch([30, 4]);
  one.step('conv1d', [14, 5], {
    red: [3, 4],
    combine: 'product',
    reduce: 'sum',
    a: one.read(one.input, 4, [{ base: -1, loops: { 0: 2, 2: 2 }, padded: true }, at(3)]),
    b: one.read(one.weights([5, 3, 4]), 4, [at(1), at(2), at(3)]),
    shift: 6,
    ...INT16,
  });
  await same(one);
  const three = new Sketch([5, 6, 4, 2]);
  const window = (loop: number, k: number): Place => ({ base: -1, loops: { [loop]: 1, [k]: 1 }, padded: true });
  three.step('conv3d', [5, 6, 4, 3], {
    red: [3, 3, 3, 2],
    combine: 'product',
    reduce: 'sum',
    a: three.read(three.input, 8, [window(0, 4), window(1, 5), window(2, 6), at(7)]),
    b: three.read(three.weights([3, 3, 3, 3, 2]), 8, [at(3), at(4), at(5), at(6), at(7)]),
    shift: 9,
    ...INT16,
  });
  await same(three);
});

test('max and average pools, padded and not', async () => {
  for (const [kernel, stride, pad] of [
    [2, 2, 0],
    [3, 2, 1],
    [3, 1, 1],
    [5, 1, 2],
  ] as const) {
    const sketch = new Sketch([9, 11, 3]);
    sketch.pool('max', sketch.input, 'max', kernel, { stride, pad, fill: -32_768, ...INT16 });
    sketch.pool('average', sketch.input, 'sum', kernel, { stride, pad, mult: scalar(7282), shift: 16, ...INT16 });
    sketch.pool('min', sketch.input, 'min', kernel, { stride, pad, fill: INT32_MAX, ...INT16 });
    await same(sketch);
  }
});

test('a pool with a plain window reads slices only', async () => {
  const sketch = new Sketch([9, 11, 3]);
  sketch.pool('max', sketch.input, 'max', 3, { stride: 2, pad: 1, fill: -32_768, ...INT16 });
  const used = operators(sketch.program(), TINY_WINDOW);
  assert.equal([used['Slice'], used['Max'], used['Pad'], used['Gather']], [9, 8, 1, undefined]);
});

test('where the largest of a window is first', async () => {
  const sketch = new Sketch([6, 6, 2]);
  sketch.pool('argMax', sketch.input, 'argMax', 3, { pad: 1, fill: 100 });
  sketch.pool('argMin', sketch.input, 'argMin', 3, { pad: 1, fill: -100 });
  await same(sketch, 1);
});

test('the first of many equal extremes, along long rows', async () => {
  const sketch = new Sketch([3, 400]);
  const coarse = sketch.step('coarse', [3, 400], {
    a: sketch.read(sketch.input, 2, [at(0), at(1)]),
    shift: 14,
    ...INT16,
  });
  for (const reduce of ['argMax', 'argMin'] as const) {
    sketch.step(`${reduce}s`, [3], { red: [400], reduce, a: sketch.read(coarse, 2, [at(0), at(1)]) });
    sketch.step(`${reduce}s of columns`, [400], { red: [3], reduce, a: sketch.read(coarse, 2, [at(1), at(0)]) });
    sketch.step(`${reduce} of all`, [], { red: [3, 400], reduce, a: sketch.read(coarse, 2, [at(0), at(1)]) });
    // Loops that the operand does not move with: the first extreme has index 0 there.
    sketch.step(`${reduce} spread`, [2], { red: [3, 4, 400, 2], reduce, a: sketch.read(coarse, 5, [at(1), at(3)]) });
  }
  await same(sketch);
});

test('matrix products with each operand as it lies and transposed', async () => {
  for (const leftTurned of [false, true])
    for (const rightTurned of [false, true])
      for (const constant of [false, true]) {
        const sketch = new Sketch([7 * 5 + 5 * 6]);
        const a = sketch.step('a', leftTurned ? [5, 7] : [7, 5], {
          a: { source: sketch.input.source, weight: 1, view: { ...NO_VIEW, coefs: leftTurned ? [7, 1] : [5, 1] } },
          ...INT16,
        });
        const dims = rightTurned ? [6, 5] : [5, 6];
        const b = constant
          ? sketch.weights(dims)
          : sketch.step('b', dims, {
              a: {
                source: sketch.input.source,
                weight: 3,
                view: { ...NO_VIEW, offset: 35, coefs: [dims[1] as number, 1] },
              },
              ...INT16,
            });
        const product = (name: string, out: readonly number[], m: number, n: number) =>
          sketch.step(name, out, {
            red: [5],
            combine: 'product',
            reduce: 'sum',
            a: sketch.read(a, 3, leftTurned ? [at(2), at(m)] : [at(m), at(2)]),
            b: sketch.read(b, 3, rightTurned ? [at(n), at(2)] : [at(2), at(n)]),
            shift: 12,
          });
        product('product', [7, 6], 0, 1);
        product('transposed product', [6, 7], 1, 0);
        const used = operators(await same(sketch));
        assert.is(used['Transpose'], undefined);
      }
});

test('batched products with broadcast operands', async () => {
  const sketch = new Sketch([2, 3, 4, 5]);
  const other = sketch.step('other', [3, 5, 6], {
    a: { source: sketch.input.source, weight: 1, view: { ...NO_VIEW, offset: 7, coefs: [5, 11, 1] } },
    ...INT16,
  });
  sketch.step('both', [2, 3, 4, 6], {
    red: [5],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(sketch.input, 5, [at(0), at(1), at(2), at(4)]),
    b: sketch.read(other, 5, [at(1), at(4), at(3)]),
    shift: 10,
  });
  sketch.step('batch inside', [4, 6, 3], {
    red: [5, 2],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(sketch.input, 5, [at(4), at(2), at(0), at(3)]),
    b: sketch.read(other, 5, [at(2), at(3), at(1)]),
    shift: 10,
  });
  sketch.step('outer product', [4, 6], {
    red: [2, 3],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(sketch.input, 4, [at(2), at(3), at(0), {}]),
    b: sketch.read(other, 4, [{}, {}, at(1)]),
    shift: 10,
  });
  sketch.step('repeated', [4], {
    red: [5, 7, 3],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(sketch.input, 4, [{}, {}, at(0), at(1)]),
    b: scalar(-3),
    shift: 3,
  });
  await same(sketch);
});

test('a vector times a matrix, and a scalar product', async () => {
  const sketch = new Sketch([64]);
  const weights = sketch.weights([20, 64]);
  const y = sketch.step('dense', [20], {
    red: [64],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(sketch.input, 2, [at(1)]),
    b: sketch.read(weights, 2, [at(0), at(1)]),
    mult: sketch.read(sketch.weights([20]), 2, [at(0)]),
    add: sketch.read(sketch.weights([20], 2 ** 30), 2, [at(0)], { weight: 2 ** 20 }),
    shift: 20,
    ...INT16,
  });
  sketch.step('norm', [], {
    red: [20],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(y, 1, [at(0)]),
    b: sketch.read(y, 1, [at(0)]),
    post: 'sqrt',
  });
  await same(sketch);
});

// MatMulScaleFusion of ONNX Runtime 1.30 (level "extended") would make a float32 of this multiplier.
test('a batched product times an integer that float32 does not hold', async () => {
  const sketch = new Sketch([2, 3, 4]);
  sketch.step('scores', [2, 3, 3], {
    red: [4],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(sketch.input, 4, [at(0), at(1), at(3)]),
    b: sketch.read(sketch.input, 4, [at(0), at(2), at(3)]),
    mult: scalar(2 ** 24 + 1),
    shift: 25,
  });
  await same(sketch, 1);
});

test('a factor next to 1 and an addend next to 0', async () => {
  const sketch = new Sketch([50]);
  const a = sketch.read(sketch.input, 1, [at(0)]);
  sketch.step('times 1 + 2^-30', [50], { a, mult: scalar(2 ** 30 + 1), shift: 30 });
  sketch.step('plus 2^-30', [50], { a, mult: scalar(2 ** 30), add: scalar(1), shift: 31 });
  sketch.step('a half, less 2^-30', [50], { a, mult: scalar(2 ** 30), add: scalar(2 ** 29 - 1 - 2 ** 29), shift: 30 });
  sketch.step('close to 2^53', [50], { a, mult: scalar(2 ** 36), add: scalar(2 ** 52 - 1), shift: 52 });
  await same(sketch);
});

test('an addend that with its rounding leaves the exact numbers, before the accumulator brings it back', async () => {
  const sketch = new Sketch([50]);
  const below = sketch.step('below', [50], { a: sketch.read(sketch.input, 1, [at(0)]), lo: -100, hi: -50 });
  const a = sketch.read(below, 1, [at(0)]);
  sketch.step('alone', [50], { a, mult: scalar(2 ** 44), add: scalar(2 ** 53 - 1), shift: 45 });
  const weights = sketch.constant([3], [2 ** 20, 2 ** 21, 2 ** 22]);
  sketch.step('dot', [3], {
    red: [1],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(below, 2, [at(1)]),
    b: sketch.read(weights, 2, [at(0)]),
    mult: scalar(2 ** 22),
    add: scalar(2 ** 53 - 1),
    shift: 43,
  });
  await same(sketch, 1);
});

test('tensors joined by masks', async () => {
  const sketch = new Sketch([4, 10]);
  const part = (from: number, to: number, weight: number) => ({
    source: sketch.input.source,
    weight,
    view: {
      offset: 0,
      coefs: [10, 0],
      axes: [{ stride: 1, extent: to - from, base: -from, coefs: [0, 1] }],
      fill: 0,
    },
  });
  sketch.step('joined', [4, 12], {
    combine: 'sum',
    a: part(0, 5, 1),
    b: part(5, 9, -2),
    add: part(9, 11, 3),
    ...INT16,
  });
  await same(sketch);
});

test('softmax: maximum, table of exponentials, sum, division', async () => {
  const sketch = new Sketch([6, 17]);
  const x = sketch.input;
  const most = sketch.step('max', [6], { red: [17], reduce: 'max', a: sketch.read(x, 2, [at(0), at(1)]), ...INT16 });
  const table = sketch.constant(
    [4096],
    Array.from({ length: 4096 }, (_, i) => Math.round(2 ** 30 * Math.exp((i - 4095) / 300))),
  );
  const exp = sketch.step('exp', [6, 17], {
    combine: 'sum',
    a: sketch.read(x, 2, [at(0), at(1)]),
    b: sketch.read(most, 2, [at(0)], { weight: -1 }),
    lo: -70_000,
    hi: 0,
    lookup: { constant: constantOf(table), base: -4095, length: 4096 },
  });
  const total = sketch.step('sum', [6], { red: [17], reduce: 'sum', a: sketch.read(exp, 2, [at(0), at(1)]), shift: 5 });
  sketch.step('probability', [6, 17], {
    a: sketch.read(exp, 2, [at(0), at(1)]),
    mult: scalar(2 ** 22),
    add: sketch.read(total, 2, [at(0)], { weight: 2 ** 11 }),
    shift: 12,
    post: 'divide',
    c: sketch.read(total, 2, [at(0)]),
    ...INT16,
  });
  await same(sketch);
});

test('layer normalisation: mean, squares, integer root, division', async () => {
  const sketch = new Sketch([5, 24]);
  const x = sketch.input;
  const mean = sketch.step('mean', [5], {
    red: [24],
    reduce: 'sum',
    a: sketch.read(x, 2, [at(0), at(1)]),
    mult: scalar(2731),
    shift: 12,
  });
  const centred = sketch.step('centred', [5, 24], {
    combine: 'sum',
    a: sketch.read(x, 2, [at(0), at(1)], { weight: 16 }),
    b: sketch.read(mean, 2, [at(0)], { weight: -1 }),
    shift: 5,
    ...INT16,
  });
  const deviation = sketch.step('deviation', [5], {
    red: [24],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(centred, 2, [at(0), at(1)]),
    b: sketch.read(centred, 2, [at(0), at(1)]),
    post: 'sqrt',
  });
  sketch.step('normal', [5, 24], {
    combine: 'product',
    a: sketch.read(centred, 2, [at(0), at(1)]),
    b: sketch.read(sketch.weights([24]), 2, [at(1)]),
    mult: scalar(2 ** 18),
    post: 'divide',
    c: sketch.read(deviation, 2, [at(0)]),
    ...INT16,
  });
  await same(sketch);
});

test('rows of a table, indices out of range, an axis in the middle, and one element at a time', async () => {
  const sketch = new Sketch([6, 5]);
  const table = sketch.weights([12, 7]);
  const index = sketch.read(sketch.input, 3, [at(0), at(1)]);
  const rows = sketch.step('embedding', [6, 5, 7], {
    combine: 'indexed',
    a: sketch.read(table, 3, [{}, at(2)]),
    b: index,
    index: { stride: 7, extent: 12 },
  });
  sketch.step('axis in the middle', [6, 4, 7], {
    combine: 'indexed',
    a: sketch.read(rows, 3, [at(0), {}, at(2)]),
    b: { source: sketch.input.source, weight: 1, view: { ...NO_VIEW, coefs: [0, 3, 0] } },
    index: { stride: 7, extent: 5 },
  });
  sketch.step('element by element', [6, 5, 7], {
    combine: 'indexed',
    a: sketch.read(rows, 3, [at(0), {}, at(2)]),
    b: sketch.read(rows, 3, [at(0), at(1), at(2)]),
    index: { stride: 7, extent: 5 },
  });
  sketch.step('padded', [8, 5], {
    combine: 'indexed',
    a: sketch.read(rows, 2, [{ base: -1, loops: { 0: 1 }, padded: true }, at(1), {}], { fill: 9 }),
    b: { source: sketch.input.source, weight: 1, view: { ...NO_VIEW, coefs: [2, 1] } },
    index: { stride: 1, extent: 7 },
  });
  await same(sketch, 1);
});

test('views that no reshape can say', async () => {
  const sketch = new Sketch([60]);
  const read = (
    coefs: number[],
    axes: { stride: number; extent: number; base: number; coefs: number[] }[],
    offset = 0,
    fill = -5,
  ) => ({
    source: sketch.input.source,
    weight: 1,
    view: { offset, coefs, axes, fill },
  });
  sketch.step('diagonal', [6], { a: read([9], []) });
  sketch.step('reversed', [6, 5], { a: read([-5, -1], [], 59) });
  sketch.step('overlapping', [6, 5], { a: read([3, 2], []) });
  sketch.step('guarded diagonal', [7, 7], {
    a: read(
      [0, 0],
      [
        { stride: 8, extent: 6, base: -1, coefs: [1, 0] },
        { stride: 1, extent: 7, base: -6, coefs: [1, 1] },
      ],
    ),
  });
  sketch.step('triangle', [6, 6], { a: read([6, 1], [{ stride: 0, extent: 6, base: 0, coefs: [1, -1] }]) });
  sketch.step('mask of one loop', [6, 6], { a: read([6, 0], [{ stride: 0, extent: 3, base: -1, coefs: [0, 1] }]) });
  sketch.step('cancelled stride', [6, 6], {
    a: read([6, -2], [{ stride: 2, extent: 3, base: -1, coefs: [0, 1] }], 12),
  });
  sketch.step('never in range', [4, 4], { a: read([1, 1], [{ stride: 1, extent: 3, base: 50, coefs: [1, 1] }]) });
  sketch.step('two loops, one axis, contradicting another', [5, 5], {
    a: read(
      [0, 0],
      [
        { stride: 1, extent: 4, base: 0, coefs: [1, 1] },
        { stride: 4, extent: 4, base: -5, coefs: [1, 1] },
      ],
    ),
  });
  await same(sketch);
});

test('sixteen loops, no output dims, and dims of one', async () => {
  const sketch = new Sketch([64]);
  const coefs = [32, 16, 8, 4, 2, 1];
  const many = [...coefs.map(() => 2), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
  const view = { offset: 0, coefs: [...coefs, ...Array<number>(10).fill(0)], axes: [], fill: 0 };
  const a = { source: sketch.input.source, weight: 1, view };
  sketch.step('deep', many, { a, ...INT16 });
  sketch.step('all', [], { red: many, reduce: 'sum', a });
  sketch.step('number', [], { a: scalar(5), mult: scalar(-7), shift: 1 });
  sketch.step('spread', [3, 2], {
    a: { source: { kind: 'slot', index: 2 }, weight: 2, view: { ...NO_VIEW, coefs: [0, 0] } },
    lo: INT32_MIN,
  });
  await same(sketch);
});

test('a constant that is spread too far to be stored', async () => {
  const sketch = new Sketch([1100]);
  const shifted = sketch.weights([2200]);
  sketch.step('hankel', [1100], {
    red: [1100],
    combine: 'product',
    reduce: 'sum',
    a: sketch.read(sketch.input, 2, [at(1)]),
    b: { source: shifted.source, weight: 1, view: { ...NO_VIEW, coefs: [1, 1] } },
    mult: sketch.read(sketch.weights([1100], 5), 2, [at(0)]),
    shift: 9,
  });
  const program = sketch.program();
  await expectSame(program, randomInput(program, 1), [{ threads: 1 }]);
});

test.run();
