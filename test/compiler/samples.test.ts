import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { headroomOf } from '../../src/compiler/measure.js';
import type { GraphInput } from '../../src/compiler/onnx/graph.js';
import { toNumbers } from '../../src/compiler/onnx/tensor.js';
import { chooseSamples, type FloatSample, generateSamples } from '../../src/compiler/samples.js';

const inputs: GraphInput[] = [
  { name: 'x', type: 'float32', dims: [1, 200] },
  { name: 'h', type: 'float16', dims: [1, 200] },
  { name: 'i', type: 'int64', dims: [1, 200] },
  { name: 'b', type: 'bool', dims: [1, 200] },
];
const shapes = Object.fromEntries(inputs.map(({ name }) => [name, [1, 200]]));

test('generated samples are the same for a seed, and others for another', () => {
  const values = (seed: number): number[][] =>
    generateSamples(inputs, shapes, 2, seed).map(({ x }) => [...toNumbers(x!)]);
  assert.equal(values(3), values(3));
  assert.not.equal(values(3), values(4));
});

test('they alternate between normal and uniform numbers; integers are small', () => {
  const [normal, uniform] = generateSamples(inputs, shapes, 2, 1) as [FloatSample, FloatSample];
  const of = (sample: FloatSample, name: string): number[] => [...toNumbers(sample[name]!)];
  for (const name of ['x', 'h']) {
    assert.ok(of(normal, name).some((value) => value < -1) && of(normal, name).some((value) => value > 1));
    assert.ok(of(uniform, name).every((value) => value >= 0 && value <= 1));
    const mean = of(uniform, name).reduce((sum, value) => sum + value / 200, 0);
    assert.ok(Math.abs(mean - 0.5) < 0.1, `mean ${mean}`);
  }
  assert.ok(of(normal, 'i').every((value) => Number.isInteger(value) && value >= 0 && value < 8));
  assert.equal([...new Set(of(normal, 'b'))].sort(), [0, 1]);
});

test('one sample in five is held out, and at least one of two', () => {
  const x = inputs.slice(0, 1);
  const given = (count: number): FloatSample[] => generateSamples(x, shapes, count, 1);
  const sizes = (count: number): number[] => {
    const { calibration, heldOut } = chooseSamples(x, shapes, given(count), 1, () => {});
    for (const sample of heldOut) assert.not(count > 1 && calibration.includes(sample));
    return [calibration.length, heldOut.length];
  };
  assert.equal([1, 2, 3, 5, 10, 12].map(sizes), [
    [1, 1],
    [1, 1],
    [2, 1],
    [4, 1],
    [8, 2],
    [10, 2],
  ]);
});

test('without samples there are at least eight generated ones, and others to measure with', () => {
  const { calibration, heldOut, generated } = chooseSamples(inputs, shapes, [], 1, () => {});
  assert.ok(generated && calibration.length >= 8 && heldOut.length >= 4);
  assert.not.equal(toNumbers(calibration[0]!.x!), toNumbers(heldOut[0]!.x!));
});

test('fewer samples get more headroom', () => {
  assert.ok(headroomOf(2, false) > headroomOf(100, false));
  assert.ok(headroomOf(10_000, false) >= 1.05);
});

test.run();
