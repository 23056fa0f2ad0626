/** Programs made by hand, one for each way in which a step is computed in kernels; the ends of int16 and int32 are where a way must not be taken. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planOf, type Way } from '../../src/executor/kernels/plan.js';
import { checkProgram } from '../../src/program/check.js';
import type { Program } from '../../src/program/program.js';
import { INT32_MAX } from '../../src/program/step.js';
import { randomInput } from '../helpers/random-program.js';
import { expectSame, IN_FLOAT_KERNELS, IN_KERNELS, IN_THREADS, WITH_PRODUCTS } from './compare.js';
import { at, Sketch } from './sketch.js';

const WAYS = [IN_KERNELS, IN_FLOAT_KERNELS, WITH_PRODUCTS];

/** Random, the least and the greatest values of the input, and both in turn. */
async function same(program: Program, label = ''): Promise<void> {
  const half = 2 ** (8 * program.input.width - 1);
  const { elements } = program.input;
  const inputs = [
    randomInput(program, 1),
    new Int32Array(elements).fill(-half),
    new Int32Array(elements).fill(half - 1),
    Int32Array.from({ length: elements }, (_, i) => (i % 2 === 0 ? -half : half - 1)),
  ];
  await expectSame(program, inputs[0]!, [IN_THREADS], label);
  for (const input of inputs) await expectSame(program, input, WAYS, label);
}

const PLAN = { integers: true, threads: 1, leastProduct: 0 };

function wayOf(program: Program, step = 0): Way {
  const plan = planOf(program, checkProgram(program), PLAN);
  assert.ok(plan);
  return plan.ways[step] as Way;
}

/** Limbs of a source element and of a weight, and parts that the terms are summed in. */
function limbs(way: Way): [number, number, number] | string {
  if (way.kind !== 'matrix' && way.kind !== 'window') return way.kind;
  const { sourceBits, weightBits, parts } = way.product.cut;
  return [sourceBits === 0 ? 1 : 2, weightBits === 0 ? 1 : 2, parts];
}

test('depthwise convolutions: blocks of four channels and the rest, windows side by side and the rest', async () => {
  for (const channels of [3, 4, 5, 16, 39])
    for (const [kernel, stride, pad, fill] of [
      [[3, 3], 1, 1, 0],
      [[5, 5], 2, 2, -77],
      [[2, 3], 1, 3, 32_767],
      [[1, 4], 3, 0, 0],
      [[4, 1], 1, 0, 0],
    ] as const) {
      const sketch = new Sketch([6, 7, channels]);
      sketch.conv('depthwise', sketch.input, channels, kernel, { stride, pad, fill, groups: channels });
      const program = sketch.program();
      const label = JSON.stringify({ channels, kernel, stride, pad });
      assert.is(wayOf(program).kind, 'window', label);
      await same(program, label);
    }
});

test('windows along one axis, dilated windows, and windows without a padding', async () => {
  const line = new Sketch([30, 6]);
  line.step('line', [13, 6], {
    red: [4],
    combine: 'product',
    reduce: 'sum',
    a: line.read(line.input, 3, [{ loops: { 0: 2, 2: 1 }, base: -1, padded: true }, at(1)], { fill: 9 }),
    b: line.read(line.weights([6, 4], 32_767), 3, [at(1), at(2)]),
    shift: 10,
  });
  const dilated = new Sketch([9, 11, 8]);
  dilated.step('dilated', [9, 5, 8], {
    red: [3, 3],
    combine: 'product',
    reduce: 'sum',
    a: dilated.read(dilated.input, 5, [
      { loops: { 0: 1, 3: 2 }, base: -2, padded: true },
      { loops: { 1: 1, 4: 3 } },
      at(2),
    ]),
    b: dilated.read(dilated.weights([8, 3, 3], 32_767), 5, [at(2), at(3), at(4)]),
    shift: 10,
  });
  for (const program of [line.program(), dilated.program()]) {
    assert.is(wayOf(program).kind, 'window');
    await same(program, program.steps[0]!.name);
  }
});

test('a depthwise convolution with a lookup', async () => {
  const sketch = new Sketch([5, 6, 20]);
  const values = Array.from({ length: 1001 }, (_, i) => ((i * 7919) % 4001) - 2000);
  const table = sketch.constant([1001], values);
  const lookup = { constant: (table.source as { index: number }).index, base: -500, length: 1001 };
  sketch.conv('depthwise', sketch.input, 20, [3, 3], { pad: 1, groups: 20, shift: 14, lo: -600, hi: 600, lookup });
  await same(sketch.program());
});

