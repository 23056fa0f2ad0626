/** Programs made by hand, one for each way in which a step is computed in kernels; the ends of int16 and int32 are where a way must not be taken. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Dots, dotsOf } from '../../src/executor/kernels/dots.js';
import { type Plan, planOf } from '../../src/executor/kernels/plan.js';
import { withoutSingleLoops } from '../../src/executor/kernels/simplify.js';
import { checkProgram } from '../../src/program/check.js';
import type { Program } from '../../src/program/program.js';
import { INT32_MAX, type Step } from '../../src/program/step.js';
import { randomInput } from '../helpers/random-program.js';
import { expectSame, IN_KERNELS, WITH_PRODUCTS } from './compare.js';
import { at, Sketch } from './sketch.js';

const WAYS = [IN_KERNELS, WITH_PRODUCTS];

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
  for (const input of inputs) await expectSame(program, input, WAYS, label);
}

const dotsIn = (program: Program, step = 0): Dots | null =>
  dotsOf(program, checkProgram(program), withoutSingleLoops(program.steps[step] as Step));

test('depthwise convolutions: blocks of sixteen and four channels, and the rest', async () => {
  for (const channels of [3, 4, 5, 16, 39])
    for (const [kernel, stride, pad, fill] of [
      [[3, 3], 1, 1, 0],
      [[5, 5], 2, 2, -77],
      [[2, 3], 1, 3, 32_767],
      [[1, 4], 3, 0, 0],
    ] as const) {
      const sketch = new Sketch([6, 7, channels]);
      sketch.conv('depthwise', sketch.input, channels, kernel, { stride, pad, fill, groups: channels });
      const program = sketch.program();
      assert.is(dotsIn(program) !== null, channels >= 4, `${channels} channels`);
      await same(program, JSON.stringify({ channels, kernel, stride, pad }));
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

test('convolutions and products that share their source between outputs', async () => {
  for (const [channels, outputs, kernel] of [
    [3, 24, [3, 3]],
    [1, 4, [1, 1]],
    [5, 17, [1, 1]],
    [49, 21, [1, 1]],
    [50, 21, [1, 1]],
  ] as const) {
    const sketch = new Sketch([6, 5, channels]);
    sketch.conv('conv', sketch.input, outputs, kernel, { pad: kernel[0] === 3 ? 1 : 0 });
    const program = sketch.program();
    const taps = channels * kernel[0] * kernel[1];
    assert.is(dotsIn(program)?.by, taps <= 49 ? 0 : undefined, `${taps} taps`);
    await same(program, JSON.stringify({ channels, outputs, kernel }));
  }
});

/** Sums of `taps` products of the input, `[rows, taps]`, with one weight everywhere. */
function constantProduct(taps: number, weight: number, fill = 0): Program {
  const sketch = new Sketch([3, taps]);
  const weights = sketch.constant([21, taps], new Int32Array(21 * taps).fill(weight));
  sketch.step('product', [3, 21], {
    red: [taps],
    combine: 'product',
    reduce: 'sum',
    shift: 20,
    a: sketch.read(sketch.input, 3, [at(0), { ...at(2), padded: true }], { fill }),
    b: sketch.read(weights, 3, [at(1), at(2)]),
  });
  return sketch.program();
}

test('one limb where no sum can leave int32, two where they are needed, float64 beyond int16', async () => {
  for (const [taps, weight, limbs] of [
    [1, 32_767, 1], // 2^15 · (2^15 - 1)
    [1, -32_768, 1], // 2^30
    [2, -32_768, 2], // 2^31: the pair alone would overflow
    [2, 32_767, 1], // 2^31 - 2^16
    [3, 32_767, 2],
    [2, 127, 1],
    [48, 127, 1],
    [49, -32_768, 2],
    [49, 32_640, 2], // low limb -128
    [4, 32_768, null],
    [4, -32_769, null],
  ] as const) {
    const program = constantProduct(taps, weight);
    assert.is(dotsIn(program)?.limbs, limbs, `${taps} taps of ${weight}`);
    await same(program, `${taps} taps of ${weight}`);
  }
});

test('sums in float64: a source beyond int16, and one whose channels do not lie side by side', async () => {
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
      assert.is(dotsIn(program, 1)?.limbs, null, label);
      assert.is(dotsIn(program, 2)?.limbs, channels * kernel[0] * kernel[1] <= 49 ? null : undefined, label);
      await same(program, label);
    }
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
  assert.is(dotsIn(program)?.by, 42);
  await same(program);
});

test('products in blocks: windows packed side by side, several blocks, a stride, a padding, a lookup', async () => {
  const sketch = new Sketch([50, 20, 24]);
  const values = Array.from({ length: 501 }, (_, i) => ((i * 7919) % 4001) - 2000);
  const table = sketch.constant([501], values);
  const lookup = { constant: (table.source as { index: number }).index, base: -250, length: 501 };
  const wide = sketch.conv('wide', sketch.input, 9, [3, 3], { pad: 1, shift: 12, lo: -70_000, hi: 70_000 });
  sketch.conv('strided', wide, 7, [3, 3], { stride: 2, pad: 2, fill: -500, shift: 14, lo: -300, hi: 300, lookup });
  const program = sketch.program();
  const { packings } = planOf(program, checkProgram(program), 0) as Plan;
  assert.equal(
    packings.map((each) => each && [each.gather.outDims[0], each.count]),
    [
      [50, 10],
      [26, 26],
    ],
  );
  await expectSame(program, randomInput(program, 1), WAYS);
});

test('a padding beyond what the slot can hold is not packed', async () => {
  for (const fill of [-32_768, -32_769]) {
    const sketch = new Sketch([6, 6, 8]);
    sketch.conv('conv', sketch.input, 9, [3, 3], { pad: 1, fill });
    const program = sketch.program();
    const { packings } = planOf(program, checkProgram(program), 0) as Plan;
    assert.is(packings[0] !== null, fill === -32_768);
    await same(program);
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
  assert.is(planOf(program, checkProgram(program), 0), null);
  await same(program);
});

test.run();
