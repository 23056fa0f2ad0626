import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packInputs, unpackInputs, unpackOutputs } from '../../src/program/layout.js';
import { program, read, slot, step } from '../helpers/tiny-program.js';

const base = program(4, [step(4, read(slot(0)))]);
const x = (data: readonly number[], shape = [data.length]) => ({ x: { shape, data } });

const refusal = (tensors: Parameters<typeof packInputs>[1], candidate = base): string => {
  try {
    packInputs(candidate, tensors);
  } catch (error) {
    return (error as Error).message;
  }
  return 'packed';
};

test('real numbers are rounded half up to the scale and saturate', () => {
  assert.equal([...packInputs(base, x([0.25, -0.25, 1e9, -1e9]))], [1, 0, 32_767, -32_768]);
});

test('what was packed unpacks to multiples of the scale', () => {
  const packed = packInputs(base, x([1, -1.5, 0, 2]));
  assert.equal([...unpackInputs(base, packed).x!.data], [1, -1.5, 0, 2]);
  assert.equal([...unpackOutputs(base, packed).y!.data], [0.5, -0.75, 0, 1]);
});

test('a missing, unknown or misshapen input and NaN are named', () => {
  assert.match(refusal({}), /Input "x" is missing/);
  assert.match(refusal({ ...x([1, 2, 3, 4]), z: { shape: [1], data: [1] } }), /no input named "z"/);
  assert.match(refusal(x([1, 2, 3])), /"x" is 3 with 3 values; the model takes 4/);
  assert.match(refusal(x([1, 2, 3, 4], [2, 2])), /"x" is 2x2/);
  assert.match(refusal(x([1, 2, Number.NaN, 4])), /"x", element 2, is not a number/);
});

test('integer inputs are exact or refused', () => {
  const ids = { ...base, inputs: [{ ...base.inputs[0]!, type: 'int64' as const, scale: 1 }] };
  assert.equal([...packInputs(ids, { x: { shape: [4], data: [1n, 2n, -3n, 0n] } })], [1, 2, -3, 0]);
  assert.match(refusal(x([1, 2, 3, 40_000]), ids), /element 3, is 40000; it takes whole numbers from -32768 to 32767/);
  assert.match(refusal(x([1, 2, 3, 0.5]), ids), /element 3, is 0.5/);
});

test.run();