test('products of matrices: groups of four columns and the rest, rows side by side and the rest, odd numbers of terms', async () => {
  for (const [channels, outputs, kernel, pad, fill] of [
    [3, 24, [3, 3], 1, 0],
    [1, 4, [2, 2], 0, 0],
    [5, 17, [1, 1], 0, 0],
    [9, 3, [2, 3], 2, -32_768],
    [50, 21, [1, 1], 0, 0],
    [33, 6, [3, 3], 1, 77],
  ] as const) {
    const sketch = new Sketch([6, 5, channels]);
    sketch.conv('conv', sketch.input, outputs, kernel, { pad, fill });
    const program = sketch.program();
    assert.is(wayOf(program).kind, 'matrix');
    await same(program, JSON.stringify({ channels, outputs, kernel, pad, fill }));
  }
});

test('a product with one row, with one column, and with columns between its rows', async () => {
  const sketch = new Sketch([7, 10]);
  const weights = sketch.weights([3, 2, 10], 32_767);
  const product = { combine: 'product', reduce: 'sum', shift: 12 } as const;
  const between = sketch.step('between', [2, 7, 3], {
    ...product,
    red: [10],
    a: sketch.read(sketch.input, 4, [at(1), at(3)]),
    b: sketch.read(weights, 4, [at(2), at(0), at(3)]),
    lo: -32_768,
    hi: 32_767,
  });
  const row = sketch.step('row', [9], {
    ...product,
    red: [42],
    a: sketch.read({ source: between.source, dims: [42] }, 2, [at(1)]),
    b: sketch.read(sketch.weights([9, 42]), 2, [at(0), at(1)]),
    lo: -32_768,
    hi: 32_767,
  });
  sketch.step('column', [9], {
    ...product,
    red: [5],
    a: sketch.read({ source: row.source, dims: [9] }, 2, [{ loops: { 0: 1, 1: 1 }, base: -2, padded: true }], {
      fill: -5,
    }),
    b: sketch.read(sketch.weights([5]), 2, [at(1)]),
  });
  const program = sketch.program();
  assert.equal(
    [0, 1].map((step) => wayOf(program, step).kind),
    ['matrix', 'matrix'],
  );
  await same(program);
});

/** Sums of `taps` products of the input, `[rows, taps]`, with one weight everywhere. */
function constantProduct(taps: number, weight: number, shift = 20): Program {
  const sketch = new Sketch([3, taps]);
  const weights = sketch.constant([21, taps], new Int32Array(21 * taps).fill(weight));
  sketch.step('product', [3, 21], {
    red: [taps],
    combine: 'product',
    reduce: 'sum',
    shift,
    a: sketch.read(sketch.input, 3, [at(0), { ...at(2), padded: true }]),
    b: sketch.read(weights, 3, [at(1), at(2)]),
  });
  return sketch.program();
}

test('one limb where no sum can leave int32, two where they are needed, parts where two are not enough', async () => {
  for (const [taps, weight, expected] of [
    [2, -32_768, [1, 2, 1]], // 2^31: the pair alone would overflow
    [2, 32_767, [1, 1, 1]], // 2^31 - 2^16
    [3, 32_767, [1, 2, 1]],
    [2, 127, [1, 1, 1]],
    [48, 127, [1, 1, 1]],
    [49, -32_768, [1, 2, 1]],
    [511, -32_768, [1, 2, 1]],
    [512, -32_768, [1, 2, 2]], // 2^15 · 512 · 128: 2^31
    [511, 32_640, [1, 2, 1]], // low limb -128
    [3000, 32_640, [1, 2, 7]], // 15 blocks of 32 terms are below 2^31
    [4, 32_768, 'runtime'],
    [4, -32_769, 'runtime'],
  ] as const) {
    const program = constantProduct(taps, weight);
    assert.equal(limbs(wayOf(program)), expected, `${taps} taps of ${weight}`);
    await same(program, `${taps} taps of ${weight}`);
  }
});

test('what does not fit int32 before it is clamped saturates, what does is rounded down in whatever way', async () => {
  for (const [shift, small] of [
    [0, false],
    [1, false],
    [7, false],
    [8, true],
    [30, true],
    [-3, false],
  ] as const) {
    const program = constantProduct(511, 32_640, shift); // up to 2^39
    const way = wayOf(program);
    assert.is(way.kind === 'matrix' && way.product.finish.small, small, `${shift}`);
    await same(program, `${shift}`);
  }
});

test('sources beyond int16 are cut, and those beyond what limbs hold are left alone', async () => {
  for (const channels of [4, 7, 16, 21])
    for (const [kernel, stride, pad, fill] of [
      [[3, 3], 1, 1, 0],
      [[3, 2], 2, 2, -70_000],
      [[5, 5], 1, 2, 524_287],
    ] as const) {
      const label = JSON.stringify({ channels, kernel, stride, pad, fill });
      const wide = new Sketch([5, 6, channels]);
      const sums = wide.sum('wide', wide.input, wide.input, { shift: 0, lo: -65_536, hi: 65_534 });
      wide.conv('depthwise', sums, channels, kernel, { stride, pad, fill, groups: channels });
      wide.conv('conv', sums, 19, kernel, { stride, pad, fill });
      const program = wide.program();
      assert.equal(
        [1, 2].map((step) => limbs(wayOf(program, step))),
        [
          [2, 1, 1],
          [2, 1, 1],
        ],
        label,
      );
      await same(program, label);
    }
  for (const [weight, expected] of [
    [
      1024,
      [
        [2, 1, 1],
        [2, 2, 1],
      ],
    ],
    [65_535, ['runtime', 'runtime']],
  ] as const) {
    const sketch = new Sketch([4, 9]);
    const huge = sketch.step('huge', [4, 9], { a: sketch.read(sketch.input, 2, [at(0), at(1)], { weight }) });
    const product = { red: [9], combine: 'product', reduce: 'sum', shift: 20 } as const;
    const a = sketch.read(huge, 3, [at(0), at(2)]);
    sketch.step('small', [4, 5], {
      ...product,
      a,
      b: sketch.read(sketch.constant([5, 9], Array(45).fill(7)), 3, [at(1), at(2)]),
    });
    sketch.step('large', [4, 5], {
      ...product,
      a,
      b: sketch.read(sketch.constant([5, 9], Array(45).fill(32_767)), 3, [at(1), at(2)]),
    });
    const program = sketch.program();
    assert.equal(
      [1, 2].map((step) => limbs(wayOf(program, step))),
      expected,
      `${weight}`,
    );
    await same(program, `${weight}`);
  }
});

test('channels that do not lie side by side', async () => {
  const sketch = new Sketch([9, 6, 7]);
  const weights = sketch.weights([9, 3, 3], 32_767);
  sketch.step('depthwise', [6, 7, 9], {
    red: [3, 3],
    combine: 'product',
    reduce: 'sum',
    shift: 16,
    a: sketch.read(sketch.input, 5, [
      at(2),
      { loops: { 0: 1, 3: 1 }, base: -1, padded: true },
      { loops: { 1: 1, 4: 1 }, base: -1, padded: true },
    ]),
    b: sketch.read(weights, 5, [at(2), at(3), at(4)]),
  });
  const program = sketch.program();
  assert.is(wayOf(program).kind, 'window');
  await same(program);
});

test('products in blocks of rows: windows side by side, a stride, a padding, a lookup', async () => {
  const sketch = new Sketch([50, 20, 24]);
  const values = Array.from({ length: 501 }, (_, i) => ((i * 7919) % 4001) - 2000);
  const table = sketch.constant([501], values);
  const lookup = { constant: (table.source as { index: number }).index, base: -250, length: 501 };
  const wide = sketch.conv('wide', sketch.input, 9, [3, 3], { pad: 1, shift: 12, lo: -70_000, hi: 70_000 });
  sketch.conv('strided', wide, 7, [3, 3], { stride: 2, pad: 2, fill: -500, shift: 14, lo: -300, hi: 300, lookup });
  const program = sketch.program();
  const way = wayOf(program);
  assert.equal(way.kind === 'matrix' && [way.product.gather.loops[0], way.product.blockCount], [50, 12]);
  await expectSame(program, randomInput(program, 1), WAYS);
});

test('axes in another order: whole blocks and what is left of rows and columns, some clamped', async () => {
  for (const [dims, order, lo] of [
    [[21, 18], [1, 0], -32_768],
    [[7, 5, 39], [2, 0, 1], -1000],
    [[3, 20, 6, 4], [0, 3, 1, 2], -32_768],
    [[4, 4, 5, 17], [1, 3, 0, 2], -32_768],
  ] as const) {
    const sketch = new Sketch(dims);
    const places = dims.map((_, axis) => at(order.indexOf(axis as never)));
    const outDims = order.map((axis) => dims[axis] as number);
    sketch.step('turn', outDims, { a: sketch.read(sketch.input, dims.length, places), lo, hi: 32_767 });
    const program = sketch.program();
    assert.is(wayOf(program).kind, 'turn', `${order}`);
    await same(program, `${dims} ${order}`);
  }
});

test('a slot keeps its place until its last reader, however far that is', async () => {
  const sketch = new Sketch([2, 40]);
  const tensors = [sketch.input];
  for (let i = 0; i < 12; i++)
    tensors.push(sketch.sum(`sum${i}`, tensors.at(-1)!, tensors[i >> 1]!, { weights: [1, i % 2 === 0 ? -1 : 3] }));
  await same(sketch.program());
});

test('a program whose coordinates leave int32 is left to ONNX Runtime', async () => {
  const sketch = new Sketch([4]);
  const a = sketch.read(sketch.input, 1, [{ loops: { 0: INT32_MAX }, padded: true }], { fill: 5 });
  sketch.step('far', [4], { a });
  const program = sketch.program();
  assert.is(planOf(program, checkProgram(program), PLAN), null);
  await same(program);
});

test.run();
